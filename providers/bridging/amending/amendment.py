"""What an amendment is, and how several of them follow each other."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from providers.neutral.chat import ChatResponse, Choice
from providers.neutral.deltas import AnyDelta, Begin, Beside, Failed, Ping, Used


class Stream(Protocol):
    """One streamed choice on its way to the client; deltas of other things pass by it."""

    def feed(self, delta: AnyDelta) -> list[AnyDelta]: ...

    def release(self) -> list[AnyDelta]:
        """What is still held when the stream breaks off."""


class Amendment(Protocol):
    """One thing that is still to be done to an answer."""

    def whole(self, choice: Choice) -> Choice: ...

    def stream(self) -> Stream: ...


def amended(response: ChatResponse, amendments: Iterable[Amendment]) -> ChatResponse:
    """The answer after all of them."""
    choices = response.choices
    for amendment in amendments:
        choices = tuple(map(amendment.whole, choices))
    return msgspec.structs.replace(response, choices=choices)


class AmendedStream:
    """A stream of deltas after all amendments, with its parts counted anew."""

    def __init__(self, amendments: Sequence[Amendment]) -> None:
        self._amendments = amendments
        self._chains: dict[int, list[Stream]] = {}
        """Choice → its own streams."""
        self._parts: dict[tuple[int, int], int] = {}
        self._counts: dict[int, int] = {}

    def feed(self, deltas: Iterable[AnyDelta]) -> list[AnyDelta]:
        """What the client is told of `deltas`."""
        found: list[AnyDelta] = []
        for delta in deltas:
            if isinstance(delta, Failed):
                found += self._released()
            if isinstance(delta, Begin | Beside | Used | Ping | Failed):
                found.append(delta)
            else:
                found += self._through(self._chain(delta.choice), [delta])
        return [self._counted(delta) for delta in found]

    def _chain(self, choice: int) -> list[Stream]:
        if choice not in self._chains:
            self._chains[choice] = [amendment.stream() for amendment in self._amendments]
        return self._chains[choice]

    def _through(self, chain: Sequence[Stream], deltas: list[AnyDelta]) -> list[AnyDelta]:
        for stream in chain:
            deltas = [after for delta in deltas for after in stream.feed(delta)]
        return deltas

    def _released(self) -> list[AnyDelta]:
        found: list[AnyDelta] = []
        for chain in self._chains.values():
            for place, stream in enumerate(chain):
                found += self._through(chain[place + 1 :], stream.release())
        return found

    def _counted(self, delta: AnyDelta) -> AnyDelta:
        part = getattr(delta, "part", None)
        if part is None:
            return delta
        choice: int = getattr(delta, "choice", 0)
        key = (choice, part)
        number = self._parts.get(key)
        if number is None:
            number = self._parts[key] = self._counts.get(choice, 0)
            self._counts[choice] = number + 1
        return delta if number == part else msgspec.structs.replace(delta, part=number)
