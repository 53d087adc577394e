"""Sound as raw samples (16 bits, little-endian, one channel), at another rate."""

import binascii
import math
from functools import lru_cache
from math import gcd

from providers.errors import InvalidRequest

SLOWEST, FASTEST = 8_000, 48_000
"""Samples a second that can be had at another rate."""
MOST_PHASES = 320
"""Places between two samples at which new ones may lie: 11,025 a second become 24,000."""
REACH = 12
"""Samples at the slower rate, before and behind, that one is made of."""
PASSED = 0.94
"""Of the slower rate's half, where sound is 6 dB softer: what is above it is another tone there."""
UNIT = 1 << 16
"""What the weights of one new sample add up to."""
LIMB = 8
"""Bytes of a digit of the large integers."""
FLIP = bytes(byte ^ 0x80 for byte in range(256))
SILENCE = b"\0"
FLAT = b"\x80"
"""The upper byte of silence, in numbers without a sign."""


def fits(rate: int, wanted: int) -> bool:
    """Whether sound of one rate can be had at the other."""
    inside = min(rate, wanted) >= SLOWEST and max(rate, wanted) <= FASTEST
    return inside and wanted // gcd(rate, wanted) <= MOST_PHASES


class Resampler:
    """Pieces at one rate become pieces at another, by a windowed sinc for each place between two
    samples at which a new one lies (a polyphase filter with linear phase, no delay, and a pass band
    of the slower rate); what needs samples that are not there yet waits for them.

    The sums of weighted samples are products of large integers: samples and weights are digits of
    64 bits, so that a product's digits are their convolution (Kronecker's substitution), at the
    speed of C. Samples have no sign (silence is 32,768), and weights add up to UNIT, so that a new
    sample is bytes 2 and 3 of its digit, and one that is too loud shows in byte 4.
    """

    def __init__(self, rate: int, wanted: int) -> None:
        """Both must fit; raises ValueError."""
        if not fits(rate, wanted):
            raise ValueError(f"{rate} samples a second")
        common = gcd(rate, wanted)
        self._down, self._up = rate // common, wanted // common
        self._phases = _phases(self._down, self._up)
        self._reach = reach = _reach(self._down, self._up)
        self._taps = -(-2 * reach // self._down)
        self._low, self._high = SILENCE * (reach - 1), FLAT * (reach - 1)
        self._need = (self._up - 1) * self._down // self._up + 2 * reach
        """Samples of which a first block is made."""
        self._odd = b""
        self._heard = self._said = 0
        """Samples."""

    def feed(self, data: bytes) -> bytes:
        """The sound at the other rate, as far as it can be said."""
        if self._up == self._down:
            return data
        data = self._odd + data
        even = len(data) & ~1
        self._odd = data[even:]
        self._heard += even // 2
        self._low += data[0:even:2]
        self._high += data[1:even:2].translate(FLIP)
        blocks = (len(self._low) - self._need) // self._down + 1
        if blocks < 1:
            return b""
        made = self._made(blocks)
        self._said += blocks * self._up
        self._low = self._low[blocks * self._down :]
        self._high = self._high[blocks * self._down :]
        return made

    def rest(self) -> bytes:
        """What waits, as if silence came behind it; the sound is over."""
        if self._up == self._down:
            return b""
        self._odd = b""
        owed = round(self._heard * self._up / self._down) - self._said
        return self.feed(bytes(2 * (self._reach + self._down)))[: 2 * owed]

    def _made(self, blocks: int) -> bytes:
        up, down, taps = self._up, self._down, self._taps
        size = blocks + taps - 1
        out = bytearray(2 * up * blocks)
        digits: dict[int, int] = {}
        guard = _guard(size + taps)
        for phase, weights in enumerate(self._phases):
            total = 0
            for start, weighing in enumerate(weights, phase * down // up):
                held = digits.get(start)
                if held is None:
                    held = digits[start] = self._digits(start, size)
                total += held * weighing
            low, high = _samples(total + guard, taps - 1, blocks, size + taps)
            out[2 * phase :: 2 * up] = low
            out[2 * phase + 1 :: 2 * up] = high
        return bytes(out)

    def _digits(self, start: int, size: int) -> int:
        """Every so-many-th sample as the digits of one integer."""
        stop = start + (size - 1) * self._down + 1
        low, high = (held[start : stop : self._down] for held in (self._low, self._high))
        wide = bytearray(LIMB * size)
        wide[0 : LIMB * len(low) : LIMB] = low
        wide[1 : LIMB * len(high) : LIMB] = high
        return int.from_bytes(wide, "little")


def resampled(data: bytes, rate: int, wanted: int) -> bytes:
    """A whole sound at the other rate; raises ValueError where it does not fit."""
    one = Resampler(rate, wanted)
    return one.feed(data) + one.rest()


def _reach(down: int, up: int) -> int:
    return REACH * max(down, up) // up


@lru_cache(maxsize=64)
def _phases(down: int, up: int) -> tuple[tuple[int, ...], ...]:
    """For each place at which a new sample may lie: the weights of the samples around it, as the
    digits of an integer for each of `down` samples that follow one another."""
    reach, width = _reach(down, up), min(1.0, up / down) * PASSED
    taps = -(-2 * reach // down)
    found = []
    for phase in range(up):
        weights = _weights(phase * down % up / up, width, reach)
        firsts = range(min(down, len(weights)))
        found.append(tuple(_reversed(weights[first::down], taps) for first in firsts))
    return tuple(found)


def _weights(place: float, width: float, reach: int) -> tuple[int, ...]:
    """Of 2 * reach samples, for one that lies behind the middle two's first by `place`."""
    found = []
    for number in range(1 - reach, reach + 1):
        off = number - place
        turn = math.pi * off * width
        # Hamming's window: 53 dB.
        window = 0.54 + 0.46 * math.cos(math.pi * off / (reach + 1))
        found.append(window * (math.sin(turn) / turn if turn else 1.0))
    scale = UNIT / sum(found)
    whole = [round(weight * scale) for weight in found]
    whole[found.index(max(found))] += UNIT - sum(whole)
    return tuple(whole)


def _reversed(weights: tuple[int, ...], taps: int) -> int:
    """Weights as the digits of one integer, the last one first; those that lack are 0."""
    return sum(weight << 8 * LIMB * (taps - 1 - at) for at, weight in enumerate(weights))


def _guard(size: int) -> int:
    """Half a unit for each of so many digits, and so much more that none is negative."""
    return int.from_bytes((UNIT // 2 + (1 << 40)).to_bytes(LIMB, "little") * (size + 1), "little")


def _samples(total: int, first: int, count: int, size: int) -> tuple[bytes, bytes]:
    """(lower, upper bytes) of new samples: digits of a guarded sum of at most `size` of them."""
    held = total.to_bytes(LIMB * (size + 2), "little")
    held = held[LIMB * first : LIMB * (first + count)]
    low, high = held[2::LIMB], held[3::LIMB].translate(FLIP)
    over = held[4::LIMB]
    if over.count(0) == count:
        return low, high
    lows, highs = bytearray(low), bytearray(high)
    for at, much in enumerate(over):
        if much:
            lows[at], highs[at] = (0x00, 0x80) if much & 0x80 else (0xFF, 0x7F)
    return bytes(lows), bytes(highs)


def checked(data: str, at: str) -> str:
    """`data`, if it is Base64; raises InvalidRequest that names `at`. Google takes both alphabets
    (https://protobuf.dev/programming-guides/json/)."""
    plain = data.replace("-", "+").replace("_", "/")
    try:
        binascii.a2b_base64(plain, strict_mode=True)
    except ValueError:
        raise InvalidRequest(f"{at} must be Base64", param=at) from None
    return plain
