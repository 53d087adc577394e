"""Pictures, sound, films and files in OpenAI chat's content parts."""

from typing import Any

from providers.dialects.openai.chat import fields
from providers.dialects.openai.chat.reasoning import parse_block
from providers.dialects.openai.citations import parse_url_citation, render_url_citation
from providers.dialects.openai.media import (
    AUDIO_FORMATS,
    cache,
    file_name,
    file_source,
    parse_audio,
    source,
)
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import (
    Audio,
    Citation,
    Document,
    Image,
    Native,
    Part,
    Refusal,
    Text,
    Video,
)
from providers.neutral.media import Data, FileId, PlainText, Source, Url, render_data_uri
from providers.wire import members
from providers.wire.members import Json

NAME = "openai.chat"


def uri(value: Source) -> str:
    """The one string that a URL field holds."""
    match value:
        case Data():
            return render_data_uri(value)
        case Url():
            return value.url
        case FileId() | PlainText():
            raise Unsupported("a file id cannot stand for a URL in openai.chat", param="messages")


def parse_part(part: Json, at: str) -> Part:
    """One content part of a message."""
    kind = members.required_text(part, "type", at)
    parse = PARSERS.get(kind)
    if parse is not None:
        return parse(part, at)
    return Native(dialect=NAME, value=part)


def _text(part: Json, at: str) -> Part:
    return Text(text=members.required_text(part, "text", at), cache=cache(part, at))


def _refusal(part: Json, at: str) -> Part:
    return Refusal(text=members.required_text(part, "refusal", at))


def _image(part: Json, at: str) -> Part:
    value = part.get("image_url")
    if isinstance(value, str):
        return Image(source=source(value, f"{at}image_url"), cache=cache(part, at))
    inner = members.required_mapping(part, "image_url", at)
    place = f"{at}image_url."
    return Image(
        source=source(members.required_text(inner, "url", place), f"{place}url"),
        detail=members.text(inner, "detail", place),
        cache=cache(part, at),
    )


def _video(part: Json, at: str) -> Part:
    value = part.get("video_url")
    inner = {"url": value} if isinstance(value, str) else None
    inner = inner or members.required_mapping(part, "video_url", at)
    place = f"{at}video_url."
    return Video(
        source=source(members.required_text(inner, "url", place), f"{place}url"),
        cache=cache(part, at),
    )


def _file(part: Json, at: str) -> Part:
    inner, place = members.required_mapping(part, "file", at), f"{at}file."
    name, marker = members.text(inner, "filename", place), cache(part, at)
    data, id = members.text(inner, "file_data", place), members.text(inner, "file_id", place)
    if data is not None:
        found = file_source(data, name, f"{place}file_data")
        return Document(source=found, name=name, cache=marker)
    if not id:
        raise InvalidRequest(f"{at}file must have file_data or file_id", param=f"{at}file")
    return Document(source=FileId(id=id), name=name, cache=marker)


def _document(part: Json, at: str) -> Part:
    """Mistral's: https://docs.mistral.ai/capabilities/document_ai/document_qna"""
    place = f"{at}document_url"
    return Document(
        source=source(members.required_text(part, "document_url", at), place),
        name=members.text(part, "document_name", at),
        cache=cache(part, at),
    )


def _thinking(part: Json, at: str) -> Part:
    return parse_block(part)


PARSERS = {
    "text": _text,
    "input_text": _text,
    "refusal": _refusal,
    "image_url": _image,
    "input_audio": parse_audio,
    "video_url": _video,
    "file": _file,
    "document_url": _document,
    "thinking": _thinking,
    "redacted_thinking": _thinking,
}


def render_part(part: Part) -> Json:
    """A content part; raises Unsupported for what content cannot hold."""
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Document(source=PlainText(text=text)):
            return {"type": "text", "text": text}
        case Image():
            return {"type": "image_url", "image_url": _image_url(part)}
        case Audio():
            return {"type": "input_audio", "input_audio": _input_audio(part.source)}
        case Video():
            return {"type": "video_url", "video_url": {"url": uri(part.source)}}
        case Document():
            return {"type": "file", "file": _file_of(part)}
        case Refusal():
            return {"type": "refusal", "refusal": part.text}
        case Native(dialect=dialect, value=native) if dialect == NAME:
            return dict(native)
    kind = type(part).__name__.lower()
    if isinstance(part, Native):
        kind = f"{part.value.get('type')} of {part.dialect}"
    message = f"a part of kind {kind} cannot stand in the content of {NAME}"
    raise Unsupported(message, param="messages")


def _image_url(image: Image) -> Json:
    return fields.optional(url=uri(image.source), detail=image.detail)


def _input_audio(value: Source) -> Json:
    if not isinstance(value, Data):
        raise Unsupported(f"sound must stand inline in {NAME}", param="messages.input_audio")
    form = AUDIO_FORMATS.get(value.media_type) or value.media_type.rpartition("/")[2]
    return {"data": value.base64, "format": form}


def _file_of(document: Document) -> Json:
    match document.source:
        case FileId(id=id):
            return fields.optional(file_id=id, filename=document.name)
        case Data(media_type=media_type):
            # A name is required beside the data.
            name = document.name or file_name(media_type)
            return {"filename": name, "file_data": uri(document.source)}
        case Url() | PlainText():
            raise Unsupported(f"a file must stand inline in {NAME}", param="messages.file")


def parse_annotations(value: Any) -> tuple[Citation, ...]:
    """The citations of an answer; what is no url_citation stays native."""
    if not isinstance(value, list):
        return ()
    return tuple(parse_annotation(item) for item in value if isinstance(item, dict))


def parse_annotation(item: Json) -> Citation:
    """One citation of an answer, or of a chunk of it."""
    inner = item.get("url_citation")
    if item.get("type") != "url_citation" or not isinstance(inner, dict):
        return Citation(native=item, dialect=NAME)
    return parse_url_citation(inner)


def render_annotation(citation: Citation) -> Json:
    """A citation for a client."""
    if citation.dialect == NAME and citation.native:
        return dict(citation.native)
    return {"type": "url_citation", "url_citation": render_url_citation(citation)}
