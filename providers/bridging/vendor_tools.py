"""Tools that the client's provider would run, where the one that is asked does not have them."""

from collections.abc import Callable

import msgspec

from providers.errors import Unsupported
from providers.neutral.chat import ChatRequest, Message, Native, NativeTool, Tool

SETTING = "request: {vendor_tools: drop}"
CUSTOM = ("custom", "custom_tool_call")
"""What marks the calls of custom tools, which the client runs."""

Runs = Callable[[NativeTool], bool]
"""Whether the provider has a tool."""


def name_of(tool: NativeTool) -> str:
    """What the client calls the tool; some formats say its kind by the name of a member."""
    kind = tool.value.get("type") or tool.value.get("name")
    return str(kind or next(iter(tool.value), "without a name"))


def refuse(request: ChatRequest, runs: Runs, where: str, param: str) -> None:
    """Raises Unsupported for a tool that the provider does not have."""
    for tool in request.tools:
        if isinstance(tool, NativeTool) and not runs(tool):
            raise Unsupported(
                f"the tool {name_of(tool)} cannot be used in {where}; a route that says"
                f" `{SETTING}` leaves it out",
                param=param,
            )


def leave_out(request: ChatRequest, runs: Runs, dialect: str) -> tuple[ChatRequest, list[str]]:
    """(the request without such tools and what they did in earlier turns, the tools' names)."""
    kept: list[Tool | NativeTool] = []
    lost: list[str] = []
    for tool in request.tools:
        if isinstance(tool, Tool) or runs(tool):
            kept.append(tool)
        else:
            lost.append(f"tools.{name_of(tool)}")
    messages = tuple(each for each in (_told(m, dialect) for m in request.messages) if each)
    return msgspec.structs.replace(request, tools=tuple(kept), messages=messages), lost


def _told(message: Message, dialect: str) -> Message | None:
    """The turn without a foreign provider's work; None where nothing else was in it."""
    parts = tuple(
        part
        for part in message.parts
        if not isinstance(part, Native) or part.dialect == dialect or _is_custom(part)
    )
    if len(parts) == len(message.parts):
        return message
    return msgspec.structs.replace(message, parts=parts) if parts else None


def _is_custom(part: Native) -> bool:
    return CUSTOM[0] in part.value or part.value.get("type") == CUSTOM[1]
