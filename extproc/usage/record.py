"""One attempt at one backend, as it is written down (`protos/usage.proto` has the same names)."""

import msgspec

from extproc.usage import refused
from extproc.usage.refused import Refused

CUT = "cut"
"""Why an attempt failed whose provider has said nothing at all, or nothing to its end."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of it; what an operation does not have is 0."""

    id: str
    """Unique, so that a record which comes twice counts once."""
    at: float
    """When it began, seconds since the epoch."""
    request_id: str = ""
    """Envoy's, the same for all attempts of a request."""
    client: str = ""
    """Who asked, by the name of its key."""
    traceparent: str = ""
    """The trace that the request says it belongs to (W3C Trace Context); not stored."""
    operation: str = ""
    backend: str = ""
    provider: str = ""
    request_model: str = ""
    upstream_model: str = ""
    response_model: str = ""
    stream: bool = False
    status: int = 0
    error_type: str = ""
    finish_reason: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_nanousd: int = 0
    estimated: bool = False
    ttft_ms: float = 0
    duration_ms: float = 0
    images: int = 0
    seconds: float = 0
    characters: int = 0
    searches: int = 0
    pages: int = 0

    @property
    def exchange(self) -> str:
        """The request that it was made for."""
        return self.request_id or self.id

    @property
    def failure(self) -> str:
        """Why it failed; empty: it did not."""
        if self.error_type:
            return self.error_type
        return "" if self.status and self.duration_ms else CUT


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to the gateway itself."""

    event: str


class Exceeded(msgspec.Struct, frozen=True, kw_only=True):
    """A request that a limit in shadow would have refused."""

    exceeded: str
    """The limit's name."""


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """Records that could not be written down."""

    lost: int


_records = msgspec.json.Decoder(Record)
_events = msgspec.json.Decoder(Event)
_exceeded = msgspec.json.Decoder(Exceeded)
_lost = msgspec.json.Decoder(Lost)


def read(line: bytes) -> Record | Refused | Event | Exceeded | Lost:
    """What a line says; ValueError for one that says nothing of the kind."""
    if line.startswith(b'{"refused":'):
        return refused.read(line)
    if line.startswith(b'{"event":'):
        return _events.decode(line)
    if line.startswith(b'{"exceeded":'):
        return _exceeded.decode(line)
    if line.startswith(b'{"lost":'):
        return _lost.decode(line)
    return _records.decode(line)
