"""What is reserved for a request while it runs: what it asks for, and how Envoy brings it back.

The limiter keeps no list of requests. What it has reserved it tells Envoy as dynamic metadata, and
Envoy returns that with the charges when the request is done, whatever ended it: any limiter can
settle what another one has reserved.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from extproc.ratelimit.counters import Slot
from extproc.ratelimit.descriptors import ASKING, BASE, HELD, MODEL, MOVE, PRICE, RESERVE, SIZE
from extproc.ratelimit.limit import Unit
from extproc.ratelimit.usual import OF_CLIENT, likely
from extproc.ratelimit.wire import Descriptor

LONGEST = 256
"""Characters of a model's or a client's name that are told."""

_RESERVE, _SIZE, _MODEL, _CLIENT, _HELD, _BASE, _PRICE, _MOVE = (
    word.encode() for word in (RESERVE, SIZE, MODEL, ASKING, HELD, BASE, PRICE, MOVE)
)

WEIGHTS: dict[Unit, tuple[float, float]] = {
    "input_tokens": (1, 0),
    "output_tokens": (0, 1),
    "tokens": (1, 1),
}
"""What a token of the prompt and one of the answer take of a limit."""


class Wish(msgspec.Struct, frozen=True):
    """What is known of a request when it comes."""

    kind: str
    """Requests of the same kind use about the same."""
    size: int
    """Bytes of its body; 0: not known."""
    prices: tuple[float, float]
    """Millionths of a USD for a token of the prompt and one of the answer."""

    def weights(self, unit: Unit) -> tuple[float, float]:
        """What a token of the prompt and one of the answer take of a limit on `unit`."""
        return WEIGHTS.get(unit, self.prices)


class Hold(msgspec.Struct, frozen=True):
    """So much of one counter."""

    slot: Slot
    amount: int
    since: int
    """The period in which it was reserved."""

    @property
    def limit(self) -> str:
        """The name of the limit, with which a key begins."""
        return self.slot[1].partition(":")[0]


class Held(msgspec.Struct, frozen=True):
    """All that is reserved for one request."""

    kind: str
    holds: Sequence[Hold]
    base: tuple[float, float] = (0, 0)
    """The prices of a token at which it was reserved, in millionths of a USD; and those of the
    backend that was asked, if they are known."""
    price: tuple[float, float] | None = None

    @property
    def size(self) -> int:
        """About how many bytes the body has."""
        bits = self.kind.partition(" ")[0]
        return 3 << int(bits) >> 2 if bits.isdecimal() and int(bits) < 64 else 0

    @property
    def factor(self) -> float:
        """How many times as much a request costs there as was reserved for; 1 where either costs
        nothing."""
        if self.price is None:
            return 1.0
        base, there = likely(self.size, self.base), likely(self.size, self.price)
        return there / base if base > 0 < there else 1.0


def wish(descriptors: Iterable[Descriptor]) -> Wish | None:
    """What a request says of itself; None: nothing is to be reserved."""
    for descriptor in descriptors:
        prices = descriptor.entries.get(_RESERVE)
        if prices is not None:
            size = _size(descriptor.entries.get(_SIZE, b""))
            model = _name(descriptor.entries.get(_MODEL, b""))
            client = _name(descriptor.entries.get(_CLIENT, b""))
            kind = f"{size.bit_length()} {model}" + (f"{OF_CLIENT}{client}" if client else "")
            return Wish(kind, size, _prices(prices))
    return None


def _size(length: bytes) -> int:
    return int(length) if length.isdigit() and len(length) < 16 else 0


@lru_cache(maxsize=1024)
def _name(model: bytes) -> str:
    return " ".join(model.decode("utf-8", "replace")[:LONGEST].split())


@lru_cache(maxsize=1024)
def _prices(said: bytes) -> tuple[float, float]:
    try:
        prompt, answer = map(float, said.split())
    except ValueError:
        return 0.0, 0.0
    return prompt, answer


def told(held: Held) -> str:
    """What Envoy keeps until the request is done."""
    holds = [f"{one.slot[0]} {one.amount} {one.since} {one.slot[1]}" for one in held.holds]
    return "\n".join([held.kind, *holds])


def returned(descriptors: Iterable[Descriptor]) -> Held | None:
    """What Envoy brings back with the charges of a request; None: nothing was reserved."""
    for descriptor in descriptors:
        text = descriptor.entries.get(_HELD)
        if text is not None:
            return _priced(text, descriptor)
    return None


def moved(descriptors: Iterable[Descriptor]) -> Held | None:
    """What is reserved for a request that goes to a backend with another price; None: nothing of
    the kind is asked."""
    for descriptor in descriptors:
        text = descriptor.entries.get(_MOVE)
        if text is not None:
            return _priced(text, descriptor)
    return None


def _priced(text: bytes, descriptor: Descriptor) -> Held:
    held = read(text.decode("utf-8", "replace"))
    base, price = descriptor.entries.get(_BASE), descriptor.entries.get(_PRICE)
    if base is None or price is None:
        return held
    return msgspec.structs.replace(held, base=_prices(base), price=_prices(price))


def read(text: str) -> Held:
    """What `told` has written; lines that it cannot have written are passed over."""
    kind, *lines = text.split("\n")
    return Held(kind, [hold for hold in map(_hold, lines) if hold is not None])


def _hold(line: str) -> Hold | None:
    try:
        end, amount, since, key = line.split(" ", 3)
        return Hold((int(end), key), max(0, int(amount)), int(since))
    except ValueError:
        return None
