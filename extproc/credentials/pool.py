"""The keys of one backend: taken in turn by weight, passed over while a provider refuses them."""

import time
from collections.abc import Collection, Mapping, Sequence
from email.utils import parsedate_to_datetime
from itertools import count

import msgspec
import structlog

from providers.errors import Unavailable
from providers.signing.sign import Secret

log = structlog.get_logger()

QUIET = 60.0
"""Seconds in which a backend without a credential is told of once."""
REFUSALS = frozenset({401, 402, 403, 429})
"""Statuses that are about the key: it is wrong, has no money, no rights, or too much to do."""
BUSY = 10.0
"""Seconds that a key rests after a 429 which says nothing of that."""
REST = 60.0
"""Seconds that it rests after another refusal."""
LONGEST = 3600.0


class Share(msgspec.Struct, frozen=True):
    """One key, and its part of the requests."""

    number: int
    """Its place in the configuration, from 0: the same in every worker."""
    secret: Secret
    weight: int = 1

    def __repr__(self) -> str:
        return f"Share({self.number}, weight={self.weight})"


class Pool:
    """The keys of one backend. One that rests is passed over, unless all do: then the one is taken
    that rests for the shortest time, for a provider's refusal says more than ours."""

    def __init__(
        self,
        backend: str,
        shares: Sequence[Share],
        problems: Sequence[str] = (),
        absent: Sequence[str] = (),
    ) -> None:
        """`problems`: why others did not resolve; for the log, since they name files. `absent`:
        identities without a token, of which the process tells that asks for them."""
        self.shares = tuple(shares)
        self.problems = tuple(problems)
        self.absent = tuple(absent)
        self._backend = backend
        self._keys = {share.number: share.secret for share in shares}
        self._turns = _turns(shares)
        self._turn = count()
        self._rests: dict[int, float] = {}
        """Number of a key → until when it rests, by the monotonic clock."""
        self._told = float("-inf")

    def next(self, tried: Collection[int] = ()) -> Secret:
        """The key whose turn it is; rather none of those `tried`. Raises Unavailable."""
        if not self._keys:
            self._tell()
            raise Unavailable(f"the backend {self._backend!r} has no credential now")
        turn = next(self._turn) % len(self._turns)
        if tried or self._rests:
            return self._keys[self._rested(turn, tried)]
        return self._keys[self._turns[turn]]

    def _rested(self, turn: int, tried: Collection[int]) -> int:
        now = time.monotonic()
        self._rests = {number: until for number, until in self._rests.items() if until > now}
        inorder = (*self._turns[turn:], *self._turns[:turn])
        return min(inorder, key=lambda number: (number in tried, self._rests.get(number, 0.0)))

    def refused(self, secret: Secret, seconds: float) -> int | None:
        """Lets a key rest that a provider has refused; its number, if there are others."""
        number = next((n for n, mine in self._keys.items() if mine is secret), None)
        if number is None or len(self._keys) < 2:
            return None
        self._rests[number] = time.monotonic() + seconds
        return number

    def same(self, other: "Pool") -> bool:
        """Whether both hold the same keys and lack the same."""
        return (self.shares, self.problems, self.absent) == (
            other.shares,
            other.problems,
            other.absent,
        )

    @property
    def resting(self) -> int:
        """How many keys rest now."""
        now = time.monotonic()
        return sum(until > now for until in self._rests.values())

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._told >= QUIET:
            self._told = now
            problem = "; ".join((*self.problems, *self.absent))
            log.error("no credential", backend=self._backend, problem=problem)

    def __repr__(self) -> str:
        return f"Pool({len(self._keys)} secrets)"


def rest(status: int, retry_after: str | None, now: float) -> float:
    """Seconds that a key rests after a refusal; `now` is seconds since the epoch."""
    said = _seconds(retry_after, now)
    if said is None:
        return BUSY if status == 429 else REST
    return min(max(said, 0.0), LONGEST)


def _seconds(text: str | None, now: float) -> float | None:
    """Retry-After: seconds, or a date (RFC 9110, section 10.2.3)."""
    if not text:
        return None
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        return parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError):
        return None


def _turns(shares: Sequence[Share]) -> tuple[int, ...]:
    """The numbers of all keys as often as they weigh, each spread evenly."""
    placed = [
        ((turn + 0.5) / share.weight, share.number)
        for share in shares
        for turn in range(share.weight)
    ]
    return tuple(number for _, number in sorted(placed))


Pools = Mapping[str, Pool]
"""By the backends' names."""
