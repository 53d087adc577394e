"""Where media come from: bytes, links, files of the provider; and the strings that hold bytes.

https://www.rfc-editor.org/rfc/rfc2397
"""

import re
from base64 import b64decode

import msgspec


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that travel inline."""

    base64: str
    """Standard alphabet, padded, without line breaks."""
    media_type: str


class Url(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that the provider fetches: https, gs, s3."""

    url: str
    media_type: str | None = None


class FileId(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was uploaded to the provider before."""

    id: str
    media_type: str | None = None


class PlainText(msgspec.Struct, frozen=True, kw_only=True):
    """A document given as text."""

    text: str
    blocks: tuple[str, ...] = ()
    """The text in the pieces that citations of it count, where the client cut it itself."""


Source = Data | Url | FileId | PlainText


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One URL whose bytes the provider wants inline."""

    url: str
    kind: str
    """`image`, `audio`, `video` or `document`."""
    name: str
    """What the client's dialect calls the field."""
    media_type: str = ""
    """What the client says of it; empty where it says nothing."""


def as_text(data: Data) -> PlainText | None:
    """The words of a file that is text; None for every other."""
    media_type = data.media_type.lower().partition(";")[0].strip()
    if not media_type.startswith("text/") and media_type != "application/json":
        return None
    try:
        return PlainText(text=b64decode(data.base64, validate=True).decode())
    except ValueError:
        return None


DATA_URI = re.compile(r"data:([^;,]*+)(?:;(?!base64,)[^;,]*+)*+;base64,", re.IGNORECASE)

ESCAPES = {"%2B": "+", "%2F": "/", "%3D": "="}


def parse_data_uri(text: str) -> Data | None:
    """The bytes in a base64 data URI; None where it is another URI."""
    match = DATA_URI.match(text)
    if match is None:
        return None
    payload = text[match.end() :]
    if "%" in payload:
        for escape, char in ESCAPES.items():
            payload = payload.replace(escape, char)
    return Data(
        base64=standard_base64(payload),
        media_type=match[1].lower() or "application/octet-stream",
    )


def standard_base64(payload: str) -> str:
    """Base64 in the standard alphabet, padded, without line breaks."""
    if any(char in payload for char in "-_\r\n "):
        payload = payload.translate({45: "+", 95: "/", 13: None, 10: None, 32: None})
    return payload + "=" * (-len(payload) % 4)


def render_data_uri(data: Data) -> str:
    """The data URI that holds the bytes."""
    return f"data:{data.media_type};base64,{data.base64}"


def render_uri(media: Data | Url) -> str:
    """Where it is, or a data URI that holds it."""
    return media.url if isinstance(media, Url) else render_data_uri(media)
