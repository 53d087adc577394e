"""Marks for the prompt cache, where the client has set none.

Two of the four that there may be: behind what all requests begin with, and behind the last turn, so
that the next one finds all before it (https://docs.claude.com/en/docs/build-with-claude/prompt-caching,
checked 2026-11).
"""

from collections.abc import Iterator
from typing import Any

from providers.wire.members import Json, dicts, string

MARK = "cache_control"
MARKABLE = frozenset({"document", "image", "search_result", "text", "tool_result", "tool_use"})
"""Kinds of blocks that may carry one; thoughts may not, and a text only if there is some."""


def marked(body: Json, model: str, lasting: str) -> dict[str, Any]:
    """The top-level members to change, so that the prompt is cached for as long as `lasting` says;
    none where the client has marked anything."""
    if any(block.get(MARK) for block in (body, *_blocks(body))):
        return {}
    mark = {"type": "ephemeral", **({"ttl": lasting} if lasting != "5m" else {})}
    messages = body.get("messages")
    changes = _beginning(body, mark)
    if isinstance(messages, list) and messages and isinstance(messages[-1], dict):
        content = _behind(messages[-1].get("content"), mark)
        if content is not None:
            changes["messages"] = [*messages[:-1], {**messages[-1], "content": content}]
    return changes


def _beginning(body: Json, mark: Json) -> dict[str, Any]:
    """The instructions, which the cache has behind the tools; without any, the tools."""
    system = _behind(body.get("system"), mark)
    if system is not None:
        return {"system": system}
    tools = body.get("tools")
    last = tools[-1] if isinstance(tools, list) and tools else None
    if not isinstance(last, dict) or last.get("defer_loading"):
        return {}
    assert isinstance(tools, list)
    return {"tools": [*tools[:-1], {**last, MARK: mark}]}


def _behind(content: Any, mark: Json) -> list[Any] | None:
    """Content with a mark at its end; None where none may stand there."""
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    last = content[-1] if isinstance(content, list) and content else None
    if not isinstance(last, dict) or last.get("text") == "":
        return None
    if string(last.get("type")) not in MARKABLE:
        return None
    return [*content[:-1], {**last, MARK: mark}]


def _blocks(body: Json) -> Iterator[Json]:
    """Whatever may carry a mark."""
    contents = [turn.get("content") for turn in dicts(body.get("messages"))]
    for content in (body.get("system"), body.get("tools"), *contents):
        for block in dicts(content):
            yield block
            yield from dicts(block.get("content"))
