"""A JSON array that is sent element by element, as Google's APIs stream without `alt=sse`.

https://cloud.google.com/apis/docs/system-parameters
"""

import re

from providers.errors import BadAnswer
from providers.wire.budget import PIECE, weigh

MAX_ELEMENT = PIECE

OUTSIDE = re.compile(rb'["{}\[\]]')
"""What matters outside a string."""
INSIDE = re.compile(rb'["\\]')
"""What matters inside a string."""
BETWEEN = re.compile(rb"[\s,]*")
"""What may stand between two elements."""


class Splitter:
    """Cuts an array of objects into its elements, wherever the chunks are cut, in linear time."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._depth = 0
        """Open brackets; 1: between two elements."""
        self._quoted = False
        self._escaped = False
        self.closed = False
        """True once the array's own bracket has come."""

    def feed(self, data: bytes) -> list[bytes]:
        """The elements that `data` completes; raises BadAnswer for what is no array of objects."""
        weigh(data)
        elements: list[bytes] = []
        at = 0
        while at < len(data):
            at = self._within(data, at, elements) if self._depth > 1 else self._between(data, at)
        return elements

    def _between(self, data: bytes, at: int) -> int:
        match = BETWEEN.match(data, at)
        at = match.end() if match is not None else at
        if at == len(data):
            return at
        mark = data[at : at + 1]
        if mark == b"[" and self._depth == 0 and not self.closed:
            self._depth = 1
            return at + 1
        if mark == b"]" and self._depth == 1:
            self._depth, self.closed = 0, True
            return at + 1
        if mark == b"{" and self._depth == 1:
            self._depth = 2
            self._keep(mark)
            return at + 1
        raise BadAnswer("the provider sent something else than an array of JSON objects")

    def _within(self, data: bytes, start: int, elements: list[bytes]) -> int:
        """Reads on in an element, from `start` to its end or to that of `data`."""
        at = start
        while at < len(data) and self._depth > 1:
            at = self._string(data, at) if self._quoted else self._plain(data, at)
        self._keep(data[start:at])
        if self._depth == 1:
            elements.append(b"".join(self._parts))
            weigh(elements[-1])
            self._parts, self._size = [], 0
        return at

    def _string(self, data: bytes, at: int) -> int:
        if self._escaped:
            self._escaped = False
            return at + 1
        match = INSIDE.search(data, at)
        if match is None:
            return len(data)
        if match[0] == b'"':
            self._quoted = False
        else:
            self._escaped = True
        return match.end()

    def _plain(self, data: bytes, at: int) -> int:
        match = OUTSIDE.search(data, at)
        if match is None:
            return len(data)
        if match[0] == b'"':
            self._quoted = True
        else:
            self._depth += 1 if match[0] in b"{[" else -1
        return match.end()

    def _keep(self, piece: bytes) -> None:
        self._parts.append(piece)
        self._size += len(piece)
        if self._size > MAX_ELEMENT:
            self._parts, self._size = [], 0
            raise BadAnswer(f"the provider sent an array element larger than {MAX_ELEMENT} bytes")

    @property
    def pending(self) -> bool:
        """True while an element is incomplete."""
        return self._depth > 1


class Joiner:
    """Writes an array element by element."""

    def __init__(self) -> None:
        self._begun = False

    def element(self, value: bytes) -> bytes:
        """One more element, given as JSON text."""
        before = b",\r\n" if self._begun else b"["
        self._begun = True
        return before + value

    def end(self) -> bytes:
        """What closes the array."""
        return b"\r\n]" if self._begun else b"[]"
