"""Texts of an answer that pass through a filter, whole and streamed."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from providers.neutral.chat import Choice, Text
from providers.neutral.deltas import AnyDelta, End, PartEnd, TextDelta


class Filter(Protocol):
    """One text, piece by piece."""

    def feed(self, text: str) -> str: ...

    def flush(self) -> str:
        """What was held back and is now known to stay."""


class Filtered:
    """Every text of an answer through a filter of its own."""

    def __init__(self, make: Callable[[], Filter]) -> None:
        self._make = make

    def whole(self, choice: Choice) -> Choice:
        """The answer with filtered texts."""
        parts = tuple(
            msgspec.structs.replace(part, text=self._text(part.text))
            if isinstance(part, Text)
            else part
            for part in choice.parts
        )
        return msgspec.structs.replace(choice, parts=parts)

    def _text(self, text: str) -> str:
        one = self._make()
        return one.feed(text) + one.flush()

    def stream(self) -> "FilteredStream":
        """The same for a stream."""
        return FilteredStream(self._make)


class FilteredStream:
    """Filters the texts of a stream."""

    def __init__(self, make: Callable[[], Filter]) -> None:
        self._make = make
        self._filters: dict[int, Filter] = {}
        self._choice = 0

    def feed(self, delta: AnyDelta) -> list[AnyDelta]:
        """The delta, filtered, after what it lets go."""
        if isinstance(delta, TextDelta):
            return self._text(delta)
        if isinstance(delta, PartEnd) and delta.part in self._filters:
            return [*self._flushed(delta.part), delta]
        return [*self.release(), delta] if isinstance(delta, End) else [delta]

    def _text(self, delta: TextDelta) -> list[AnyDelta]:
        self._choice = delta.choice
        one = self._filters.get(delta.part)
        if one is None:
            one = self._filters[delta.part] = self._make()
        text = one.feed(delta.text)
        if text == delta.text:
            return [delta]
        return [msgspec.structs.replace(delta, text=text, logprobs=None)] if text else []

    def _flushed(self, part: int) -> list[AnyDelta]:
        text = self._filters.pop(part).flush()
        return [TextDelta(text=text, part=part, choice=self._choice)] if text else []

    def release(self) -> list[AnyDelta]:
        """What all texts still hold back."""
        return [delta for part in list(self._filters) for delta in self._flushed(part)]
