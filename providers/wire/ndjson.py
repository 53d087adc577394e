"""Newline-delimited JSON (https://github.com/ndjson/ndjson-spec), on bytes."""

from providers.errors import BadAnswer
from providers.wire.budget import FREE, PIECE, weigh

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


def line(document: bytes) -> bytes:
    """One line that holds a JSON document, which must have no line breaks of its own."""
    if b"\xe2\x80" in document or b"\xc2\x85" in document:
        for bare, escaped in BREAKS:
            document = document.replace(bare, escaped)
    return document + b"\n"
