"""Tool calls in a provider's answer and in ours."""

from typing import Any

import orjson

from providers.dialects.openai.chat.media import NAME
from providers.dialects.openai.custom import call_of
from providers.dialects.openai.signatures import parse_extra, render_extra
from providers.neutral.chat import Native, Part, ToolCall
from providers.wire.members import Json


def arguments_text(value: Any) -> str:
    """The arguments as JSON text; some providers send an object instead of text."""
    if isinstance(value, str):
        return value or "{}"
    return "{}" if value is None else orjson.dumps(value).decode()


def is_call(part: Native) -> bool:
    """Whether the part is a call of a custom tool, not a piece of content."""
    return (part.dialect == NAME and "id" in part.value) or call_of(part) is not None


def render_native(part: Native) -> Json:
    """A call that `is_call`, whichever of OpenAI's formats it was told in."""
    call = None if part.dialect == NAME else call_of(part)
    if call is None:
        return dict(part.value)
    return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.input}}


def parse_call(call: Json, id: str) -> Part:
    """A tool call of an answer; `id` is for a provider that gives none."""
    function = call.get("function")
    if not isinstance(function, dict):
        return Native(dialect=NAME, value=call)
    given, name = call.get("id"), function.get("name")
    return ToolCall(
        id=given if isinstance(given, str) and given else id,
        name=name if isinstance(name, str) else "",
        arguments=arguments_text(function.get("arguments")),
        signature=parse_extra(call),
    )


def render_call(part: Part) -> Json | None:
    """A tool call for a client; None for every other part."""
    if isinstance(part, Native):
        return render_native(part) if is_call(part) else None
    if not isinstance(part, ToolCall):
        return None
    return {
        "id": part.id,
        "type": "function",
        "function": {"name": part.name, "arguments": part.arguments or "{}"},
        **render_extra(part.signature),
    }
