"""Content blocks, read: from a client's messages and from a provider's answer.

https://platform.claude.com/docs/en/api/messages
"""

from collections.abc import Callable
from typing import Any

import msgspec
import orjson

from providers.chat import (
    SEAL,
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
    Source,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Url,
    unseal,
)
from providers.dialects.anthropic_messages.fields import (
    Wrong,
    each,
    inside,
    obj,
    optional,
    required,
)
from providers.dialects.anthropic_messages.names import (
    FAMILY,
    NAME,
    OF_PREVIOUS,
    UNINDEXED,
)


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
        return _attached(parts)

    def block(self, value: Any) -> Part:
        """One block; of a type that other dialects do not know, it stays as it is."""
        block = obj(value)
        parse = self._parsers.get(required(block, "type", str))
        return Native(dialect=NAME, value=block) if parse is None else parse(block)

    def _note(self, block: Json, known: frozenset[str], place: str) -> None:
        for name in block.keys() - known:
            self.extras.setdefault(f"{place}.{name}", block[name])

    def _text(self, block: Json) -> Text:
        text = required(block, "text", str)
        if len(block) == 2:
            return Text(text=text)
        return Text(
            text=text,
            cache=parse_cache(block),
            citations=tuple(each(block, "citations", parse_citation)),
        )

    def _image(self, block: Json) -> Image:
        self._note(block, IMAGE, "messages.content.image")
        required(block, "source", dict)
        source = inside(block, "source", _media_source)
        assert source is not None
        return Image(source=source, cache=parse_cache(block))

    def _document(self, block: Json) -> Document | Native:
        required(block, "source", dict)
        source = inside(block, "source", _document_source)
        if source is None:
            return Native(dialect=NAME, value=block)
        citations = optional(block, "citations", dict) or {}
        return Document(
            source=source,
            name=optional(block, "title", str),
            context=optional(block, "context", str),
            cite=citations.get("enabled") is True,
            cache=parse_cache(block),
        )

    def _tool_use(self, block: Json) -> ToolCall:
        self._note(block, TOOL_USE, "messages.content.tool_use")
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
        return ToolResult(
            call_id=call_id,
            name=self._tools.get(call_id),
            parts=() if block.get("content") is None else self.content(block),
            is_error=optional(block, "is_error", bool) or False,
            cache=parse_cache(block),
        )


IMAGE = frozenset({"type", "source", "cache_control"})
# `caller` says that the model itself called, or which server tool did; nobody else asks.
TOOL_USE = frozenset({"type", "id", "name", "input", "caller", "cache_control"})


def _attached(parts: list[Part]) -> tuple[Part, ...]:
    """`parts`, with each signature that came in a block of its own back at its owner."""
    result: list[Part] = []
    for part in parts:
        signature = part.redacted if isinstance(part, Thinking) else None
        if signature is not None and signature.value.startswith(OF_PREVIOUS):
            owner = result[-1] if result else None
            if isinstance(owner, Text | ToolCall):
                value = signature.value.removeprefix(OF_PREVIOUS)
                signature = msgspec.structs.replace(signature, value=value)
                result[-1] = msgspec.structs.replace(owner, signature=signature)
            continue
        result.append(part)
    return tuple(result)


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
    blocks = content if isinstance(content, list) else []
    texts = [block.get("text") for block in blocks if isinstance(block, dict)]
    if not texts or len(texts) < len(blocks) or not all(isinstance(text, str) for text in texts):
        return None
    return PlainText(text="\n\n".join(str(text) for text in texts))


def parse_citation(value: Any) -> Citation:
    """A citation; what it points at stays in `native`."""
    raw = obj(value)
    words = {
        name: raw.get(key) if isinstance(raw.get(key), str) else None
        for name, key in (("url", "url"), ("quote", "cited_text"))
    }
    title = raw.get("document_title", raw.get("title"))
    if raw.get("type") == "search_result_location" and words["url"] is None:
        words["url"] = raw["source"] if isinstance(raw.get("source"), str) else None
    foreign = is_made(raw)
    return Citation(
        url=words["url"] or None,
        quote=words["quote"] or None,
        title=title if isinstance(title, str) else None,
        native={} if foreign else raw,
        dialect="" if foreign else NAME,
    )


def is_made(citation: Any) -> bool:
    """Whether a citation was written here, for another family's provider."""
    return isinstance(citation, dict) and citation.get("encrypted_index") == UNINDEXED


def is_foreign(block: Any) -> bool:
    """Whether a block carries a signature that another family's provider issued."""
    if not isinstance(block, dict):
        return False
    value = block.get("signature") if block.get("type") == "thinking" else block.get("data")
    return isinstance(value, str) and value.startswith(SEAL)
