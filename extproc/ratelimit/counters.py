"""Where counters live: what the limiter asks of a store, wherever that keeps them."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

Slot = tuple[int, str]
"""(Unix second at which it ends, key) of one counter in one window."""

PERIOD = 600
"""Seconds. What is reserved counts until the period after its own ends, and no longer: should
nobody give it back, it is free again after ten to twenty minutes, or with its window."""


class Want(msgspec.Struct, frozen=True):
    """What a request asks of one limit."""

    slots: list[Slot]
    """Counters that it may use, of which the least used one is taken."""
    budget: int
    count: int = 0
    """Spent at once."""
    hold: int = 0
    """Reserved until the request is done."""


class Change(msgspec.Struct, frozen=True):
    """What is known when a request is done."""

    slot: Slot
    budget: int
    spend: int = 0
    release: int = 0
    """Given back of what was reserved."""
    since: int = 0
    """The period in which that was."""


class Found(msgspec.Struct, frozen=True):
    """A counter as the store has it."""

    spent: int
    held: int
    """Reserved by requests that are under way."""
    since: int
    """The period of the store, in which more would be reserved."""
    index: int = 0
    """Which of a Want's slots it is."""

    def has_room(self, want: Want) -> bool:
        """Whether anything is left, or as much as is counted at once."""
        return self.spent + self.held + (want.count or 1) <= want.budget


def period(now: float) -> int:
    """The number of the period that holds `now`."""
    return int(now) // PERIOD


class Counters(Protocol):
    """Counters that end with their window."""

    waits: bool
    """False: every call is done when it returns, whoever awaits it."""

    async def take(self, wants: Sequence[Want], *, strict: bool) -> list[Found | None]:
        """Each want's counter as it was; never raises.

        Where all have room, all are counted and reserved as one atomic step; where one has none,
        nothing is. None: the store cannot tell, and has taken nothing of that want; `strict`:
        nothing of the others, either.
        """

    async def add(self, changes: Sequence[Change]) -> list[Found | None]:
        """The counters after the changes, in order; each is atomic; never raises."""

    def give_back(self, changes: Sequence[Change]) -> None:
        """The same, for nobody who waits."""

    async def close(self) -> None:
        """Returns when everything that was to be added is."""
