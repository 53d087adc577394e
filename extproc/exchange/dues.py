"""What a session owes to limits: it is charged while it runs, and Envoy charges what is left.

Envoy's rate limit filter charges when a request is done, which a session is hours later. So the
server charges what the provider has said, and tells Envoy in the metadata how much it has not.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from extproc.exchange.events import Charge
from extproc.exchange.metadata import Record
from extproc.ratelimit.descriptors import (
    BACKEND,
    DUE,
    LIMIT,
    LIMITS_NAMESPACE,
    USED,
    about,
    concerns,
)
from extproc.ratelimit.limit import Limit


class Toll(msgspec.Struct, frozen=True):
    """A limit on a route, as a session there is charged."""

    limit: str
    used: str
    """The metadata key that says how much was used."""
    about: tuple[str, ...]
    """What its entries are about."""


def tolls(limits: Iterable[Limit], models: Sequence[str] | None) -> tuple[Toll, ...]:
    """Those of a route; `models` are the exact names that lead there, None where any may."""
    return tuple(
        Toll(limit.name, USED[limit.unit], about(limit, models))
        for limit in limits
        if limit.unit in USED and concerns(limit, models)
    )


def attribute(part: str) -> str:
    """Attribute: what an entry is about."""
    return f"metadata.filter_metadata['{LIMITS_NAMESPACE}']['{part}']"


class Dues:
    """What one session owes."""

    __slots__ = ("_entries", "_paid")

    def __init__(self, tolls: Iterable[Toll], said: Mapping[str, str], backend: str) -> None:
        """`said`: the attributes; a limit of which one is missing does not hold."""
        self._entries = [(toll.used, _entries(toll, said, backend)) for toll in tolls]
        self._paid = dict.fromkeys(USED.values(), 0)

    def left(self, record: Record) -> Record:
        """What is still to be charged of what was used."""
        return {DUE[unit]: self._left(record, key) for unit, key in USED.items()}

    def charges(self, record: Record) -> tuple[Charge, ...]:
        """The same, as the limits are told."""
        return tuple(self._charges(record))

    def _charges(self, record: Record) -> Iterator[Charge]:
        for key, entries in self._entries:
            left = self._left(record, key)
            if entries and left:
                yield Charge(entries, left)

    def _left(self, record: Record, key: str) -> int:
        return max(0, int(record[key]) - self._paid[key])

    def pay(self, record: Record) -> None:
        """All that was used is charged."""
        for key in self._paid:
            self._paid[key] = max(self._paid[key], int(record[key]))


def _entries(toll: Toll, said: Mapping[str, str], backend: str) -> tuple[tuple[str, str], ...]:
    """Empty where the limit does not hold."""
    values = [backend if part == BACKEND else said.get(attribute(part)) for part in toll.about]
    if None in values:
        return ()
    pairs = zip(toll.about, map(str, values), strict=True)
    return ((LIMIT, toll.limit), *pairs)
