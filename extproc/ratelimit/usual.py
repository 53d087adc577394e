"""What requests usually use, learned from those that are done."""

from collections import OrderedDict, deque
from collections.abc import Sequence

from providers.bridging import estimate

KNOWN = 10_000
"""Kinds of requests that are remembered; as many, again, of clients."""
LATEST = 32
"""Requests of a kind that are remembered."""
ENOUGH = 8
"""Requests of a client after which its own count."""
PERCENTILE = 75
"""Of answers that run at once, some are longer and some shorter: their sum is what counts."""

FIRST_OUTPUT = 256
"""Tokens that an answer is taken to have while nothing is known."""
FIRST_SHARE = 4
"""While nothing is known, a request reserves at most one part in so many of the budget."""


OF_CLIENT = "\t"
"""In a kind, before whose requests they are."""


class Usual:
    """A running percentile for each kind of request: limit, model, size by powers of two, and
    client; what a client has asked too seldom, others are asked of.

    By size, for a picture has as many bytes as a book and as few tokens as a page: what such bodies
    cost is learned, too.
    """

    def __init__(self) -> None:
        self._own = Percentiles()
        self._all = Percentiles()

    def expect(self, limit: str, kind: str) -> int | None:
        """What such a request usually takes of the limit; None: no such was seen yet."""
        every, _, client = kind.partition(OF_CLIENT)
        own = self._own.at((limit, kind), ENOUGH) if client else None
        return self._all.at((limit, every)) if own is None else own

    def learn(self, limit: str, kind: str, used: int) -> None:
        """Takes note of what a request has used."""
        every, _, client = kind.partition(OF_CLIENT)
        self._all.add((limit, every), used)
        if client:
            self._own.add((limit, kind), used)


class Percentiles:
    """The latest numbers of so many kinds; those that nobody has added to for longest go first."""

    def __init__(self) -> None:
        self._latest: OrderedDict[tuple[str, str], deque[int]] = OrderedDict()
        self._expected: dict[tuple[str, str], int] = {}

    def at(self, key: tuple[str, str], least: int = 1) -> int | None:
        """The percentile; None: there are fewer numbers than `least`."""
        if least > 1 and len(self._latest.get(key, ())) < least:
            return None
        return self._expected.get(key)

    def add(self, key: tuple[str, str], number: int) -> None:
        """One number more."""
        latest = self._latest.get(key)
        if latest is None:
            latest = self._latest[key] = deque(maxlen=LATEST)
            if len(self._latest) > KNOWN:
                oldest, _ = self._latest.popitem(last=False)
                del self._expected[oldest]
        else:
            self._latest.move_to_end(key)
        latest.append(number)
        self._expected[key] = percentile(latest)


def percentile(values: Sequence[int]) -> int:
    """The value below or at which PERCENTILE of all are."""
    return sorted(values)[(len(values) * PERCENTILE - 1) // 100]


def first(size: int, prices: tuple[float, float], budget: int) -> int:
    """What the first request of its kind reserves, with a body of `size` bytes.

    `prices` are what a token of the prompt and one of the answer take of the limit.
    """
    return max(1, min(round(likely(size, prices)), budget // FIRST_SHARE))


def likely(size: int, prices: tuple[float, float]) -> float:
    """The same, whatever the budget is."""
    return estimate.by_size(size) * prices[0] + FIRST_OUTPUT * prices[1]
