"""Images, documents, video and audio: Converse names formats where others name media types."""

import re
from collections.abc import Mapping

from providers.dialects.bedrock.converse import fields
from providers.dialects.bedrock.names import NAME
from providers.errors import Unsupported
from providers.neutral.chat import Audio, Document, Image, Native, Video
from providers.neutral.media import Data, FileId, PlainText, Source, Url
from providers.wire import members
from providers.wire.members import Json

IMAGES = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}
DOCUMENTS = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "txt": "text/plain",
    "md": "text/markdown",
}
VIDEOS = {
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "flv": "video/x-flv",
    "mpeg": "video/mpeg",
    "mpg": "video/mpg",
    "wmv": "video/x-ms-wmv",
    "three_gp": "video/3gpp",
}
AUDIOS = {
    "mp3": "audio/mpeg",
    "opus": "audio/opus",
    "wav": "audio/wav",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "mp4": "audio/mp4",
    "ogg": "audio/ogg",
    "mkv": "audio/x-matroska",
    "mka": "audio/matroska",
    "x-aac": "audio/x-aac",
    "m4a": "audio/m4a",
    "mpeg": "audio/x-mpeg",
    "mpga": "audio/mpga",
    "pcm": "audio/pcm",
    "webm": "audio/webm",
}

# Other names for the same formats.
ALIASES = {
    "image/jpg": "jpeg",
    "application/x-pdf": "pdf",
    "text/x-markdown": "md",
    "application/xhtml+xml": "html",
    "application/csv": "csv",
    "video/x-flash-video": "flv",
    "video/mov": "mov",
    "video/wmv": "wmv",
    "audio/mp3": "mp3",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/vnd.wave": "wav",
    "audio/x-m4a": "m4a",
    "audio/x-flac": "flac",
    "audio/l16": "pcm",
    "audio/pcm16": "pcm",
}

FORMATS: Mapping[str, Mapping[str, str]] = {
    "image": IMAGES,
    "document": DOCUMENTS,
    "video": VIDEOS,
    "audio": AUDIOS,
}
BY_TYPE = {
    kind: {media_type: name for name, media_type in formats.items()}
    for kind, formats in FORMATS.items()
}
# Any other text is still text to Bedrock.
TEXTUAL = re.compile(r"text/|application/(?:json|xml|x?-?yaml|javascript)$|.*\+(?:json|xml)$")
EXTENSION = re.compile(r"\.([a-z0-9]{2,5})$", re.IGNORECASE)


def parse_media(kind: str, block: Json, at: str) -> Image | Document | Video | Audio | Native:
    """An image, document, video or audio block, all four of one shape."""
    source = members.required_mapping(block, "source", at)
    name, value = fields.union(source, f"{at}source.")
    owner = f"{at}source.{name}."
    if name == "s3Location" and isinstance(value, dict) and "bucketOwner" in value:
        return Native(dialect=NAME, value={kind: block})
    media_type = _media_type(kind, block, at)
    match name:
        case "bytes":
            parsed: Source = Data(
                base64=members.required_text(source, "bytes", f"{at}source."),
                media_type=media_type or "application/octet-stream",
            )
        case "s3Location":
            location = members.required_mapping(source, name, f"{at}source.")
            parsed = Url(url=members.required_text(location, "uri", owner), media_type=media_type)
        case "text" if kind == "document":
            parsed = PlainText(text=members.required_text(source, "text", f"{at}source."))
        case "content" if kind == "document":
            chunks = members.objects(source, "content", f"{at}source.")
            texts = [members.required_text(chunk, "text", place) for chunk, place in chunks]
            parsed = PlainText(text="\n\n".join(texts), blocks=tuple(texts))
        case _:
            raise members.wrong(f"{at}source", "an object with the member bytes or s3Location")
    return _part(kind, block, parsed, at)


def _part(kind: str, block: Json, source: Source, at: str) -> Image | Document | Video | Audio:
    match kind:
        case "image":
            return Image(source=source)
        case "video":
            return Video(source=source)
        case "audio":
            return Audio(source=source)
    citations = fields.mapping(block, "citations", at)
    return Document(
        source=source,
        name=members.text(block, "name", at),
        context=members.text(block, "context", at),
        cite=members.boolean(citations, "enabled", f"{at}citations.") or False,
    )


def _media_type(kind: str, block: Json, at: str) -> str | None:
    name = members.text(block, "format", at)
    if name is None and kind == "document":
        return None
    known = FORMATS[kind].get(name or "")
    if known is None:
        raise members.wrong(f"{at}format", f"one of {', '.join(FORMATS[kind])}")
    return known


def render_media(kind: str, source: Source) -> Json:
    """The members `format` and `source`; raises Unsupported for what Bedrock cannot take."""
    match source:
        case Data(base64=data, media_type=media_type):
            return {"format": format_of(kind, media_type), "source": {"bytes": data}}
        case Url(url=url, media_type=media_type) if url.startswith("s3://"):
            return {
                "format": format_of(kind, media_type or _guess(kind, url)),
                "source": {"s3Location": {"uri": url}},
            }
        case PlainText(text=text, blocks=blocks):
            chunks = [{"text": block} for block in blocks if block.strip()]
            return {"format": "txt", "source": {"content": chunks} if chunks else {"text": text}}
        case Url():
            param = f"{kind}.url"
            raise Unsupported(
                f"{param}: Bedrock fetches only s3:// locations; send the bytes", param=param
            )
        case FileId():
            param = f"{kind}.file_id"
            raise Unsupported(f"{param} cannot be expressed in {NAME}", param=param)


def _guess(kind: str, url: str) -> str | None:
    extension = EXTENSION.search(url)
    return FORMATS[kind].get(extension[1].lower()) if extension else None


def format_of(kind: str, media_type: str | None) -> str:
    """Converse's word for a media type; raises Unsupported for one that it has no word for."""
    bare = (media_type or "").partition(";")[0].strip().lower()
    name = BY_TYPE[kind].get(bare) or ALIASES.get(bare)
    if kind == "document" and name is None and TEXTUAL.match(bare):
        name = "txt"
    if name in FORMATS[kind]:
        return str(name)
    allowed = ", ".join(sorted(FORMATS[kind].values()))
    param = f"{kind}.media_type"
    raise Unsupported(
        f"{param}: Bedrock takes {kind}s of type {allowed}, not {bare or 'an unknown one'}",
        param=param,
    )
