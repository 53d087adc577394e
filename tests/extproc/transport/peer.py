"""The client's side of a connection, spoken in single frames: what is sent, and what came back."""

import struct
from collections.abc import Iterable, Sequence

import hpack
import hyperframe.frame as hf

from extproc.transport.frames import Code
from extproc.transport.h2events import Event
from extproc.transport.http2 import Connection
from extproc.transport.limits import Limits

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATH = "/test.Service/Method"
REQUEST = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", PATH),
    (":authority", "peer.test"),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
]
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS = range(5)
PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(5, 10)
END_STREAM = ACK = 1
END_HEADERS, PADDED, WITH_PRIORITY = 4, 8, 32


def raw(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Any frame, legal or not."""
    return struct.pack(">IBI", len(payload) << 8 | kind, flags, stream) + payload


def block(fields: Iterable[tuple[str, str]] = REQUEST) -> bytes:
    """A header block that needs no state: no field is indexed."""
    encoder = hpack.Encoder()
    return encoder.encode([hpack.NeverIndexedHeaderTuple(*field) for field in fields])


def request(stream: int = 1, *, end: bool = False, fields: Sequence[tuple[str, str]] = ()) -> bytes:
    """HEADERS that open a stream."""
    flags = END_HEADERS | (END_STREAM if end else 0)
    return raw(HEADERS, flags, stream, block(fields or REQUEST))


def changed(*, without: str = "", **fields: str) -> list[tuple[str, str]]:
    """The usual request with fields replaced or left out."""
    kept = [(name, fields.pop(name.strip(":"), value)) for name, value in REQUEST]
    added = [(name.replace("_", "-"), value) for name, value in fields.items()]
    return [(name, value) for name, value in kept + added if name != without]


def data(stream: int, payload: bytes = b"", *, end: bool = False) -> bytes:
    return raw(DATA, END_STREAM if end else 0, stream, payload)


def message(payload: bytes) -> bytes:
    """One gRPC message with its prefix."""
    return struct.pack(">BI", 0, len(payload)) + payload


def settings(**values: int) -> bytes:
    keys = {"table": 1, "push": 2, "streams": 3, "window": 4, "frame": 5, "list": 6}
    return raw(SETTINGS, 0, 0, b"".join(struct.pack(">HI", keys[k], v) for k, v in values.items()))


def window_update(stream: int, increment: int) -> bytes:
    return raw(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def reset(stream: int, code: int = 8) -> bytes:
    return raw(RST_STREAM, 0, stream, struct.pack(">I", code))


def ping(body: bytes = b"12345678", *, ack: bool = False) -> bytes:
    return raw(PING, ACK if ack else 0, 0, body)


class Clock:
    """A clock that stands still until told otherwise."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Peer:
    """A connection to talk to, and all that came of it."""

    def __init__(self, limits: Limits | None = None, *, greeting: bytes | None = None) -> None:
        self.clock = Clock()
        self.connection = Connection(limits or Limits(), self.clock)
        self.events: list[Event] = []
        self.frames: list[hf.Frame] = []
        self._unread = b""
        if greeting is None:
            self.send(PREFACE + settings())
            self.frames.clear()
        elif greeting:
            self.send(greeting)

    def send(self, *pieces: bytes) -> list[str]:
        """What the connection said in return, one text for each frame."""
        for piece in pieces:
            self.events += self.connection.receive(piece)
        return self.read()

    def read(self) -> list[str]:
        new = self._parse(b"".join(self.connection.take()))
        self.frames += new
        return [describe(frame) for frame in new]

    def _parse(self, output: bytes) -> list[hf.Frame]:
        found = []
        while output:
            frame, length = hf.Frame.parse_frame_header(memoryview(output[:9]))
            frame.parse_body(memoryview(output[9 : 9 + length]))
            found.append(frame)
            output = output[9 + length :]
        return found


def describe(frame: hf.Frame) -> str:
    """A frame in a few words."""
    match frame:
        case hf.GoAwayFrame():
            return f"GOAWAY {Code(frame.error_code).name}"
        case hf.RstStreamFrame():
            return f"RST_STREAM {frame.stream_id} {Code(frame.error_code).name}"
        case hf.WindowUpdateFrame():
            return f"WINDOW_UPDATE {frame.stream_id} {frame.window_increment}"
        case hf.PingFrame():
            return f"PING {'ACK ' if 'ACK' in frame.flags else ''}{frame.opaque_data.decode()}"
        case hf.SettingsFrame():
            return "SETTINGS ACK" if "ACK" in frame.flags else "SETTINGS"
        case hf.DataFrame():
            end = " END" if "END_STREAM" in frame.flags else ""
            return f"DATA {frame.stream_id} {len(frame.data)}{end}"
        case hf.HeadersFrame():
            end = " END" if "END_STREAM" in frame.flags else ""
            return f"HEADERS {frame.stream_id}{end}"
    raise AssertionError(f"unexpected frame {frame!r}")
