"""One tool at a time, of models that cannot be told so: of several calls the first."""

import msgspec

from providers.neutral.chat import Choice, ToolCall
from providers.neutral.deltas import AnyDelta, ToolCallBegin


class FirstCall:
    """Leaves calls after the first out of an answer."""

    def whole(self, choice: Choice) -> Choice:
        """The answer with one call."""
        calls = [part for part in choice.parts if isinstance(part, ToolCall)]
        if len(calls) < 2:
            return choice
        parts = [p for p in choice.parts if not isinstance(p, ToolCall) or p is calls[0]]
        return msgspec.structs.replace(choice, parts=tuple(parts))

    def stream(self) -> "FirstCallStream":
        """The same for a stream."""
        return FirstCallStream()


class FirstCallStream:
    """Leaves out the parts of later calls."""

    def __init__(self) -> None:
        self._called = False
        self._left_out: set[int] = set()

    def feed(self, delta: AnyDelta) -> list[AnyDelta]:
        """The delta, unless it belongs to a later call."""
        if isinstance(delta, ToolCallBegin):
            if self._called:
                self._left_out.add(delta.part)
            self._called = True
        return [] if getattr(delta, "part", None) in self._left_out else [delta]

    def release(self) -> list[AnyDelta]:
        """Nothing is held."""
        return []
