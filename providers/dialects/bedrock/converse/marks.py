"""Cache points, where the client has set none.

Behind the instructions and behind the last turn, of models that take them
(https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html, checked 2026-11).
"""

from collections.abc import Iterator
from typing import Any

from providers.dialects.bedrock.converse.tools import Marker
from providers.models.bedrock import family_of
from providers.neutral.chat import Cache
from providers.wire.members import Json, dicts

POINT = "cachePoint"


def marked(body: Json, model: str, lasting: str) -> dict[str, Any]:
    """The top-level members to change, so that the prompt is cached for as long as `lasting` says;
    none where the client has set a point."""
    if any(POINT in block for block in _blocks(body)):
        return {}
    marker = Marker(family_of(model), [])
    cache = Cache(ttl=lasting if lasting != "5m" else None)
    changes = _beginning(body, marker, cache)
    messages = body.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    content = last.get("content") if isinstance(last, dict) else None
    if isinstance(content, list) and content and isinstance(content[-1], dict):
        assert isinstance(messages, list)
        assert isinstance(last, dict)
        behind = [*content, *marker.point(cache, "toolResult" in content[-1])]
        if len(behind) > len(content) and "reasoningContent" not in content[-1]:
            changes["messages"] = [*messages[:-1], {**last, "content": behind}]
    return changes


def _beginning(body: Json, marker: Marker, cache: Cache) -> dict[str, Any]:
    """The instructions, which the cache has behind the tools; without any, the tools."""
    system = body.get("system")
    if isinstance(system, list) and system:
        behind = [*system, *marker.point(cache)]
        return {"system": behind} if len(behind) > len(system) else {}
    config = body.get("toolConfig")
    tools = config.get("tools") if isinstance(config, dict) else None
    point = marker.point(cache, behind_tool=True)
    if not isinstance(config, dict) or not isinstance(tools, list) or not tools or not point:
        return {}
    return {"toolConfig": {**config, "tools": [*tools, *point]}}


def _blocks(body: Json) -> Iterator[Json]:
    config = body.get("toolConfig")
    contents = [turn.get("content") for turn in dicts(body.get("messages"))]
    tools = config.get("tools") if isinstance(config, dict) else None
    for content in (body.get("system"), tools, *contents):
        yield from dicts(content)
