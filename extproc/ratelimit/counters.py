"""Where counters live: what the limiter needs of a store, and the store in memory."""

from collections.abc import Callable, Sequence
from typing import Protocol

Slot = tuple[int, str]
"""(Unix second at which it ends, key) of one counter in one window."""

Count = int | None
"""None: the store cannot tell."""


class Counters(Protocol):
    """Counters that end with their window."""

    waits: bool
    """False: every call is done when it returns, whoever awaits it."""

    async def read(self, slots: Sequence[Slot]) -> list[Count]:
        """The counters as they stand, in order; never raises."""

    async def add(self, changes: Sequence[tuple[Slot, int]]) -> list[Count]:
        """The counters after the additions, in order; each is atomic; never raises."""

    async def close(self) -> None:
        """Returns when everything that was to be added is."""


class Memory:
    """Counters of this process, lost when it ends.

    At most `capacity` at a time. When it is full, what is counted goes on being counted, and of a
    new key the store says that it cannot tell.
    """

    waits = False

    def __init__(self, clock: Callable[[], float], capacity: int = 200_000) -> None:
        self._clock = clock
        self._free = capacity
        self._windows: dict[int, dict[str, int]] = {}
        self._next_end = 0

    def __len__(self) -> int:
        return sum(map(len, self._windows.values()))

    async def read(self, slots: Sequence[Slot]) -> list[Count]:
        self._forget()
        unknown = 0 if self._free else None
        return [self._windows.get(end, {}).get(key, unknown) for end, key in slots]

    async def add(self, changes: Sequence[tuple[Slot, int]]) -> list[Count]:
        self._forget()
        return [self._add(end, key, amount) for (end, key), amount in changes]

    async def close(self) -> None:
        """Nothing is ever under way."""

    def _add(self, end: int, key: str, amount: int) -> Count:
        counts = self._windows.get(end)
        if counts is None:
            counts = self._windows[end] = {}
            self._next_end = min(self._windows)
        if key not in counts:
            if not self._free:
                return None
            self._free -= 1
        counts[key] = count = counts.get(key, 0) + amount
        return count

    def _forget(self) -> None:
        """Drops the windows that have ended; a window goes as a whole."""
        now = self._clock()
        if now < self._next_end or not self._windows:
            return
        for end in [end for end in self._windows if end <= now]:
            self._free += len(self._windows.pop(end))
        self._next_end = min(self._windows, default=0)
