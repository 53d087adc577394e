"""Custom tools, whose input is free text: both of OpenAI's formats of a conversation know them.

https://platform.openai.com/docs/guides/function-calling#custom-tools
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from providers.neutral.chat import Message, Native, NativeTool, Part, Tool
from providers.wire.members import Json, string

CHAT = "openai.chat"
RESPONSES = "openai.responses"

SHARED = frozenset({"name", "description", "format"})
"""What both formats can say of a tool."""
SAID = frozenset({"type", "id", "call_id", "name", "input", "status"})
"""What a call says in the Responses API, as far as chat can say it too."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """The model's wish to have a custom tool called."""

    id: str
    name: str
    input: str


def call_of(part: Part) -> Call | None:
    """The call that a part of either format is; None where it is another, or says more."""
    if not isinstance(part, Native):
        return None
    said, inner = part.value, part.value.get("custom")
    if part.dialect == CHAT and isinstance(inner, dict):
        id = string(said.get("id"))
        owner: Mapping[str, Any] = inner
    elif part.dialect == RESPONSES and said.get("type") == "custom_tool_call":
        if any(value is not None for name, value in said.items() if name not in SAID):
            return None
        id, owner = string(said.get("call_id")), said
    else:
        return None
    return Call(id=id, name=string(owner.get("name")), input=string(owner.get("input")))


def call_ids(messages: Iterable[Message]) -> frozenset[str]:
    """The ids of all calls of custom tools, by which their results are known."""
    parts = (part for message in messages for part in message.parts)
    return frozenset(call.id for part in parts if (call := call_of(part)) is not None)


def tool_names(tools: Iterable[Tool | NativeTool]) -> frozenset[str]:
    """The names of the custom tools among `tools`."""
    found = (tool_of(tool) for tool in tools if isinstance(tool, NativeTool))
    return frozenset(string(tool["name"]) for tool in found if tool and "name" in tool)


def tool_of(tool: NativeTool) -> Json | None:
    """A custom tool's members in the words of the Responses API; None where it is another."""
    if tool.value.get("type") != "custom":
        return None
    if tool.dialect == RESPONSES:
        members = {name: each for name, each in tool.value.items() if name != "type"}
    elif tool.dialect == CHAT and isinstance(tool.value.get("custom"), dict):
        members = _flat(tool.value["custom"])
    else:
        return None
    known = {name: each for name, each in members.items() if each is not None}
    return known if known.keys() <= SHARED else None


def _flat(custom: Json) -> Json:
    form = custom.get("format")
    grammar = form.get("grammar") if isinstance(form, dict) else None
    if not isinstance(grammar, dict):
        return custom
    return {**custom, "format": {"type": "grammar", **grammar}}


def chat_tool(tool: NativeTool) -> Json | None:
    """The tool as chat says it; None where chat cannot."""
    custom = tool_of(tool)
    if custom is None:
        return None
    form = custom.get("format")
    if isinstance(form, dict) and form.get("type") == "grammar":
        grammar = {name: each for name, each in form.items() if name != "type"}
        custom = {**custom, "format": {"type": "grammar", "grammar": grammar}}
    return {"type": "custom", "custom": custom}


def responses_tool(tool: NativeTool) -> Json | None:
    """The tool as the Responses API says it; None where it cannot."""
    custom = tool_of(tool)
    return None if custom is None else {"type": "custom", **custom}
