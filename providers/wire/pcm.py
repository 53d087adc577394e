"""Sound as raw samples (16 bits, little-endian, one channel), at another rate."""

import binascii
import sys
from array import array
from math import gcd

from providers.errors import InvalidRequest

SLOWEST, FASTEST = 8_000, 48_000
"""Samples a second that can be had at another rate."""


class Resampler:
    """Pieces at one rate become pieces at another, by straight lines between the samples; what is
    between two pieces waits for the second."""

    def __init__(self, rate: int, wanted: int) -> None:
        """Both between SLOWEST and FASTEST; raises ValueError."""
        if not SLOWEST <= rate <= FASTEST:
            raise ValueError(f"{rate} samples a second")
        common = gcd(rate, wanted)
        self._down, self._up = rate // common, wanted // common
        self._held = array("h")
        self._odd = b""

    def feed(self, data: bytes) -> bytes:
        """The sound at the other rate, as far as it can be said."""
        if self._up == self._down:
            return data
        data = self._odd + data
        self._odd = data[len(data) & ~1 :]
        samples = array("h", data[: len(data) & ~1])
        if sys.byteorder == "big":
            samples.byteswap()
        samples = self._held + samples
        blocks = max(0, (len(samples) - 1) // self._down)
        made = self._made(samples, blocks) if blocks else array("h")
        self._held = samples[blocks * self._down :]
        if sys.byteorder == "big":
            made.byteswap()
        return made.tobytes()

    def _made(self, samples: "array[int]", blocks: int) -> "array[int]":
        up, down = self._up, self._down
        out = array("h", bytes(2 * up * blocks))
        last = (blocks - 1) * down + 1
        for phase in range(up):
            at, part = divmod(phase * down, up)
            here, there = samples[at : at + last : down], samples[at + 1 : at + 1 + last : down]
            rest = up - part
            mixed = [(a * rest + b * part) // up for a, b in zip(here, there, strict=True)]
            out[phase::up] = array("h", mixed)
        return out


def checked(data: str, at: str) -> str:
    """`data`, if it is Base64; raises InvalidRequest that names `at`. Google takes both alphabets
    (https://protobuf.dev/programming-guides/json/)."""
    plain = data.replace("-", "+").replace("_", "/")
    try:
        binascii.a2b_base64(plain, strict_mode=True)
    except ValueError:
        raise InvalidRequest(f"{at} must be Base64", param=at) from None
    return plain
