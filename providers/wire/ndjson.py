"""Newline-delimited JSON (https://github.com/ndjson/ndjson-spec), on bytes."""

import re

from providers.errors import BadAnswer
from providers.wire.budget import FREE, MIB, PIECE, weigh

MAX_LINE = PIECE

# httpx's `iter_lines` breaks lines as Unicode does; JSON leaves these three characters bare.
BREAKS = (
    (b"\xe2\x80\xa8", b"\\u2028"),
    (b"\xe2\x80\xa9", b"\\u2029"),
    (b"\xc2\x85", b"\\u0085"),
)


class Splitter:
    """Cuts a stream into lines, wherever the chunks are cut, in linear time; no line is blank."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def pending(self) -> bool:
        """True while a line is incomplete."""
        return bool(self._parts)

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes; raises BadAnswer for one that is too long."""
        head, newline, rest = data.rpartition(b"\n")
        if not newline:
            self._keep(data)
            return []
        if self._parts:
            head = b"".join((*self._parts, head))
            self._parts, self._size = [], 0
        if len(head) > FREE:
            weigh(head, b"\n")
        self._keep(rest)
        return [line for line in head.split(b"\n") if line and not line.isspace()]

    def _keep(self, data: bytes) -> None:
        if data:
            self._parts.append(data)
            self._size += len(data)
        if self._size > MAX_LINE:
            self._parts, self._size = [], 0
            raise BadAnswer(f"the provider sent a line longer than {MAX_LINE} bytes")

    def flush(self) -> bytes:
        """What is left: a line whose end never came; raises BadAnswer."""
        rest = b"".join(self._parts)
        self._parts, self._size = [], 0
        if len(rest) > FREE:
            weigh(rest)
        return rest


STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
# What makes an answer large, and says nothing of it: vectors, pictures in Base64, and tokens that
# were not chosen. Every repeat is possessive, and what each begins with is quickly found.
BULK = (
    (re.compile(rb"\[[-+0-9.eE, ]{256,}+(?=\])"), b"["),
    (re.compile(rb'"[A-Za-z0-9+/=]{1024,}+(?=")'), b'"'),
    (
        re.compile(rb'"top_logprobs": ?\[(?:[^\[\]"]++|' + STRING + rb"|\[[^\[\]]*+\])++(?=\])"),
        b'"top_logprobs":[',
    ),
)


def _thinned(data: bytes) -> bytes:
    for pattern, rest in BULK:
        data = pattern.sub(rest, data)
    return data


def skimmed(line: bytes) -> bytes:
    """A line of JSON without what is long in it; empty where there are still more values than can
    be read in time."""
    if len(line) < FREE:
        return line
    found = _thinned(line)
    try:
        weigh(found)
    except BadAnswer:
        return b""
    return found


LONG_LINE = 4 * MIB
"""Bytes that wait before something is taken out of them."""


class Skimmer:
    """Cuts a stream into lines of which only some members are of interest, however long they are.

    What is left of a line must fit: else the line is lost, and those after it are not.
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._due = LONG_LINE

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes."""
        head, newline, rest = data.rpartition(b"\n")
        if not newline:
            self._keep(data)
            return []
        head = b"".join((*self._parts, head))
        self._parts, self._size = [], 0
        self._keep(rest)
        return head.split(b"\n")

    def _keep(self, data: bytes) -> None:
        self._parts.append(data)
        self._size += len(data)
        if self._size > self._due:
            found = _thinned(b"".join(self._parts))
            self._parts = [found] if len(found) < MAX_LINE // 2 else []
            self._size = sum(map(len, self._parts))
            self._due = max(LONG_LINE, 2 * self._size)

    def flush(self) -> bytes:
        """What is left: a line whose end never came."""
        rest = b"".join(self._parts)
        self._parts, self._size = [], 0
        return rest


def line(document: bytes) -> bytes:
    """One line that holds a JSON document, which must have no line breaks of its own."""
    if b"\xe2\x80" in document or b"\xc2\x85" in document:
        for bare, escaped in BREAKS:
            document = document.replace(bare, escaped)
    return document + b"\n"
