"""Ids of calls in an answer, none of which the conversation has already.

Some models call every call of theirs `look:0`; clients pair results by these ids.
"""

from collections.abc import Callable, Iterable

import msgspec

from providers.neutral.chat import ChatResponse, Choice, Part, ToolCall
from providers.neutral.deltas import AnyDelta, ToolCallBegin, WholePart
from providers.neutral.pairing import distinct

Shown = Callable[[str], str]
"""An id → the same as a client is shown it."""


class CallIds:
    """Gives out ids, in the order of an answer's calls."""

    def __init__(self, taken: Iterable[str], shown: Shown) -> None:
        """`taken`: the ids of the conversation so far, as the client knows them."""
        self._taken = set(taken)
        self._shown = shown

    def _new(self, id: str) -> str:
        new = distinct(id, self._taken, self._shown)
        self._taken.add(self._shown(new))
        return new

    def whole(self, response: ChatResponse) -> ChatResponse:
        """An answer."""
        choices = tuple(map(self._choice, response.choices))
        return msgspec.structs.replace(response, choices=choices)

    def _choice(self, choice: Choice) -> Choice:
        if not any(type(part) is ToolCall for part in choice.parts):
            return choice
        return msgspec.structs.replace(choice, parts=tuple(map(self._part, choice.parts)))

    def _part(self, part: Part) -> Part:
        if type(part) is not ToolCall:
            return part
        return msgspec.structs.replace(part, id=self._new(part.id))

    def deltas(self, deltas: Iterable[AnyDelta]) -> list[AnyDelta]:
        """Pieces of an answer."""
        return list(map(self._delta, deltas))

    def _delta(self, delta: AnyDelta) -> AnyDelta:
        if isinstance(delta, ToolCallBegin):
            return msgspec.structs.replace(delta, id=self._new(delta.id))
        if isinstance(delta, WholePart):
            return msgspec.structs.replace(delta, value=self._part(delta.value))
        return delta
