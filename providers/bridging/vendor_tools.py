"""Tools that the client's provider would run, where the one that is asked does not have them."""

from collections.abc import Callable

import msgspec

from providers.errors import Unsupported
from providers.neutral.chat import (
    ChatRequest,
    Message,
    Native,
    NativeTool,
    Part,
    Tool,
    ToolChoice,
    ToolMode,
)
from providers.neutral.web_search import Searched

SETTING = "request: {vendor_tools: drop}"
CUSTOM = ("custom", "custom_tool_call")
"""What marks the calls of custom tools, which the client runs."""

MADE = frozenset({Native, Searched})

Runs = Callable[[NativeTool], bool]
"""Whether the provider has a tool."""


def has_none(request: ChatRequest) -> bool:
    """Whether it has neither such tools nor what they did in earlier turns."""
    for tool in request.tools:
        if type(tool) is not Tool:
            return False
    for message in request.messages:
        for part in message.parts:
            if type(part) in MADE:
                return False
    return True


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
    request, lost = _without(request, lambda tool: not runs(tool))
    return _telling(request, lambda part: not _is_foreign(part, dialect)), lost


def without_options(request: ChatRequest, runs: Runs) -> tuple[ChatRequest, list[str]]:
    """(the request without such tools that are options of it, which are hints, their names)."""
    return _without(request, lambda tool: tool.option and not runs(tool))


def _without(request: ChatRequest, gone: Runs) -> tuple[ChatRequest, list[str]]:
    lost = [tool for tool in request.tools if isinstance(tool, NativeTool) and gone(tool)]
    if not lost:
        return request, []
    kept = tuple(tool for tool in request.tools if tool not in lost)
    names = [name for tool in lost for name in _names(tool)]
    return msgspec.structs.replace(request, tools=kept), names


def _names(tool: NativeTool) -> list[str]:
    return [*tool.value] if tool.option else [f"tools.{name_of(tool)}"]


def without_searches(
    request: ChatRequest, dialect: str, name: str
) -> tuple[ChatRequest, list[str]]:
    """(the request without searches that other providers made in earlier turns, `name` if there
    were any): what was written after them says what was found."""

    if not any(type(part) is Searched for turn in request.messages for part in turn.parts):
        return request, []

    def stays(part: Part) -> bool:
        return not isinstance(part, Searched) or part.dialect == dialect

    told = _telling(request, stays)
    return told, [] if told is request else [name]


def _telling(request: ChatRequest, stays: Callable[[Part], bool]) -> ChatRequest:
    if all(stays(part) for message in request.messages for part in message.parts):
        return request
    messages = tuple(told for m in request.messages if (told := _told(m, stays)) is not None)
    return msgspec.structs.replace(request, messages=messages)


def _told(message: Message, stays: Callable[[Part], bool]) -> Message | None:
    """The turn without a foreign provider's work; None where nothing else was in it."""
    parts = tuple(part for part in message.parts if stays(part))
    if len(parts) == len(message.parts):
        return message
    return msgspec.structs.replace(message, parts=parts) if parts else None


def _is_foreign(part: Part, dialect: str) -> bool:
    return isinstance(part, Native) and part.dialect != dialect and not _is_custom(part)


def _is_custom(part: Native) -> bool:
    return CUSTOM[0] in part.value or part.value.get("type") == CUSTOM[1]


def free_choice(request: ChatRequest, dialect: str) -> tuple[ChatRequest, list[str]]:
    """(the request in which no foreign search must be made by its name, what that cost)."""
    choice = request.tool_choice
    if choice is None or choice.mode is not ToolMode.NAMED:
        return request, []
    named = [tool for tool in request.tools if _is_search(tool, choice.name, dialect)]
    if not named:
        return request, []
    alone = len(request.tools) == 1
    free = ToolChoice(mode=ToolMode.REQUIRED) if alone else None
    return msgspec.structs.replace(request, tool_choice=free), [] if alone else ["tool_choice"]


def _is_search(tool: Tool | NativeTool, name: str | None, dialect: str) -> bool:
    foreign = isinstance(tool, NativeTool) and tool.search is not None and tool.dialect != dialect
    return foreign and isinstance(tool, NativeTool) and tool.value.get("name") == name
