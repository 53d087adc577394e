"""Content blocks of a client's messages and of a provider's answer, parsed."""

import base64
from typing import Any

import msgspec
import orjson

from providers.dialects.bedrock.converse import citations, fields
from providers.dialects.bedrock.converse.documents import parse_search_result
from providers.dialects.bedrock.media import parse_media
from providers.dialects.bedrock.names import FAMILY, NAME, OPAQUE
from providers.neutral.carriers import attached
from providers.neutral.chat import (
    SEAL,
    Audio,
    Cache,
    Document,
    Image,
    Native,
    Part,
    Signature,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
    seal,
    unseal,
)
from providers.wire import members
from providers.wire.members import Json

MEDIA = ("image", "document", "video", "audio")
Markable = Text | Image | Audio | Video | Document | ToolCall | ToolResult


def parse_blocks(owner: Json, at: str, name: str = "content") -> tuple[Part, ...]:
    """The parts of a message or of the system prompt; a cache point marks the part before it."""
    blocks = owner.get(name)
    if blocks is None:
        return ()
    if not isinstance(blocks, list):
        raise members.wrong(at + name, "an array")
    parts: list[Part] = []
    carried = False
    for index, block in enumerate(blocks):
        # Nearly every block is a plain text; a place is only worth its making for the others.
        text = block.get("text") if type(block) is dict and len(block) == 1 else None
        if type(text) is str:
            parts.append(Text(text=text))
        else:
            _add(parts, block, f"{at}{name}[{index}]")
            carried = carried or isinstance(parts[-1] if parts else None, Thinking)
    return attached(parts) if carried else tuple(parts)


def _add(parts: list[Part], block: Any, at: str) -> None:
    if not isinstance(block, dict):
        raise members.wrong(at, "an object")
    place = f"{at}."
    kind, value = fields.union(block, place)
    if kind == "text":
        parts.append(Text(text=members.required_text(block, kind, place)))
    elif kind == "cachePoint":
        _mark(parts, block, place)
    elif kind == "citationsContent" and isinstance(value, dict) and not value.get("content"):
        _cite(parts, citations.parse_block(value, f"{place}{kind}."))
    else:
        parts.append(_block(kind, value, block, place))


def _cite(parts: list[Part], cited: Text) -> None:
    """Citations without words are those of the text before them."""
    if parts and isinstance(parts[-1], Text):
        known = (*parts[-1].citations, *cited.citations)
        parts[-1] = msgspec.structs.replace(parts[-1], citations=known)


def _mark(parts: list[Part], block: Json, at: str) -> None:
    if parts and isinstance(parts[-1], Native):
        parts.append(Native(dialect=NAME, value=block))
        return
    cache = parse_cache(block, at)
    for index in range(len(parts) - 1, -1, -1):
        part = parts[index]
        if isinstance(part, Markable):
            parts[index] = msgspec.structs.replace(part, cache=cache)
            return


def parse_cache(block: Json, at: str) -> Cache:
    """The marker of a `cachePoint` block."""
    point = members.required_mapping(block, "cachePoint", at)
    return Cache(ttl=members.text(point, "ttl", f"{at}cachePoint."))


def _block(kind: str, value: Any, block: Json, at: str) -> Part:
    if not isinstance(value, dict):
        raise members.wrong(at + kind, "an object")
    at = f"{at}{kind}."
    if kind in MEDIA:
        return parse_media(kind, value, at)
    match kind:
        case "toolUse" if "type" not in value:
            return parse_tool_use(value, at)
        case "toolResult" if "type" not in value:
            return _tool_result(value, at)
        case "reasoningContent":
            return parse_thinking(value, at)
        case "citationsContent":
            return citations.parse_block(value, at)
        case "searchResult":
            return parse_search_result(value, at)
    # Guarded content, server tools, tool additions and removals.
    return Native(dialect=NAME, value=block)


def parse_tool_use(value: Json, at: str) -> ToolCall:
    """A call of a client's tool."""
    arguments = value.get("input")
    return ToolCall(
        id=members.required_text(value, "toolUseId", at),
        name=members.required_text(value, "name", at),
        arguments=orjson.dumps({} if arguments is None else arguments).decode(),
    )


def _tool_result(value: Json, at: str) -> ToolResult:
    parts: list[Part] = []
    for block, place in members.objects(value, "content", at):
        kind, inner = fields.union(block, place)
        if kind == "json":
            parts.append(Text(text=orjson.dumps(inner).decode()))
        elif kind == "text":
            parts.append(Text(text=members.required_text(block, kind, place)))
        else:
            parts.append(_block(kind, inner, block, place))
    return ToolResult(
        call_id=members.required_text(value, "toolUseId", at),
        parts=tuple(parts),
        is_error=members.text(value, "status", at) == "error",
    )


def parse_thinking(value: Json, at: str) -> Thinking:
    """A `reasoningContent` block: text with its signature, or an encrypted blob."""
    kind, _ = fields.union(value, at)
    if kind == "redactedContent":
        return Thinking(redacted=parse_blob(members.required_text(value, kind, at)))
    inner = members.required_mapping(value, "reasoningText", at)
    at = f"{at}reasoningText."
    signature = members.text(inner, "signature", at)
    return Thinking(
        text=members.text(inner, "text", at) or "",
        signature=unseal(signature, FAMILY) if signature else None,
    )


def parse_blob(value: str) -> Signature:
    """The encrypted thought in a blob: of Claude's, the bytes of what its own API has as text."""
    try:
        inner = base64.b64decode(value, validate=True).decode()
    except ValueError:
        inner = ""
    if inner.startswith(SEAL) or (inner.isascii() and inner.isprintable() and inner):
        return unseal(inner, FAMILY)
    return Signature(origin=OPAQUE, value=value)


def render_blob(redacted: Signature) -> str:
    """The blob for an encrypted thought; another provider's goes with its origin."""
    if redacted.origin == OPAQUE:
        return redacted.value
    return base64.b64encode(seal(redacted, FAMILY).encode()).decode()
