"""HTTP/2 frames as bytes (RFC 9113, sections 4 and 6): their numbers, and how each is written."""

import struct
from enum import IntEnum

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

HEAD_SIZE = 9
HEAD = struct.Struct(">IBI")
"""Length and type in one number (length << 8 | type), flags, stream: 9 bytes."""

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS = 0, 1, 2, 3, 4
PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 5, 6, 7, 8, 9

ACK = END_STREAM = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITISED = 0x20

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS = 1, 2, 3
INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = 4, 5, 6

STREAM_MASK = 0x7FFF_FFFF
"""The highest bit of a stream id, a window increment and a last stream id is reserved."""
MAX_WINDOW = 0x7FFF_FFFF
DEFAULT_WINDOW = 65_535
DEFAULT_FRAME = 16_384
LARGEST_FRAME = 0xFF_FFFF
DEFAULT_TABLE = 4_096

SETTING = struct.Struct(">HI")
WORD = struct.Struct(">I")
GOAWAY_BODY = struct.Struct(">II")


# Section 6: which frames belong to a stream, which to the connection, and how long they must be.
OF_STREAM = frozenset({DATA, HEADERS, PRIORITY, RST_STREAM, CONTINUATION})
OF_CONNECTION = frozenset({SETTINGS, PING, GOAWAY})
LENGTHS = {PRIORITY: 5, RST_STREAM: 4, PING: 8, WINDOW_UPDATE: 4}


class Code(IntEnum):
    """Error codes of RST_STREAM and GOAWAY (RFC 9113, section 7)."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11
    INADEQUATE_SECURITY = 12
    HTTP_1_1_REQUIRED = 13


class ConnectionFault(Exception):
    """A broken rule that ends the connection (RFC 9113, section 5.4.1)."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code


def check(kind: int, stream: int, length: int) -> None:
    """ConnectionFault for a frame in the wrong place or of the wrong length."""
    if kind in OF_CONNECTION if stream else kind in OF_STREAM:
        raise ConnectionFault(Code.PROTOCOL_ERROR, f"frame type {kind} on stream {stream}")
    if LENGTHS.get(kind, length) != length:
        raise ConnectionFault(Code.FRAME_SIZE_ERROR, f"frame type {kind} of {length} bytes")


def unpad(data: bytes, start: int, stop: int) -> tuple[int, int]:
    """Where the content of a padded frame starts and stops (6.1)."""
    if start == stop:
        raise ConnectionFault(Code.FRAME_SIZE_ERROR, "no pad length")
    padding = data[start]
    if padding >= stop - start:
        raise ConnectionFault(Code.PROTOCOL_ERROR, "padding longer than its frame")
    return start + 1, stop - padding


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return HEAD.pack(len(payload) << 8 | kind, flags, stream) + payload


def settings(values: dict[int, int]) -> bytes:
    return frame(SETTINGS, 0, 0, b"".join(SETTING.pack(*pair) for pair in values.items()))


def rst_stream(stream: int, code: int) -> bytes:
    return frame(RST_STREAM, 0, stream, WORD.pack(code))


def window_update(stream: int, increment: int) -> bytes:
    return frame(WINDOW_UPDATE, 0, stream, WORD.pack(increment))


def goaway(last: int, code: int, text: str = "") -> bytes:
    return frame(GOAWAY, 0, 0, GOAWAY_BODY.pack(last, code) + text.encode())
