"""What one descriptor asks of one limit, and what came of it."""

import hashlib
import math
from enum import Enum
from functools import lru_cache

import msgspec

from extproc.ratelimit.counters import Found, Slot, Want
from extproc.ratelimit.descriptors import BACKEND, LIMIT, MODEL, SEPARATOR
from extproc.ratelimit.limit import Limit
from extproc.ratelimit.window import window
from extproc.ratelimit.wire import Descriptor

DIGEST = 32
"""Hex digits kept of a hash: values of any length, and no one's name in the store."""


ENDLESS = 2**53
"""More than any budget; exact as a number of Lua, which Redis reckons with."""

_LIMIT, _MODEL, _BACKEND, _SEPARATOR = (
    word.encode() for word in (LIMIT, MODEL, BACKEND, SEPARATOR)
)


class Kind(Enum):
    """What a descriptor wants."""

    CHECK = 0
    """Hits 0: is anything left?"""
    COUNT = 1
    """A request, hits not said: count it, if nothing is spent."""
    CHARGE = 2
    """Hits given: this was used, whatever is left."""


class Rule(msgspec.Struct, frozen=True):
    """A limit, made ready when the configuration is loaded."""

    limit: Limit
    budget: int
    per: tuple[bytes, ...]
    """Keys of the descriptor entries that tell one counter from another, but for the backend."""
    by_backend: bool
    models: frozenset[bytes]

    @classmethod
    def of(cls, limit: Limit) -> "Rule":
        return cls(
            limit=limit,
            budget=limit.budget,
            per=tuple(part.encode() for part in limit.per if part != BACKEND),
            by_backend=BACKEND in limit.per,
            models=frozenset(model.encode() for model in limit.models),
        )

    def nears_its_end(self, spent: int, hits: int) -> bool:
        """Whether the last `hits` of what is spent have left a tenth, or less."""
        scarce = 9 * self.budget
        return 10 * (spent - hits) < scarce <= 10 * spent


class Ask(msgspec.Struct):
    """One descriptor that a limit holds for."""

    rule: Rule
    kind: Kind
    hits: int
    slots: list[Slot]
    """More than one where it is open which backend will be chosen."""
    end: int
    """Unix second at which the window ends."""
    hold: int = 0
    """What is reserved for the request, if it is let through."""
    found: Found | None = None
    """The counter; None while it is not known."""
    over: bool = False
    """True: this limit refuses."""
    taken: bool = False
    """True: it is counted, for no limit refuses."""
    above: bool = False
    """True: this limit would refuse, and only watches."""

    def want(self) -> Want:
        """What is asked of the store."""
        count = self.hits if self.kind is Kind.COUNT else 0
        return Want(self.slots, self.rule.budget, count, self.hold)

    def endless(self) -> Want:
        """The same, where there is always room."""
        return msgspec.structs.replace(self.want(), budget=ENDLESS)

    @property
    def remaining(self) -> int:
        """What is left, 0 or more; the whole budget if nobody can tell."""
        found = self.found
        if found is None:
            return self.rule.budget
        left = self.rule.budget - found.spent - found.held
        if self.taken and self.kind is Kind.COUNT:
            left -= self.hits
        return left if left > 0 else 0

    @property
    def is_spent(self) -> bool:
        """Whether the budget is used up, whatever becomes of the requests that are under way."""
        return self.found is not None and self.found.spent >= self.rule.budget

    def reset(self, now: float) -> int:
        """Seconds, rounded up, until the window ends."""
        return max(1, math.ceil(self.end - now))

    def watch(self, found: Found | None) -> None:
        """Takes the counter where nobody is refused."""
        self.found, self.taken = found, found is not None
        self.above = found is not None and not found.has_room(self.want())

    def decide(self, found: Found | None, want: Want) -> None:
        """Takes the counter as it was when the request came."""
        self.found = found
        self.over = found is not None and not found.has_room(want)


def ask(
    rules: dict[bytes, Rule], descriptor: Descriptor, default_hits: int, now: float
) -> Ask | None:
    """What `descriptor` asks; None if no limit of ours holds for it."""
    entries = descriptor.entries
    rule = rules.get(entries.get(_LIMIT, b""))
    if rule is None or not _holds(rule, entries):
        return None
    kind, hits = _wants(rule, descriptor.hits, default_hits)
    backends = [b""]
    if rule.by_backend:
        named = entries[_BACKEND]
        backends = [named] if kind is Kind.CHARGE else named.split(_SEPARATOR)
        if len(backends) > 1:
            kind, hits = Kind.CHECK, 0
    start, end = window(rule.limit.every, now)
    values = b"\0".join([entries[key] for key in rule.per])
    slots = [(end, _key(rule.limit.name, start, values, backend)) for backend in backends]
    return Ask(rule=rule, kind=kind, hits=hits, slots=slots, end=end)


def _holds(rule: Rule, entries: dict[bytes, bytes]) -> bool:
    if not all(key in entries for key in rule.per):
        return False
    if rule.by_backend and _BACKEND not in entries:
        return False
    model = entries.get(_MODEL)
    return not rule.models or model is None or model in rule.models


def _wants(rule: Rule, hits: int | None, default_hits: int) -> tuple[Kind, int]:
    if hits is None:
        # Tokens are never guessed: a descriptor that does not say how many only asks.
        counts = rule.limit.unit == "requests"
        return (Kind.COUNT, default_hits) if counts else (Kind.CHECK, 0)
    return (Kind.CHARGE, hits) if hits else (Kind.CHECK, 0)


@lru_cache(maxsize=4096)
def _key(name: str, start: int, values: bytes, backend: bytes) -> str:
    digest = hashlib.sha256(values + b"\0\0" + backend).hexdigest()[:DIGEST]
    return f"{name}:{start}:{digest}"
