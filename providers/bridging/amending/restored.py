"""Values that a fitted schema made, as the client's own schema has them."""

from collections.abc import Callable, Mapping

import msgspec

from providers.neutral.chat import Choice, Part, Text, ToolCall
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    End,
    PartEnd,
    TextDelta,
    ToolCallBegin,
)

Rewrite = Callable[[str], str]


class Restored:
    """Rewrites the answer's text and the arguments of some calls, each once it is whole."""

    def __init__(self, text: Rewrite | None, calls: Mapping[str, Rewrite]) -> None:
        """`calls`: the provider's name of a tool → how its arguments are rewritten."""
        self._text = text
        self._calls = calls

    def whole(self, choice: Choice) -> Choice:
        """The rewritten answer."""
        return msgspec.structs.replace(choice, parts=tuple(map(self._part, choice.parts)))

    def _part(self, part: Part) -> Part:
        if isinstance(part, Text) and self._text is not None:
            return msgspec.structs.replace(part, text=self._text(part.text))
        rewrite = self._calls.get(part.name) if isinstance(part, ToolCall) else None
        if rewrite is None or not isinstance(part, ToolCall):
            return part
        return msgspec.structs.replace(part, arguments=rewrite(part.arguments))

    def stream(self) -> "RestoredStream":
        """The same for a stream."""
        return RestoredStream(self._text, self._calls)


class RestoredStream:
    """Holds what is to be rewritten until it is whole."""

    def __init__(self, text: Rewrite | None, calls: Mapping[str, Rewrite]) -> None:
        self._text = text
        self._calls = calls
        self._rewrites: dict[int, Rewrite] = {}
        self._held: dict[int, list[TextDelta | ArgumentsDelta]] = {}

    def feed(self, delta: AnyDelta) -> list[AnyDelta]:
        """What can be told now."""
        match delta:
            case End():
                return [*self._whole(), delta]
            case PartEnd() if delta.part in self._held:
                return [self._rewritten(delta.part), delta]
            case ToolCallBegin() if delta.name in self._calls:
                self._rewrites[delta.part] = self._calls[delta.name]
            case TextDelta() if self._text is not None:
                self._rewrites[delta.part] = self._text
                return self._hold(delta)
            case ArgumentsDelta() if delta.part in self._rewrites:
                return self._hold(delta)
        return [delta]

    def _hold(self, delta: TextDelta | ArgumentsDelta) -> list[AnyDelta]:
        self._held.setdefault(delta.part, []).append(delta)
        return []

    def _whole(self) -> list[AnyDelta]:
        return [self._rewritten(part) for part in list(self._held)]

    def _rewritten(self, part: int) -> AnyDelta:
        pieces = self._held.pop(part)
        text = self._rewrites[part]("".join(piece.text for piece in pieces))
        return msgspec.structs.replace(pieces[0], text=text)

    def release(self) -> list[AnyDelta]:
        """What is not whole, as it came."""
        held, self._held = self._held, {}
        return [delta for pieces in held.values() for delta in pieces]
