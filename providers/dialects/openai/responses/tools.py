"""Tools and which of them the model may call.

https://platform.openai.com/docs/guides/function-calling
"""

from providers.dialects.openai import searches
from providers.dialects.openai.custom import responses_tool
from providers.dialects.openai.responses.media import NAME
from providers.dialects.openai.strict import is_closed
from providers.dialects.openai.tooling import native_value, render_tooling
from providers.neutral.chat import ChatRequest, NativeTool, Tool, ToolChoice, ToolMode
from providers.neutral.functions import arguments_of
from providers.neutral.web_search import uses
from providers.wire import members
from providers.wire.members import Json

MOST = "max_tool_calls"
"""Limits the calls of all tools that OpenAI runs itself."""


def parse_tools(body: Json) -> tuple[Tool | NativeTool, ...]:
    """Functions, and the tools that OpenAI runs itself."""
    most = uses(body.get(MOST))
    return tuple(_tool(tool, at, most) for tool, at in members.objects(body, "tools"))


def _tool(tool: Json, at: str, most: int | None) -> Tool | NativeTool:
    if members.required_text(tool, "type", at) != "function":
        return searches.parse_tool(NAME, tool, most)
    schema, strict = members.mapping(tool, "parameters", at), members.boolean(tool, "strict", at)
    return Tool(
        name=members.required_text(tool, "name", at),
        description=members.text(tool, "description", at),
        schema=schema,
        strict=_default_strict(schema) if strict is None else strict,
    )


def _default_strict(schema: Json | None) -> bool | None:
    """Functions are strict by default here, as far as their schema allows it, and nowhere else.

    https://platform.openai.com/docs/guides/function-calling#strict-mode
    """
    return True if schema is not None and is_closed(schema) else None


def parse_choice(body: Json) -> ToolChoice | None:
    """What other dialects know too; `native_choice` is the rest."""
    value = body.get("tool_choice")
    if value in ("auto", "none", "required"):
        return ToolChoice(mode=ToolMode(value))
    if isinstance(value, dict):
        return _parse_object(value)
    if value is None:
        return None
    raise members.wrong("tool_choice", "auto, none, required or an object")


def _parse_object(value: Json) -> ToolChoice | None:
    if value.get("type") in ("function", "custom"):
        name = members.required_text(value, "name", "tool_choice.")
        return ToolChoice(mode=ToolMode.NAMED, name=name)
    mode = value.get("mode")
    if value.get("type") == "allowed_tools" and mode in ("auto", "required"):
        allowed = [tool.get("name") for tool, _ in members.objects(value, "tools", "tool_choice.")]
        if all(isinstance(name, str) for name in allowed):
            return ToolChoice(mode=ToolMode(mode), allowed=tuple(map(str, allowed)))
    return None


def native_choice(body: Json) -> Json | None:
    """A choice among tools that OpenAI runs itself."""
    value = body.get("tool_choice")
    return value if isinstance(value, dict) and parse_choice(body) is None else None


def render_tools(request: ChatRequest, dropped: list[str], write: searches.Write) -> Json:
    """Nothing that goes with tools is said where there are none."""

    def render(tool: Tool | NativeTool) -> Json:
        if isinstance(tool, NativeTool) and tool.search is not None and tool.dialect != NAME:
            return write(tool.search, dropped)
        return _render_tool(tool)

    most = members.optional(**{MOST: searches.most_calls(request)})
    return render_tooling(request, render, _render_choice) | most


def _render_tool(tool: Tool | NativeTool) -> Json:
    if isinstance(tool, NativeTool):
        return native_value(tool, NAME, responses_tool(tool))
    return {
        "type": "function",
        "name": tool.name,
        **members.optional(description=tool.description),
        "parameters": arguments_of(tool),
        # Left out, it would mean true, and optional arguments would become required.
        "strict": bool(tool.strict),
    }


def _named(name: str | None, custom: frozenset[str]) -> Json:
    return {"type": "custom" if name in custom else "function", "name": name}


def _render_choice(choice: ToolChoice, custom: frozenset[str]) -> str | Json:
    if choice.mode is ToolMode.NAMED:
        return _named(choice.name, custom)
    if not choice.allowed:
        return choice.mode.value
    tools = [_named(name, custom) for name in choice.allowed]
    return {"type": "allowed_tools", "mode": choice.mode.value, "tools": tools}
