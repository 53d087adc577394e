"""What OpenAI's formats say of tools, around what each says of one."""

from collections.abc import Callable, Mapping
from typing import Any

from providers.dialects.openai.custom import tool_names
from providers.errors import Unsupported
from providers.neutral.chat import ChatRequest, NativeTool, Tool, ToolChoice, ToolMode
from providers.wire.members import Json


def render_tooling(
    request: ChatRequest,
    render_tool: Callable[[Tool | NativeTool], Json],
    render_choice: Callable[[ToolChoice, Any], str | Json],
) -> Json:
    """OpenAI refuses an empty list of tools, and what goes with tools where there are none."""
    choice = request.tool_choice
    forced = choice is not None and choice.mode in (ToolMode.REQUIRED, ToolMode.NAMED)
    members: Json = {}
    if request.tools:
        members["tools"] = [render_tool(tool) for tool in request.tools]
    if choice is not None and (request.tools or forced):
        members["tool_choice"] = render_choice(choice, tool_names(request.tools))
    if request.tools and request.parallel_tool_calls is not None:
        members["parallel_tool_calls"] = request.parallel_tool_calls
    return members


def native_value(tool: NativeTool, target: str, carried: Mapping[str, Any] | None) -> Json:
    """The tool as `target` takes it, `carried` where it is one of another format; raises
    Unsupported where there is no such form."""
    value = tool.value if tool.dialect == target else carried
    if value is None:
        kind = tool.value.get("type")
        message = f"the tool {kind} of {tool.dialect} cannot be used in {target}"
        raise Unsupported(message, param="tools")
    return dict(value)
