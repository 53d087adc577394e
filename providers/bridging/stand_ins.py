"""Functions that stand for tools of another kind, which the client runs and its provider lacks.

A shell, an editor, a tool whose input is free text: every model can call them where they are
functions. On the way back a call is told as one of the client's own kind; which function stands for
which tool follows from the request of the same exchange.
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec
import orjson

from providers.neutral.chat import ChatRequest, ChatResponse, NativeTool, Part, Signature, ToolCall
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    End,
    PartEnd,
    SignatureDelta,
    ToolCallBegin,
    WholePart,
)
from providers.wire.members import Json

StandIns = Mapping[str, NativeTool]
"""The name of a function → the tool for which it stands."""

Known = Callable[[NativeTool], bool]
"""Whether the provider knows a tool as it is."""


class Recast(msgspec.Struct, frozen=True, kw_only=True):
    """What a dialect has beside functions that its clients run."""

    functions: Callable[[ChatRequest, Known], tuple[ChatRequest, StandIns]]
    """The request in which functions stand for the tools that are not known."""
    call: Callable[[ToolCall, NativeTool], Part]
    """The call of a function as one of the tool for which it stands."""
    has: Callable[[Json], bool]
    """Whether a body offers such tools."""


Call = Callable[[ToolCall, NativeTool], Part]


def restored(response: ChatResponse, stand_ins: StandIns, call: Call) -> ChatResponse:
    """The answer with calls of the client's own kinds."""
    choices = tuple(
        msgspec.structs.replace(
            choice, parts=tuple(_own(part, stand_ins, call) for part in choice.parts)
        )
        for choice in response.choices
    )
    return msgspec.structs.replace(response, choices=choices)


def _own(part: Part, stand_ins: StandIns, call: Call) -> Part:
    tool = stand_ins.get(part.name) if isinstance(part, ToolCall) else None
    return part if tool is None or not isinstance(part, ToolCall) else call(part, tool)


class Held(msgspec.Struct):
    """A call that is still being told."""

    begin: ToolCallBegin
    pieces: list[str] = []
    signature: Signature | None = None

    def complete(self, choice: int) -> bool:
        """Whether it is one of `choice`, and nothing is missing: not all providers say ends."""
        try:
            return self.begin.choice == choice and orjson.loads("".join(self.pieces)) is not None
        except orjson.JSONDecodeError:
            return False


class Restoring:
    """The same, piece by piece: a call that is no function's is told once it is complete."""

    def __init__(self, stand_ins: StandIns, call: Call) -> None:
        self._stand_ins = stand_ins
        self._call = call
        self._held: dict[tuple[int, int], Held] = {}
        """(choice, part) → the call that is not complete."""

    def feed(self, deltas: Iterable[AnyDelta]) -> list[AnyDelta]:
        """The deltas for the client."""
        return [told for delta in deltas for told in self._told(delta)]

    def _told(self, delta: AnyDelta) -> list[AnyDelta]:
        match delta:
            case ToolCallBegin(choice=choice):
                complete = [at for at, held in self._held.items() if held.complete(choice)]
                return [*map(self._whole, complete), *self._begin(delta)]
            case WholePart():
                own = _own(delta.value, self._stand_ins, self._call)
                return [msgspec.structs.replace(delta, value=own)]
            case ArgumentsDelta(part=part, choice=choice) if (choice, part) in self._held:
                self._held[choice, part].pieces.append(delta.text)
                return []
            case SignatureDelta(part=part, choice=choice) if (choice, part) in self._held:
                self._held[choice, part].signature = delta.signature
                return []
            case PartEnd(part=part, choice=choice) if (choice, part) in self._held:
                return [self._whole((choice, part)), delta]
            case End(choice=choice):
                ended = [place for place in self._held if place[0] == choice]
                return [*map(self._whole, ended), delta]
        return [delta]

    def _begin(self, delta: ToolCallBegin) -> list[AnyDelta]:
        if delta.name not in self._stand_ins:
            return [delta]
        call = ToolCall(id=delta.id, name=delta.name, arguments="{}")
        own = self._call(call, self._stand_ins[delta.name])
        if isinstance(own, ToolCall):
            return [msgspec.structs.replace(delta, name=own.name, namespace=own.namespace)]
        self._held[delta.choice, delta.part] = Held(delta)
        return []

    def _whole(self, place: tuple[int, int]) -> WholePart:
        held = self._held.pop(place)
        begin, text = held.begin, "".join(held.pieces) or "{}"
        call = ToolCall(
            id=begin.id,
            name=begin.name,
            arguments=text,
            signature=held.signature or begin.signature,
        )
        own = self._call(call, self._stand_ins[begin.name])
        return WholePart(value=own, part=begin.part, choice=begin.choice)
