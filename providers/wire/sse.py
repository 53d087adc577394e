"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), on bytes.

A raw event is its lines and the blank line that ends it; joined, the raw events are the stream.
"""

import re

from providers.errors import BadAnswer
from providers.wire.budget import FREE, PIECE, weigh

MAX_EVENT = PIECE

# A blank line is an end of line right after another; each is LF, CRLF or CR.
BLANK = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r(?!\n))")
LINE = re.compile(rb"\r\n|\n|\r")
BOM = b"\xef\xbb\xbf"


class Splitter:
    """Cuts a stream into raw events, wherever the chunks are cut, in linear time."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._tail = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The raw events that `data` completes."""
        if not self._parts and data.endswith(b"\n\n") and b"\r" not in data:
            if len(data) > FREE:
                weigh(data, b"\n")
            return [event + b"\n\n" for event in data[:-2].split(b"\n\n")]
        return self._search(data)

    def _search(self, data: bytes) -> list[bytes]:
        self._parts.append(data)
        self._size += len(data)
        window = self._tail + data  # a blank line may straddle two chunks
        if BLANK.search(window) is None:
            if self._size > MAX_EVENT:
                self._keep(b"")
                raise BadAnswer(f"the provider sent an event larger than {MAX_EVENT} bytes")
            self._tail = window[-3:]
            return []
        whole = b"".join(self._parts)
        self._keep(b"")
        if len(whole) > FREE:
            weigh(whole, b"\n", b"\r")
        events, start = [], 0
        for match in BLANK.finditer(whole):
            # A final CR may be half of a CRLF whose other half has not come yet.
            if match.end() == len(whole) and whole.endswith(b"\r"):
                break
            events.append(whole[start : match.end()])
            start = match.end()
        self._keep(whole[start:])
        return events

    def _keep(self, rest: bytes) -> None:
        self._parts = [rest] if rest else []
        self._size = len(rest)
        self._tail = rest[-3:]

    @property
    def pending(self) -> bool:
        """True while an event is incomplete."""
        return bool(self._parts)

    def flush(self) -> bytes:
        """What is left: an event whose blank line never came; raises BadAnswer."""
        rest = b"".join(self._parts)
        self._keep(b"")
        if len(rest) > FREE:
            weigh(rest, b"\n", b"\r")
        return rest


def parse(event: bytes) -> tuple[bytes, bytes]:
    """(event name or b"", data or b"") of a raw event; comments and other fields are ignored."""
    if event.startswith(b"data: ") and event.find(b"\n") == len(event) - 2:
        return b"", event[6:-2]
    name = b""
    data: list[bytes] = []
    for line in LINE.split(event.removeprefix(BOM)):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    return name, b"\n".join(data)
