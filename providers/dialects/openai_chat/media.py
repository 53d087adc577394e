"""Pictures, sound, films and files in OpenAI chat's content parts."""

from typing import Any

from providers import members
from providers.chat import (
    Audio,
    Citation,
    Data,
    Document,
    FileId,
    Image,
    Json,
    Native,
    Part,
    PlainText,
    Refusal,
    Source,
    Text,
    Url,
    Video,
)
from providers.dialects.openai_chat import fields
from providers.dialects.openai_chat.reasoning import parse_block
from providers.errors import InvalidRequest, Unsupported
from providers.media import parse_data_uri, render_data_uri

NAME = "openai.chat"

AUDIO_TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "opus": "audio/opus",
    "ogg": "audio/ogg",
    "aac": "audio/aac",
    "m4a": "audio/mp4",
    "aiff": "audio/aiff",
    "pcm16": "audio/pcm",
    "pcm24": "audio/l24",
    "webm": "audio/webm",
}
AUDIO_FORMATS = {media_type: name for name, media_type in AUDIO_TYPES.items()} | {
    "audio/mp3": "mp3",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
}

DOCUMENT_TYPES = {
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "html": "text/html",
    "json": "application/json",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
EXTENSIONS = {media_type: name for name, media_type in DOCUMENT_TYPES.items()}


def source(text: str, at: str) -> Source:
    """Inline bytes or a URL."""
    if not text:
        raise members.wrong(at, "a URL or a data URI")
    if text[:5].lower() != "data:":
        return Url(url=text)
    data = parse_data_uri(text)
    if data is None:
        raise InvalidRequest(f"{at} must be a base64 data URI", param=at)
    return data


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
    return Text(text=members.required_text(part, "text", at), cache=fields.cache(part, at))


def _refusal(part: Json, at: str) -> Part:
    return Refusal(text=members.required_text(part, "refusal", at))


def _image(part: Json, at: str) -> Part:
    value = part.get("image_url")
    if isinstance(value, str):
        return Image(source=source(value, f"{at}image_url"), cache=fields.cache(part, at))
    inner = members.required_mapping(part, "image_url", at)
    place = f"{at}image_url."
    return Image(
        source=source(members.required_text(inner, "url", place), f"{place}url"),
        detail=members.text(inner, "detail", place),
        cache=fields.cache(part, at),
    )


def _audio(part: Json, at: str) -> Part:
    inner, place = members.required_mapping(part, "input_audio", at), f"{at}input_audio."
    data = members.required_text(inner, "data", place)
    form = members.text(inner, "format", place) or "wav"
    if data[:5].lower() == "data:" or "://" in data[:10]:
        value = source(data, f"{place}data")  # DashScope takes URLs and data URIs here
    else:
        value = Data(base64=data, media_type=AUDIO_TYPES.get(form, f"audio/{form}"))
    return Audio(source=value, cache=fields.cache(part, at))


def _video(part: Json, at: str) -> Part:
    value = part.get("video_url")
    inner = {"url": value} if isinstance(value, str) else None
    inner = inner or members.required_mapping(part, "video_url", at)
    place = f"{at}video_url."
    return Video(
        source=source(members.required_text(inner, "url", place), f"{place}url"),
        cache=fields.cache(part, at),
    )


def _file(part: Json, at: str) -> Part:
    inner, place = members.required_mapping(part, "file", at), f"{at}file."
    name, cache = members.text(inner, "filename", place), fields.cache(part, at)
    data, id = members.text(inner, "file_data", place), members.text(inner, "file_id", place)
    if data is not None:
        return Document(source=_file_data(data, name, place), name=name, cache=cache)
    if not id:
        raise InvalidRequest(f"{at}file must have file_data or file_id", param=f"{at}file")
    return Document(source=FileId(id=id), name=name, cache=cache)


def _file_data(data: str, name: str | None, place: str) -> Source:
    if data[:5].lower() == "data:" or "://" in data[:10]:
        return source(data, f"{place}file_data")
    return Data(base64=data, media_type=document_type(name))


def document_type(name: str | None) -> str:
    """The media type that a file name stands for; PDF where it tells nothing."""
    extension = (name or "").rpartition(".")[2].lower()
    return DOCUMENT_TYPES.get(extension, "application/pdf")


def _thinking(part: Json, at: str) -> Part:
    return parse_block(part)


PARSERS = {
    "text": _text,
    "input_text": _text,
    "refusal": _refusal,
    "image_url": _image,
    "input_audio": _audio,
    "video_url": _video,
    "file": _file,
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
    kind = part.dialect if isinstance(part, Native) else type(part).__name__.lower()
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
            name = document.name or f"document.{EXTENSIONS.get(media_type, 'pdf')}"
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
    return Citation(
        url=_str(inner.get("url")),
        title=_str(inner.get("title")),
        quote=_str(inner.get("content")),
        start=_int(inner.get("start_index")),
        end=_int(inner.get("end_index")),
    )


def render_annotation(citation: Citation) -> Json:
    """A citation as the SDK's types demand it: all four members."""
    if citation.dialect == NAME and citation.native:
        return dict(citation.native)
    inner: Json = {
        "url": citation.url or "",
        "title": citation.title or "",
        "start_index": citation.start or 0,
        "end_index": citation.end or 0,
    }
    if citation.quote is not None:
        inner["content"] = citation.quote
    return {"type": "url_citation", "url_citation": inner}


def _str(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _int(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
