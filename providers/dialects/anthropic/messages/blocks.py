"""Content blocks, read: from a client's messages and from a provider's answer.

https://platform.claude.com/docs/en/api/messages
"""

from collections.abc import Callable
from typing import Any

import orjson

from providers.dialects.anthropic.messages.citations import parse_citation
from providers.dialects.anthropic.messages.fields import (
    Wrong,
    each,
    inside,
    obj,
    optional,
    required,
)
from providers.dialects.anthropic.messages.searches import is_made, parse_block
from providers.dialects.anthropic.names import FAMILY, NAME
from providers.neutral.carriers import attached
from providers.neutral.chat import (
    SEAL,
    Cache,
    Document,
    Image,
    Native,
    Part,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    unseal,
)
from providers.neutral.media import Data, FileId, PlainText, Source, Url
from providers.wire.members import Json


class Blocks:
    """Reads the content of messages, one after the other, in the order of the conversation."""

    def __init__(self) -> None:
        self.extras: dict[str, Any] = {}
        """Members of blocks that no other dialect knows, by dotted name."""
        self._tools: dict[str, str] = {}
        """Call id → the function's name."""
        self._parsers: dict[str, Callable[[Json], Part]] = {
            "text": self._text,
            "image": self._image,
            "document": self._document,
            "search_result": self._search_result,
            "thinking": _thinking,
            "redacted_thinking": _redacted,
            "tool_use": self._tool_use,
            "tool_result": self._tool_result,
        }

    def content(self, owner: Json) -> tuple[Part, ...]:
        """The parts in the `content` of a message or a tool's result."""
        value = owner.get("content")
        if isinstance(value, str):
            return (Text(text=value),)
        if not isinstance(value, list):
            raise Wrong("content", "must be a string or an array")
        parts = each(owner, "content", self.block)
        return attached(parts)

    def block(self, value: Any) -> Part:
        """One block; of a type that other dialects do not know, it stays as it is."""
        block = obj(value)
        parse = self._parsers.get(required(block, "type", str))
        return parse_block(block) if parse is None else parse(block)

    def note(self, block: Json, known: frozenset[str], place: str) -> None:
        """Keeps the members of `block` that are not `known`, which no other dialect has."""
        for name in block.keys() - known:
            if block[name] is not None:
                self.extras.setdefault(f"{place}.{name}", block[name])

    def _text(self, block: Json) -> Text:
        text = required(block, "text", str)
        if len(block) == 2:
            return Text(text=text)
        self.note(block, TEXT, "messages.content.text")
        return Text(
            text=text,
            cache=parse_cache(block),
            citations=tuple(each(block, "citations", parse_citation)),
        )

    def _image(self, block: Json) -> Image:
        self.note(block, IMAGE, "messages.content.image")
        required(block, "source", dict)
        source = inside(block, "source", _media_source)
        assert source is not None
        return Image(source=source, cache=parse_cache(block))

    def _document(self, block: Json) -> Document | Native:
        required(block, "source", dict)
        source = inside(block, "source", _document_source)
        if source is None:
            return Native(dialect=NAME, value=block)
        self.note(block, DOCUMENT, "messages.content.document")
        citations = optional(block, "citations", dict) or {}
        return Document(
            source=source,
            name=optional(block, "title", str),
            context=optional(block, "context", str),
            cite=citations.get("enabled") is True,
            cache=parse_cache(block),
        )

    def _search_result(self, block: Json) -> Document | Native:
        texts = _texts(required(block, "content", list))
        if texts is None:
            return Native(dialect=NAME, value=block)
        self.note(block, SEARCH_RESULT, "messages.content.search_result")
        citations = optional(block, "citations", dict) or {}
        return Document(
            source=_cut(texts),
            name=required(block, "title", str),
            context=required(block, "source", str),
            cite=citations.get("enabled") is True,
            found=True,
            cache=parse_cache(block),
        )

    def _tool_use(self, block: Json) -> ToolCall:
        self.note(block, TOOL_USE, "messages.content.tool_use")
        call = ToolCall(
            id=required(block, "id", str),
            name=required(block, "name", str),
            arguments=orjson.dumps(optional(block, "input", dict) or {}).decode(),
            cache=parse_cache(block),
        )
        self._tools[call.id] = call.name
        return call

    def _tool_result(self, block: Json) -> ToolResult:
        call_id = required(block, "tool_use_id", str)
        self.note(block, TOOL_RESULT, "messages.content.tool_result")
        return ToolResult(
            call_id=call_id,
            name=self._tools.get(call_id),
            parts=() if block.get("content") is None else self.content(block),
            is_error=optional(block, "is_error", bool) or False,
            cache=parse_cache(block),
        )


PLAIN = frozenset({"type", "text"})
TEXT = PLAIN | {"citations", "cache_control"}
IMAGE = frozenset({"type", "source", "cache_control"})
DOCUMENT = frozenset({"type", "source", "title", "context", "citations", "cache_control"})
SEARCH_RESULT = frozenset({"type", "source", "title", "content", "citations", "cache_control"})
TOOL_RESULT = frozenset({"type", "tool_use_id", "content", "is_error", "cache_control"})
# `caller` says that the model itself called, or which server tool did; nobody else asks.
TOOL_USE = frozenset({"type", "id", "name", "input", "caller", "cache_control"})


def _thinking(block: Json) -> Thinking:
    signature = optional(block, "signature", str)
    return Thinking(
        text=required(block, "thinking", str),
        signature=unseal(signature, FAMILY) if signature else None,
    )


def _redacted(block: Json) -> Thinking:
    return Thinking(redacted=unseal(required(block, "data", str), FAMILY))


def parse_cache(owner: Json) -> Cache | None:
    """The prompt-cache marker of a block, a tool or a request."""
    marker = owner.get("cache_control")
    if marker is None:
        return None
    return inside(owner, "cache_control", lambda value: Cache(ttl=optional(value, "ttl", str)))


def _media_source(source: Json) -> Source:
    match required(source, "type", str):
        case "base64":
            data = required(source, "data", str)
            return Data(base64=data, media_type=required(source, "media_type", str))
        case "url":
            return Url(url=required(source, "url", str))
        case "file":
            return FileId(id=required(source, "file_id", str))
    raise Wrong("type", "must be base64, url or file")


def _document_source(source: Json) -> Source | None:
    match required(source, "type", str):
        case "text":
            return PlainText(text=required(source, "data", str))
        case "content":
            return _content_source(source.get("content"))
    return _media_source(source)


def _content_source(content: Any) -> PlainText | None:
    """Text in blocks of the client's own cutting; None where there are pictures among them."""
    if isinstance(content, str):
        return PlainText(text=content)
    texts = _texts(content if isinstance(content, list) else [])
    return None if texts is None else _cut(texts)


def _texts(blocks: list[Any]) -> list[str] | None:
    """The texts in blocks that hold nothing else; None where they do, or there are none."""
    texts = [block["text"] for block in blocks if isinstance(block, dict) and block.keys() == PLAIN]
    found = [text for text in texts if isinstance(text, str)]
    return found if found and len(found) == len(blocks) else None


def _cut(texts: list[str]) -> PlainText:
    return PlainText(text="\n\n".join(texts), blocks=tuple(texts))


def is_foreign(block: Any, signs: bool) -> bool:
    """Whether a block is another family's thought or search; a model that `signs` has no thought
    unsigned."""
    if not isinstance(block, dict) or block.get("type") not in ("thinking", "redacted_thinking"):
        return isinstance(block, dict) and is_made(block)
    value = block.get("signature" if block["type"] == "thinking" else "data")
    return value.startswith(SEAL) if isinstance(value, str) and value else signs
