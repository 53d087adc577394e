"""Names of tools that a provider refuses, changed on the way there and back.

The new name follows from the old one alone, so that it is the same in every turn, and nothing need
be remembered between them.
"""

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2s

import msgspec

from providers.neutral.chat import (
    ChatRequest,
    ChatResponse,
    NativeTool,
    Part,
    Tool,
    ToolCall,
    ToolResult,
)
from providers.neutral.deltas import AnyDelta, ToolCallBegin, WholePart

DIGEST = 4
"""Bytes of the hash at the end of a new name, which tells apart what became the same."""


class Rule:
    """Which names a format takes."""

    def __init__(self, *, allowed: str, longest: int, first: str = "") -> None:
        """`allowed`: the characters, as the inside of a class of a regular expression; `first`:
        those that a name may begin with, where that is not all."""
        self.longest = longest
        self._first = re.compile(f"[{first or allowed}]")
        self._other = re.compile(f"[^{allowed}]")
        self._whole = re.compile(f"(?=[{first or allowed}])[{allowed}]{{1,{longest}}}")

    def takes(self, name: str) -> bool:
        """Whether `name` can go as it is."""
        return self._whole.fullmatch(name) is not None

    def fitted(self, name: str) -> str:
        """What stands for a name that is not taken."""
        tail = "_" + blake2s(name.encode(), digest_size=DIGEST).hexdigest()
        fitting = self._other.sub("_", name)
        if not self._first.match(fitting):
            fitting = "_" + fitting
        return fitting[: self.longest - len(tail)] + tail


NAMED = (ToolCall, ToolResult)
"""Parts of a message that name a tool."""

Renamed = Mapping[str, str]
"""The provider's name of a tool → the client's, where they differ."""


def fit(request: ChatRequest, rule: Rule | None) -> tuple[ChatRequest, Renamed]:
    """(the request with names that the provider takes, what became of the others)."""
    if rule is None:
        return request, {}
    odd = {name for name in _names(request) if not rule.takes(name)}
    if not odd:
        return request, {}
    new = {name: rule.fitted(name) for name in odd}
    return _with(request, new), {fitted: name for name, fitted in new.items()}


def _names(request: ChatRequest) -> set[str]:
    names = {tool.name for tool in request.tools if isinstance(tool, Tool)}
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, NAMED) and part.name:
                names.add(part.name)
    return names


def _with(request: ChatRequest, new: Mapping[str, str]) -> ChatRequest:
    choice = request.tool_choice
    if choice is not None:
        choice = msgspec.structs.replace(
            choice,
            name=new.get(choice.name, choice.name) if choice.name else None,
            allowed=tuple(new.get(name, name) for name in choice.allowed),
        )
    return msgspec.structs.replace(
        request,
        tools=tuple(_tool(tool, new) for tool in request.tools),
        tool_choice=choice,
        messages=tuple(
            msgspec.structs.replace(message, parts=_parts(message.parts, new))
            for message in request.messages
        ),
    )


def _tool(tool: Tool | NativeTool, new: Mapping[str, str]) -> Tool | NativeTool:
    if isinstance(tool, NativeTool) or tool.name not in new:
        return tool
    return msgspec.structs.replace(tool, name=new[tool.name])


def _parts(parts: Iterable[Part], new: Mapping[str, str]) -> tuple[Part, ...]:
    return tuple(_part(part, new) for part in parts)


def _part(part: Part, new: Mapping[str, str]) -> Part:
    if not isinstance(part, NAMED) or part.name is None or part.name not in new:
        return part
    return msgspec.structs.replace(part, name=new[part.name])


def restored(response: ChatResponse, renamed: Renamed) -> ChatResponse:
    """The answer with the client's names."""
    choices = tuple(
        msgspec.structs.replace(choice, parts=_parts(choice.parts, renamed))
        for choice in response.choices
    )
    return msgspec.structs.replace(response, choices=choices)


def restored_deltas(deltas: Iterable[AnyDelta], renamed: Renamed) -> list[AnyDelta]:
    """The pieces of an answer with the client's names."""
    return [_delta(delta, renamed) for delta in deltas]


def _delta(delta: AnyDelta, renamed: Renamed) -> AnyDelta:
    if isinstance(delta, ToolCallBegin):
        return msgspec.structs.replace(delta, name=renamed.get(delta.name, delta.name))
    if isinstance(delta, WholePart):
        return msgspec.structs.replace(delta, value=_part(delta.value, renamed))
    return delta
