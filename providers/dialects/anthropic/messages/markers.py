"""Prompt caching, in the words that clouds take.

They refuse a cache marker on the whole request, and a marker's scope ("Extra inputs are not
permitted"): https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from typing import Any

from providers.wire.members import Json
from providers.wire.splice import REMOVED

MARKABLE = frozenset({"text", "image", "document", "search_result", "tool_use", "tool_result"})
"""Blocks that may be marked for the cache."""


def own_markers(body: Json) -> dict[str, Any]:
    """Changes by which caching is asked for in blocks alone, and without a scope."""
    changes: dict[str, Any] = {}
    marker = body.get("cache_control")
    if "cache_control" in body:
        changes["cache_control"] = REMOVED
    messages = body.get("messages")
    if marker and isinstance(messages, list) and messages:
        *before, last = messages
        changes["messages"] = [*before, _marked(last, _unscoped(marker))]
    for name in ("system", "tools"):
        blocks = body.get(name)
        if isinstance(blocks, list) and any(map(_has_scope, blocks)):
            changes[name] = [_narrowed(block) for block in blocks]
    return changes


def _marked(message: Any, marker: Any) -> Any:
    """The message with its last block marked; as it is where that cannot be."""
    content = message.get("content") if isinstance(message, dict) else None
    blocks: Any = [{"type": "text", "text": content}] if isinstance(content, str) else content
    last = blocks[-1] if isinstance(blocks, list) and blocks else None
    if not isinstance(last, dict) or last.get("type") not in MARKABLE or "cache_control" in last:
        return message
    return {**message, "content": [*blocks[:-1], {**last, "cache_control": marker}]}


def _has_scope(block: Any) -> bool:
    marker = block.get("cache_control") if isinstance(block, dict) else None
    return isinstance(marker, dict) and "scope" in marker


def _narrowed(block: Any) -> Any:
    if not _has_scope(block):
        return block
    return {**block, "cache_control": _unscoped(block["cache_control"])}


def _unscoped(marker: Any) -> Any:
    if not isinstance(marker, dict):
        return marker
    return {name: value for name, value in marker.items() if name != "scope"}
