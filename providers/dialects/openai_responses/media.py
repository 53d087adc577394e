"""Content parts: text, pictures, sound and files, as a client and a provider write them.

https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
"""

from typing import Any

from providers import members
from providers.chat import (
    Audio,
    Cache,
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
)
from providers.dialects.openai_responses.thoughts import parse_extra
from providers.errors import InvalidRequest, Unsupported
from providers.media import parse_data_uri, render_data_uri, standard_base64
from providers.members import dicts, string, whole

NAME = "openai.responses"

# OpenAI's markers live for half an hour or half a day, Anthropic's for five minutes or an hour.
TTLS = {"30m": None, "12h": "1h"}

AUDIO_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg"}

DOCUMENT_TYPES = {
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "html": "text/html",
    "json": "application/json",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
EXTENSIONS = {media_type: name for name, media_type in DOCUMENT_TYPES.items()}


def _cache(owner: Json, at: str) -> Cache | None:
    """OpenAI's `prompt_cache_breakpoint`, or the `cache_control` of gateways."""
    marker = members.mapping(owner, "prompt_cache_breakpoint", at)
    if marker is not None:
        return Cache(
            ttl=TTLS.get(str(members.text(marker, "ttl", f"{at}prompt_cache_breakpoint.")))
        )
    marker = members.mapping(owner, "cache_control", at)
    return None if marker is None else Cache(ttl=members.text(marker, "ttl", f"{at}cache_control."))


def _source(value: str, at: str) -> Source:
    """Inline bytes or a URL."""
    if not value:
        raise members.wrong(at, "a URL or a data URI")
    if value[:5].lower() != "data:":
        return Url(url=value)
    data = parse_data_uri(value)
    if data is None:
        raise members.wrong(at, "a base64 data URI")
    return data


def parse_part(part: Json, at: str) -> Part:
    """One content part of a message or of a function's output."""
    parse = PARSERS.get(members.required_text(part, "type", at))
    return Native(dialect=NAME, value=part) if parse is None else parse(part, at)


def _text(part: Json, at: str) -> Part:
    return Text(text=members.required_text(part, "text", at), cache=_cache(part, at))


def _output_text(part: Json, at: str) -> Part:
    return Text(
        text=members.required_text(part, "text", at),
        citations=parse_annotations(part.get("annotations")),
        signature=parse_extra(part),
    )


def _refusal(part: Json, at: str) -> Part:
    return Refusal(text=members.required_text(part, "refusal", at))


def _image(part: Json, at: str) -> Part:
    url, id = members.text(part, "image_url", at), members.text(part, "file_id", at)
    if url is None and id is None:
        raise InvalidRequest(f"{at}image_url or file_id is required", param=f"{at}image_url")
    found = FileId(id=id) if id and not url else _source(url or "", f"{at}image_url")
    detail = members.text(part, "detail", at)
    return Image(
        source=found,
        detail=None if detail == "auto" else detail,
        cache=_cache(part, at),
    )


def _audio(part: Json, at: str) -> Part:
    inner, place = members.mapping(part, "input_audio", at), f"{at}input_audio."
    if inner is None:
        raise members.wrong(f"{at}input_audio", "an object")
    form = members.text(inner, "format", place) or "wav"
    data = members.required_text(inner, "data", place)
    return Audio(source=Data(base64=data, media_type=AUDIO_TYPES.get(form, f"audio/{form}")))


def _file(part: Json, at: str) -> Part:
    name, cache = members.text(part, "filename", at), _cache(part, at)
    data, url = members.text(part, "file_data", at), members.text(part, "file_url", at)
    id = members.text(part, "file_id", at)
    if data:
        return Document(source=_file_data(data, name, at), name=name, cache=cache)
    if not url and not id:
        raise InvalidRequest(
            f"{at}file_data, file_url or file_id is required", param=f"{at}file_data"
        )
    return Document(source=Url(url=url) if url else FileId(id=id or ""), name=name, cache=cache)


def _file_data(data: str, name: str | None, at: str) -> Source:
    if data[:5].lower() == "data:":
        return _source(data, f"{at}file_data")
    extension = (name or "").rpartition(".")[2].lower()
    return Data(
        base64=standard_base64(data), media_type=DOCUMENT_TYPES.get(extension, "application/pdf")
    )


PARSERS = {
    "input_text": _text,
    "text": _text,
    "output_text": _output_text,
    "refusal": _refusal,
    "input_image": _image,
    "input_audio": _audio,
    "input_file": _file,
}


def render_part(part: Part) -> Json:
    """A content part of what a user says or a function returns."""
    match part:
        case Text(text=text) | Document(source=PlainText(text=text)):
            return {"type": "input_text", "text": text}
        case Image():
            return _render_image(part)
        case Document():
            return _render_file(part)
        case Native(dialect=dialect, value=native) if dialect == NAME:
            return dict(native)
    kind = part.dialect if isinstance(part, Native) else type(part).__name__.lower()
    message = f"a part of kind {kind} cannot stand in the input of {NAME}"
    raise Unsupported(message, param="input")


def _render_image(image: Image) -> Json:
    # The SDK's types demand the detail.
    rendered: Json = {"type": "input_image", "detail": image.detail or "auto"}
    match image.source:
        case FileId(id=id):
            rendered["file_id"] = id
        case Url(url=url):
            rendered["image_url"] = url
        case Data() as data:
            rendered["image_url"] = render_data_uri(data)
        case PlainText():
            raise Unsupported("a picture cannot be given as text", param="input")
    return rendered


def _render_file(document: Document) -> Json:
    rendered: Json = {"type": "input_file"}
    match document.source:
        case FileId(id=id):
            rendered["file_id"] = id
        case Url(url=url):
            rendered["file_url"] = url
        case Data(media_type=media_type) as data:
            # A name is required beside the data.
            rendered["filename"] = f"document.{EXTENSIONS.get(media_type, 'pdf')}"
            rendered["file_data"] = render_data_uri(data)
    if document.name is not None:
        rendered["filename"] = document.name
    return rendered


def parse_annotations(value: Any) -> tuple[Citation, ...]:
    """The citations of an answer's text."""
    return tuple(parse_annotation(item) for item in dicts(value))


def parse_annotation(item: Json) -> Citation:
    """One citation; what cites no page of the web stays native."""
    if item.get("type") != "url_citation":
        return Citation(native=item, dialect=NAME)
    quote = item.get("content")
    return Citation(
        url=string(item.get("url")) or None,
        title=string(item.get("title")) or None,
        quote=quote if isinstance(quote, str) else None,
        start=whole(item.get("start_index")),
        end=whole(item.get("end_index")),
    )


def render_annotation(citation: Citation) -> Json:
    """A citation as the SDK's types demand it."""
    if citation.dialect == NAME and citation.native:
        return dict(citation.native)
    return {
        "type": "url_citation",
        "url": citation.url or "",
        "title": citation.title or "",
        "start_index": citation.start or 0,
        "end_index": citation.end or 0,
        **members.optional(content=citation.quote),
    }


def render_output(part: Text | Refusal) -> Json:
    """A content part of what an assistant says."""
    if isinstance(part, Refusal):
        return {"type": "refusal", "refusal": part.text}
    return {
        "type": "output_text",
        "text": part.text,
        "annotations": [render_annotation(citation) for citation in part.citations],
    }
