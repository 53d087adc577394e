"""Pictures, sound, films and files: inline, or by the URI of a file.

https://ai.google.dev/api/caching#Part
"""

import base64
import mimetypes

from providers.bridging.fidelity import Feature
from providers.dialects.gemini.generate_content import fields
from providers.dialects.gemini.generate_content.signatures import standard
from providers.errors import Unsupported
from providers.neutral.chat import Audio, Document, Image, Video
from providers.neutral.media import Data, FileId, PlainText, Source, Url
from providers.wire.members import Json

Media = Image | Audio | Video | Document

FILES = "https://generativelanguage.googleapis.com/v1beta/"
FILE_HOST = "https://generativelanguage.googleapis.com/"
YOUTUBE = ("https://www.youtube.com/", "https://youtube.com/", "https://youtu.be/")
FETCHED = ("gs://", "https://")
"""Places that Google itself reads from; of the web since January 2026, with signed URLs too
(https://ai.google.dev/gemini-api/docs/file-input-methods)."""

KINDS: dict[str, type[Media]] = {"image": Image, "audio": Audio, "video": Video}
DEFAULTS = {Image: "image/jpeg", Audio: "audio/wav", Video: "video/mp4"}
"""Where nothing says the media type."""

NUMBERED = (
    "MEDIA_RESOLUTION_UNSPECIFIED",
    "MEDIA_RESOLUTION_LOW",
    "MEDIA_RESOLUTION_MEDIUM",
    "MEDIA_RESOLUTION_HIGH",
)
"""In the order of their numbers."""
LEVELS = {
    "MEDIA_RESOLUTION_LOW": "low",
    "MEDIA_RESOLUTION_MEDIUM": "auto",
    "MEDIA_RESOLUTION_HIGH": "high",
    "MEDIA_RESOLUTION_ULTRA_HIGH": "high",
}
ORIGINAL = "original"
"""OpenAI's finest look at a picture, which is finer than the finest that all pictures can have."""
RESOLUTIONS = {"low": "MEDIA_RESOLUTION_LOW", "high": "MEDIA_RESOLUTION_HIGH"}


def parse_inline(value: Json, at: str, detail: str | None = None) -> Media:
    """An `inlineData` member; `detail` is for pictures."""
    media_type = fields.required_text(value, "mimeType", at)
    data = standard(fields.required_text(value, "data", at))
    name = fields.text(value, "displayName", at)
    if media_type.partition(";")[0] == "text/plain" and (words := _decoded(data)) is not None:
        return Document(source=PlainText(text=words), name=name)
    return _media(Data(base64=data, media_type=media_type), media_type, detail, name)


def _decoded(data: str) -> str | None:
    try:
        return base64.b64decode(data).decode()
    except ValueError:  # it is no base64, or no UTF-8
        return None


def parse_file(value: Json, at: str, detail: str | None = None) -> Media:
    """A `fileData` member; `detail` is for pictures."""
    uri = fields.required_text(value, "fileUri", at)
    media_type = fields.text(value, "mimeType", at)
    source: Source = Url(url=uri, media_type=media_type)
    if uri.startswith(FILE_HOST):
        source = FileId(id=uri, media_type=media_type)
    kind = media_type or ("video/mp4" if uri.startswith(YOUTUBE) else _guess(uri))
    return _media(source, kind or "", detail, fields.text(value, "displayName", at))


def _guess(uri: str) -> str | None:
    return mimetypes.guess_type(uri.partition("?")[0])[0]


def _media(source: Source, media_type: str, detail: str | None, name: str | None) -> Media:
    match KINDS.get(media_type.partition("/")[0]):
        case kind if kind is Image:
            return Image(source=source, detail=detail)
        case kind if kind is Audio:
            return Audio(source=source)
        case kind if kind is Video:
            return Video(source=source)
    return Document(source=source, name=name)


def render_media(part: Media) -> Json:
    """The part's wire form; raises Unsupported for what Google does not fetch."""
    match part.source:
        case Data(base64=data, media_type=media_type):
            return {"inlineData": {"mimeType": media_type, "data": data}}
        case PlainText(text=text):
            data = base64.b64encode(text.encode()).decode()
            return {"inlineData": {"mimeType": "text/plain", "data": data}}
        case FileId(id=id, media_type=media_type):
            return _file(_uri(id, part), media_type)
        case Url(url=url, media_type=media_type):
            if url.startswith(YOUTUBE):
                return _file(url, media_type)
            if not url.startswith(FETCHED):
                raise _unsupported(part, "url", "only gs:// and https:// URIs can be read")
            return _file(url, media_type or _guess(url) or DEFAULTS.get(type(part), PDF))


PDF = "application/pdf"


def _uri(id: str, part: Media) -> str:
    if id.startswith(("files/", "gs://", FILE_HOST)):
        return id if "://" in id else FILES + id
    raise _unsupported(part, "file_id", "it is no file of the Gemini API")


def _file(uri: str, media_type: str | None) -> Json:
    return {"fileData": fields.optional(mimeType=media_type, fileUri=uri)}


def _unsupported(part: Media, source: str, why: str) -> Unsupported:
    name = Feature(f"{type(part).__name__.lower()}.{source}").value
    return Unsupported(f"{name} cannot be expressed in gemini.generate_content: {why}", param=name)
