"""Telephone sound: G.711 of 8,000 samples a second, a byte each, and the 16-bit samples it stands
for.

https://www.itu.int/rec/T-REC-G.711 (11/88), tables 1a to 2b. A decoded value is the table's in 16
bits: times 8 of A-law's 13 bits, times 4 of μ-law's 14. What lies between two decision values has
the code of the value in their middle; as in ITU-T G.191, -1 mirrors 0.
"""

import sys
from array import array
from collections.abc import Callable
from functools import cache

RATE = 8_000
"""Samples a second."""
BIAS = 132
"""Added to a μ-law magnitude, so that every segment is twice the one before: 33 of 14 bits."""
A_MASK = 0x55
"""A-law turns every second bit around."""
SIGN = 0x80
LOUDEST = 32_768


class Law:
    """One of both."""

    def __init__(self, decoded: Callable[[int], int]) -> None:
        """`decoded`: a code's value."""
        values = [decoded(code) for code in range(256)]
        self._low = bytes(value & 0xFF for value in values)
        self._high = bytes(value >> 8 & 0xFF for value in values)
        # Positive codes have their sign bit set.
        codes = sorted(range(SIGN, 256), key=values.__getitem__)
        # The least of A-law lies in the middle of 0 and the first decision value; that of μ-law is
        # 0, between the first ones of both signs.
        end, positive = (0 if values[codes[0]] else -values[codes[1]] // 2), b""
        for code in codes:
            end = 2 * values[code] - end
            positive += bytes([code]) * (end - len(positive))
        positive += positive[-1:] * (LOUDEST - len(positive))
        self._codes = positive + bytes(code ^ SIGN for code in reversed(positive))
        """By samples as numbers without a sign."""

    def decode(self, data: bytes) -> bytes:
        """Samples of 16 bits, little-endian."""
        made = bytearray(2 * len(data))
        made[0::2] = data.translate(self._low)
        made[1::2] = data.translate(self._high)
        return bytes(made)

    def encode(self, samples: bytes) -> bytes:
        """A byte for each sample of 16 bits, little-endian."""
        numbers = array("H", samples)
        if sys.byteorder == "big":
            numbers.byteswap()
        return bytes(map(self._codes.__getitem__, numbers))


def _mu_law(code: int) -> int:
    code = ~code & 0xFF
    size = ((((code & 0xF) << 3) + BIAS) << (code >> 4 & 7)) - BIAS
    return -size if code & SIGN else size


def _a_law(code: int) -> int:
    code ^= A_MASK
    segment, step = code >> 4 & 7, (code & 0xF) << 1
    size = ((step + 33) << (segment - 1) if segment else step + 1) * 8
    return size if code & SIGN else -size


LAWS = {"u": _mu_law, "a": _a_law}


@cache
def law(name: str) -> Law:
    """One of LAWS; its tables are made when it is first asked for."""
    return Law(LAWS[name])
