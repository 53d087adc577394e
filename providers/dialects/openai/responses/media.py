"""Content parts: text, pictures, sound and files, as a client and a provider write them.

https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
"""

from typing import Any

from providers.dialects.openai.citations import (
    parse_url_citation,
    placed,
    render_url_citation,
    tells,
)
from providers.dialects.openai.media import cache, file_name, file_source, parse_audio, source
from providers.dialects.openai.signatures import parse_extra
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import Citation, Document, Image, Native, Part, Refusal, Text
from providers.neutral.media import Data, FileId, PlainText, Url, render_data_uri
from providers.wire import members
from providers.wire.members import Json, dicts, string, whole

NAME = "openai.responses"


def parse_part(part: Json, at: str) -> Part:
    """One content part of a message or of a function's output."""
    parse = PARSERS.get(members.required_text(part, "type", at))
    return Native(dialect=NAME, value=part) if parse is None else parse(part, at)


def _text(part: Json, at: str) -> Part:
    return Text(text=members.required_text(part, "text", at), cache=cache(part, at))


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
    found = FileId(id=id) if id and not url else source(url or "", f"{at}image_url")
    detail = members.text(part, "detail", at)
    return Image(
        source=found,
        detail=None if detail == "auto" else detail,
        cache=cache(part, at),
    )


def _file(part: Json, at: str) -> Part:
    name, marker = members.text(part, "filename", at), cache(part, at)
    data, url = members.text(part, "file_data", at), members.text(part, "file_url", at)
    id = members.text(part, "file_id", at)
    if data:
        found = file_source(data, name, f"{at}file_data")
        return Document(source=found, name=name, cache=marker)
    if not url and not id:
        raise InvalidRequest(
            f"{at}file_data, file_url or file_id is required", param=f"{at}file_data"
        )
    return Document(source=Url(url=url) if url else FileId(id=id or ""), name=name, cache=marker)


PARSERS = {
    "input_text": _text,
    "text": _text,
    "output_text": _output_text,
    "refusal": _refusal,
    "input_image": _image,
    "input_audio": parse_audio,
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
    kind = type(part).__name__.lower()
    if isinstance(part, Native):
        kind = f"{part.value.get('type')} of {part.dialect}"
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
            rendered["filename"] = file_name(media_type)
            rendered["file_data"] = render_data_uri(data)
    if document.name is not None:
        rendered["filename"] = document.name
    return rendered


def parse_annotations(value: Any) -> tuple[Citation, ...]:
    """The citations of an answer's text."""
    return tuple(parse_annotation(item) for item in dicts(value))


def parse_annotation(item: Json) -> Citation:
    """One citation; what cites a file, and no page of the web, stays native."""
    if item.get("type") == "url_citation":
        return parse_url_citation(item)
    start = whole(item.get("start_index", item.get("index")))
    return Citation(
        title=string(item.get("filename")) or None,
        start=start,
        end=whole(item.get("end_index", start)),
        native=item,
        dialect=NAME,
    )


def render_annotation(citation: Citation) -> Json:
    """A citation as the SDK's types demand it."""
    if citation.dialect == NAME and citation.native:
        return dict(citation.native)
    return {"type": "url_citation", **render_url_citation(citation)}


def render_output(part: Text | Refusal) -> Json:
    """A content part of what an assistant says."""
    if isinstance(part, Refusal):
        return {"type": "refusal", "refusal": part.text}
    cited = (placed(each, len(part.text)) for each in part.citations if tells(each, NAME))
    return {
        "type": "output_text",
        "text": part.text,
        "annotations": [render_annotation(each) for each in cited],
    }
