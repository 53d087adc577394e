"""What a fetched file is: by its first bytes, else by what its server says."""

import re

MAGIC: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(expression, re.DOTALL), media_type)
    for expression, media_type in (
        (rb"\x89PNG\r\n\x1a\n", "image/png"),
        (rb"\xff\xd8\xff", "image/jpeg"),
        (rb"GIF8[79]a", "image/gif"),
        (rb"RIFF....WEBP", "image/webp"),
        (rb"BM.{4}\0\0\0\0", "image/bmp"),
        (rb"II\*\0|MM\0\*", "image/tiff"),
        (rb"....ftypavi[fs]", "image/avif"),
        (rb"....ftyp(?:hei[cxms]|hev[cx]|mif1)", "image/heic"),
        (rb"%PDF-", "application/pdf"),
        (rb"RIFF....WAVE", "audio/wav"),
        (rb"ID3|\xff[\xfb\xf3\xf2]", "audio/mpeg"),
        (rb"\xff[\xf1\xf9]", "audio/aac"),
        (rb"fLaC", "audio/flac"),
        (rb"OggS", "audio/ogg"),
        (rb"....ftypM4A", "audio/mp4"),
        (rb"....ftypqt  ", "video/quicktime"),
        (rb"....ftyp", "video/mp4"),
        (rb"\x1aE\xdf\xa3", "video/webm"),
        (rb"RIFF....AVI ", "video/x-msvideo"),
        (rb"FLV\x01", "video/x-flv"),
        (rb"\0\0\x01[\xb3\xba]", "video/mpeg"),
        (rb"(?i:(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|body)[\s>])", "text/html"),
    )
)
LOOKED_AT = 512
"""Bytes of a file that tell what it is."""

UNKNOWN = frozenset({"", "application/octet-stream", "binary/octet-stream"})
"""Said of files of which the server knows nothing."""
PAGES = frozenset({"text/html", "application/xhtml+xml"})

KINDS = {
    "image": re.compile(r"image/.+"),
    "audio": re.compile(r"audio/.+|application/ogg"),
    "video": re.compile(r"video/.+"),
    "document": re.compile(
        r"text/.+|application/(?:pdf|json|xml|rtf|msword|x?-?yaml|vnd\.ms-.+"
        r"|vnd\.openxmlformats-officedocument\..+|vnd\.oasis\.opendocument\..+)"
    ),
}
"""Kind of part → the media types that may stand in it."""


def sniffed(data: bytes) -> str:
    """The media type that the first bytes tell; empty where they tell none."""
    start = data[:LOOKED_AT]
    return next((media_type for magic, media_type in MAGIC if magic.match(start)), "")


def media_type(kind: str, said: str, hint: str, data: bytes) -> str:
    """The media type of a file for a part of `kind`, or empty where it cannot be one.

    `said` is the server's content type, `hint` stands in where it says nothing. The bytes know
    better: many a server says that all pictures are JPEG, and a page that asks to log in may be
    called one, too.
    """
    seen = sniffed(data)
    if seen in PAGES:
        return ""
    wanted = KINDS[kind]
    if wanted.fullmatch(seen):
        return seen
    bare = _bare(said)
    if bare in UNKNOWN:
        bare = _bare(hint)
    return bare if bare not in PAGES and wanted.fullmatch(bare) else ""


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()
