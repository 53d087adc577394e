"""What is sent to a provider and what it answers, kept for the backends that say so.

Only bodies, as they pass: none of a session, and none of what Envoy lets pass unseen.
"""

from collections.abc import Callable, Container

import msgspec

from extproc.exchange.events import (
    Action,
    Change,
    Event,
    Fetched,
    Heard,
    Reject,
    RequestBody,
    ResponseBody,
    ResponseHeaders,
    Rested,
    Wish,
)
from extproc.exchange.recorded import Machine, Recorded, Write


class Bodies(msgspec.Struct, frozen=True, kw_only=True):
    """Both bodies of one attempt, as far as they are kept."""

    id: str
    """That of its record."""
    at: float
    request_id: str = ""
    backend: str
    request: bytes
    request_bytes: int
    """How long it was."""
    response: bytes
    response_bytes: int
    encoding: str = ""
    """How the answer is compressed."""


class Keeping(msgspec.Struct, frozen=True):
    """What is kept, and where to."""

    backends: Container[str]
    most: int
    """Bytes of each body."""
    put: Callable[[bytes], None]
    """Takes what `written` gives."""
    write: Write
    """Takes the record."""
    traced: bool = False


class Raw(Recorded):
    """An exchange whose bodies are kept, too."""

    __slots__ = ("_asked", "_encoding", "_keeping", "_pieces", "_room", "_size")

    def __init__(self, exchange: Machine, number: str, now: float, keeping: Keeping) -> None:
        """As for its record."""
        super().__init__(exchange, number, now, keeping.write, traced=keeping.traced)
        self._keeping = keeping
        self._asked: bytes | None = None
        self._pieces: list[bytes] = []
        self._room = keeping.most
        self._size = 0
        self._encoding = ""

    def handle(self, event: Event | Heard) -> Action | Wish:
        """As the exchange itself."""
        action = super().handle(event)
        match event:
            case RequestBody(data=data):
                self._sent(data, action)
            case Fetched() | Rested():
                self._sent(self._asked, action)
            case ResponseHeaders(headers=headers):
                self._encoding = headers.get("content-encoding") or ""
            case ResponseBody(data=data):
                self._answered(data)
        return action

    def _sent(self, data: bytes | None, action: Action | Wish) -> None:
        changed = action.body if isinstance(action, Change) else None
        self._asked = data if changed is None else changed
        if isinstance(action, Reject):
            self._asked = None

    def _answered(self, data: bytes) -> None:
        self._size += len(data)
        if self._room:
            piece = data[: self._room]
            self._room -= len(piece)
            self._pieces.append(piece)

    def end(self) -> None:
        """Writes the record, and hands over what is kept."""
        keeping, record = self._keeping, self._record
        backend = record.get("backend")  # a copy's record calls it otherwise
        super().end()
        if not self._reports or self._asked is None or backend not in keeping.backends:
            return
        found = Bodies(
            id=str(record["id"]),
            at=float(record["at"]),
            request_id=str(record.get("request_id", "")),
            backend=str(backend),
            request=self._asked[: keeping.most],
            request_bytes=len(self._asked),
            response=b"".join(self._pieces),
            response_bytes=self._size,
            encoding=self._encoding,
        )
        keeping.put(written(found))


_written = msgspec.msgpack.Encoder()
_read = msgspec.msgpack.Decoder(Bodies)


def written(bodies: Bodies) -> bytes:
    """For another process."""
    return _written.encode(bodies)


def read(data: bytes) -> Bodies:
    """What `written` has written."""
    return _read.decode(data)
