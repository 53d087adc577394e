"""What one exchange may take of this server, however little its bytes are.

A reference, a list of types, a picture that is named again, a compressed answer: a few bytes can
stand for very many. Who makes more out of less takes it from a `Budget` first, and who reads JSON
asks first how much of it there is.
"""

import re
from itertools import islice
from typing import Any

import msgspec
import orjson

from providers.errors import BadAnswer, GatewayError, InvalidRequest, TooLarge

MIB = 1024 * 1024

DEPTH = 200
"""Nested objects and arrays that are read and written alike everywhere.

orjson reads 1,024 of them and writes 254, and some stand around what a client or a provider says.
"""

ANSWERED = 3
"""Values of an answer for each of a request: log probabilities are many, and little work each."""

LINES = 100_000
"""Of a batch's file; Azure takes the most of those whose files are read here."""
FILED = 5
"""Values of such a file for each of a request."""

AT_ONCE = 50_000
"""Events or lines of a stream in one piece; a MiB of the shortest that providers send has fewer."""
FREE = AT_ONCE
"""Bytes of a stream that are too few to be many events."""
PIECE = 32 * MIB
"""Bytes of one event, line or element; it holds at most one answer, and that perhaps a picture."""

UNMARKED = bytes(byte for byte in range(256) if byte not in b"[{,")
STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
# All that may stand between two marks of valid JSON are two strings and what is around them. Every
# repeat is possessive: one that may go back remembers each of its steps.
MARK = re.compile(rb'(?:[^"\[{,]++|' + STRING + rb"){0,8}+[\[{,]?+", re.DOTALL)


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What an exchange may take, as the configuration says it."""

    size: int = 50 * MIB
    """Bytes of a body that leaves, of an answer once unpacked, of a stream that is translated."""
    values: int = 200_000
    """JSON values of a request; and steps of what is made out of them."""

    def request(self, data: bytes) -> None:
        """Raises TooLarge for a body of more values than may be read."""
        if len(data) > self.values and crowded(data, self.values):
            raise TooLarge(f"the body holds {self._too_many(self.values)}")

    def batch(self, data: bytes) -> None:
        """Raises TooLarge for a file of more requests or values than may be read."""
        if data.count(b"\n") > LINES:
            raise TooLarge(f"the file holds more than {LINES} lines", param="file")
        if len(data) > self.values and crowded(data, FILED * self.values):
            raise TooLarge(f"the file holds {self._too_many(FILED * self.values)}", param="file")

    def sent(self, data: bytes) -> None:
        """Raises TooLarge for a body that has grown larger than any may be."""
        if len(data) > self.size:
            raise TooLarge(self.outgrown)

    @property
    def outgrown(self) -> str:
        """What a client is told whose request has grown too large."""
        return (
            f"the request grows to more than {self.size} bytes for its provider "
            "(envoy.max_body_bytes)"
        )

    def answer(self, data: bytes) -> None:
        """Raises BadAnswer for an answer of more values than may be read."""
        if len(data) > self.values and crowded(data, ANSWERED * self.values):
            raise BadAnswer(f"the provider's answer holds {self._too_many(ANSWERED * self.values)}")

    def rows(self, data: bytes) -> None:
        """The same where only objects and arrays are told apart, and not what stands in them."""
        most = ANSWERED * self.values
        if len(data) > most and data.count(b"{") + data.count(b"[") > most:
            raise BadAnswer(f"the provider's answer holds {self._too_many(most)}")

    def _too_many(self, most: int) -> str:
        return f"more than {most} JSON values, too many (extproc.max_values)"

    def outgrew(self, what: str) -> BadAnswer:
        """What is told of an answer of more bytes than may be kept."""
        return BadAnswer(f"{what} is larger than {self.size} bytes (envoy.max_body_bytes)")


BOUNDS = Bounds()
"""Those that hold where nobody says others."""


class Budget:
    """What is left for one request to grow by; raises TooLarge when there is none."""

    __slots__ = ("_bounds", "_bytes", "_sizes", "_steps")

    def __init__(self, bounds: Bounds = BOUNDS) -> None:
        self._bounds = bounds
        self._bytes = bounds.size
        self._steps = bounds.values
        self._sizes: dict[int, tuple[Any, int]] = {}
        """Values that were written before, by identity, and how large they are."""

    def __eq__(self, other: object) -> bool:
        """Whatever is left of it, a request means the same."""
        return isinstance(other, Budget)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def step(self, count: int) -> None:
        """Work on `count` values."""
        self._steps -= count
        if self._steps < 0:
            most = self._bounds.values
            raise TooLarge(f"a JSON schema unfolds to more than {most} values (extproc.max_values)")

    def grow(self, size: int) -> None:
        """`size` bytes more in the body that leaves."""
        self._bytes -= size
        if self._bytes < 0:
            raise TooLarge(self._bounds.outgrown)

    def copy(self, value: Any) -> None:
        """One more copy of a client's JSON value in that body."""
        if isinstance(value, str):
            self.grow(len(value))
        elif isinstance(value, dict | list):
            known = self._sizes.get(id(value))
            if known is None:
                # Kept with its size, or another might get its identity.
                known = self._sizes[id(value)] = (value, len(orjson.dumps(value)))
            self.grow(known[1])


def crowded(data: bytes, most: int) -> bool:
    """Whether JSON text holds more than `most` values, in time that its length bounds.

    All but the first are behind a bracket or a comma, and take two bytes with it.
    """
    if len(data) <= 2 * most or len(data.translate(None, UNMARKED)) < most:
        return False
    return next(islice(MARK.finditer(data), most + 1, None), None) is not None


def weigh(data: bytes, *ends: bytes) -> None:
    """Raises BadAnswer where a stream brings so much at once that others would wait.

    `ends`: what a line or an event ends with; data of fewer bytes than FREE need no weighing.
    """
    if any(data.count(end) > AT_ONCE for end in ends):
        raise BadAnswer(f"the provider sent more than {AT_ONCE} events at once")
    BOUNDS.answer(data)


def too_deep(error: Exception, asked: bool) -> GatewayError | None:
    """What a client is told where `error` says that JSON is nested too deep; None: it does not.

    `asked`: it was in what the client asks, not in the answer.
    """
    if not isinstance(error, RecursionError) and str(error) != "Recursion limit reached":
        return None
    if asked:
        return InvalidRequest(f"the body is nested deeper than {DEPTH} levels")
    return BadAnswer(f"the provider's answer is nested deeper than {DEPTH} levels")
