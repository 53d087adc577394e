"""Text, pictures, thoughts and documents in Cohere's content blocks.

https://docs.cohere.com/v2/reference/chat
"""

from collections.abc import Set
from typing import Any

import orjson

from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import (
    Audio,
    Document,
    Image,
    Native,
    Part,
    Refusal,
    Signature,
    Text,
    Thinking,
    seal,
    unseal,
)
from providers.neutral.media import Data, PlainText, Source, Url, parse_data_uri
from providers.wire import members
from providers.wire.members import Json

NAME = "cohere.chat"
FAMILY = "cohere"

PLAIN = Signature(origin=FAMILY, value="thinking")
"""What tells Cohere's own thoughts, which are plain text, from those of others."""

TEXTS = ("text", "snippet", "content")
"""Members of a document's data that hold its text, in the order of Cohere's own examples."""


DETAILS = frozenset({None, "auto", "low", "high"})
"""How closely Cohere can look at a picture; OpenAI's `original` is closer still."""


def parse_block(block: Json, at: str) -> Part:
    """One content block of a message."""
    match members.required_text(block, "type", at):
        case "text":
            return parse_text(block, at)
        case "image_url":
            return _image(block, at)
        case "thinking":
            return parse_thinking(block, at)
        case "document":
            return parse_document(members.required_mapping(block, "document", at), f"{at}document.")
        case kind:
            raise InvalidRequest(f"{at}type {kind!r} is not known", param=f"{at}type")


def parse_text(block: Json, at: str) -> Text:
    """A block of text; a foreign signature may have come with it."""
    signature = members.text(block, "signature", at)
    return Text(
        text=members.required_text(block, "text", at),
        signature=unseal(signature, FAMILY) if signature else None,
    )


def parse_thinking(block: Json, at: str) -> Thinking:
    """A thought; one of another provider comes back with what was sealed in it."""
    redacted = members.text(block, "redacted", at)
    if redacted:
        return Thinking(redacted=unseal(redacted, FAMILY))
    signature = members.text(block, "signature", at)
    return Thinking(
        text=members.required_text(block, "thinking", at),
        signature=unseal(signature, FAMILY) if signature else PLAIN,
    )


def _image(block: Json, at: str) -> Image:
    value = block.get("image_url")
    if isinstance(value, str):
        return Image(source=_source(value, f"{at}image_url"))
    inner, place = members.required_mapping(block, "image_url", at), f"{at}image_url."
    return Image(
        source=_source(members.required_text(inner, "url", place), f"{place}url"),
        detail=members.text(inner, "detail", place),
    )


def _source(url: str, at: str) -> Source:
    if not url:
        raise members.wrong(at, "a URL or a data URI")
    if url[:5].lower() != "data:":
        return Url(url=url)
    data = parse_data_uri(url)
    if data is None:
        raise members.wrong(at, "a base64 data URI")
    return data


def document_data(document: Json, at: str) -> Json:
    """The members of a document; in examples of tool results they are a string."""
    data = document.get("data")
    if isinstance(data, str):
        return {"text": data}
    return members.required_mapping(document, "data", at)


def parse_document(value: Any, at: str, cite: bool = True) -> Document:
    """A document, which is a string or an object of any members."""
    if isinstance(value, str):
        return Document(source=PlainText(text=value), cite=cite)
    data = document_data(value, at)
    id, title, context = value.get("id"), data.get("title"), data.get("context")
    # Citations tell documents apart by their ids, so the title is left to the text.
    kept = {"context"} if isinstance(id, str) else {"title", "context"}
    name = id if isinstance(id, str) else title
    return Document(
        source=PlainText(text=data_text(data, kept)),
        name=name if isinstance(name, str) else None,
        context=context if isinstance(context, str) else None,
        cite=cite,
    )


def data_text(data: Json, kept: Set[str] = frozenset()) -> str:
    """The text of a document's data; all of it as JSON where more says something.

    `kept` are members that are said elsewhere.
    """
    name = next((name for name in TEXTS if isinstance(data.get(name), str)), None)
    if name is None or data.keys() - kept - {name}:
        return orjson.dumps(data).decode()
    text: str = data[name]
    return text


def render_block(part: Part) -> Json:
    """A content block for a provider; raises Unsupported for what none can hold."""
    match part:
        case Text() | Refusal():
            return {"type": "text", "text": part.text}
        case Image(source=Url(url=url)):
            return _image_block(url, part.detail)
        case Image(source=Data(base64=base64, media_type=media_type)):
            return _image_block(f"data:{media_type};base64,{base64}", part.detail)
        case Document(source=PlainText()):
            return {"type": "document", "document": render_document(part)}
        case Native(dialect=dialect, value=native) if dialect == NAME:
            return dict(native)
    kind = part.dialect if isinstance(part, Native) else type(part).__name__.lower()
    raise Unsupported(f"a part of kind {kind} cannot be expressed in {NAME}", param="messages")


def _image_block(url: str, detail: str | None) -> Json:
    image = {"url": url}
    if detail is not None:
        image["detail"] = detail if detail in DETAILS else "high"
    return {"type": "image_url", "image_url": image}


def render_document(document: Document) -> Json:
    """A document for a provider; raises Unsupported for one that is not text."""
    if not isinstance(document.source, PlainText):
        raise Unsupported(f"a document must be text in {NAME}", param="messages.document")
    data = {"text": document.source.text}
    if document.name is not None:
        data["title"] = document.name
    if document.context is not None:
        data["context"] = document.context
    return {"data": data}


def shown_block(part: Part) -> Json | None:
    """A content block of an answer, with what a client shall echo; None for other parts."""
    match part:
        case Text(text=text, signature=None) | Refusal(text=text):
            return {"type": "text", "text": text}
        case Text(text=text, signature=Signature() as signature):
            return {"type": "text", "text": text, "signature": seal(signature, FAMILY)}
        case Thinking(redacted=Signature() as redacted):
            return {"type": "thinking", "thinking": "", "redacted": seal(redacted, FAMILY)}
        case Thinking(text=text, signature=signature):
            block = {"type": "thinking", "thinking": text}
            if signature is not None and signature != PLAIN:
                block["signature"] = seal(signature, FAMILY)
            return block
        case Audio(transcript=str(words)) if words:
            return {"type": "text", "text": words}
    return None
