"""What requests usually use, learned from those that are done."""

from collections import OrderedDict, deque
from collections.abc import Sequence

from providers.bridging import estimate

KNOWN = 10_000
"""Kinds of requests that are remembered."""
LATEST = 32
"""Requests of a kind that are remembered."""
PERCENTILE = 75
"""Of answers that run at once, some are longer and some shorter: their sum is what counts."""

FIRST_OUTPUT = 256
"""Tokens that an answer is taken to have while nothing is known."""
FIRST_SHARE = 4
"""While nothing is known, a request reserves at most one part in so many of the budget."""


class Usual:
    """A running percentile for each kind of request: limit, model, and size by powers of two.

    By size, for a picture has as many bytes as a book and as few tokens as a page: what such bodies
    cost is learned, too.
    """

    def __init__(self) -> None:
        self._latest: OrderedDict[tuple[str, str], deque[int]] = OrderedDict()
        self._expected: dict[tuple[str, str], int] = {}

    def expect(self, limit: str, kind: str) -> int | None:
        """What such a request usually takes of the limit; None: no such was seen yet."""
        return self._expected.get((limit, kind))

    def learn(self, limit: str, kind: str, used: int) -> None:
        """Takes note of what a request has used."""
        key = (limit, kind)
        latest = self._latest.get(key)
        if latest is None:
            latest = self._latest[key] = deque(maxlen=LATEST)
            if len(self._latest) > KNOWN:
                oldest, _ = self._latest.popitem(last=False)
                del self._expected[oldest]
        else:
            self._latest.move_to_end(key)
        latest.append(used)
        self._expected[key] = percentile(latest)


def percentile(values: Sequence[int]) -> int:
    """The value below or at which PERCENTILE of all are."""
    return sorted(values)[(len(values) * PERCENTILE - 1) // 100]


def first(size: int, prices: tuple[float, float], budget: int) -> int:
    """What the first request of its kind reserves, with a body of `size` bytes.

    `prices` are what a token of the prompt and one of the answer take of the limit.
    """
    expected = estimate.by_size(size) * prices[0] + FIRST_OUTPUT * prices[1]
    return max(1, min(round(expected), budget // FIRST_SHARE))
