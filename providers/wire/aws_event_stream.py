"""AWS event streams (`application/vnd.amazon.eventstream`), both directions.

A message is a prelude (its length, the length of its headers, a CRC of both), headers, a payload
and a CRC of all before it; https://smithy.io/2.0/aws/amazon-eventstream.html.
"""

import base64
import binascii
import struct
from collections.abc import Iterator, Mapping
from uuid import UUID
from zlib import crc32

import msgspec
import orjson

from providers.errors import BadAnswer
from providers.wire.budget import AT_ONCE

# The limits that botocore holds too.
MAX_HEADERS = 128 * 1024
MAX_PAYLOAD = 24 * 1024 * 1024

PRELUDE = struct.Struct(">III")
FRAME = PRELUDE.size + 4
"""Bytes of a message that has neither headers nor payload."""
CRC = struct.Struct(">I")
SHORT = struct.Struct(">H")

TRUE, FALSE, INTEGERS, BYTES, STRING, TIMESTAMP, UUID_TYPE = 0, 1, (2, 3, 4, 5), 6, 7, 8, 9
INTEGER_SIZES = {2: 1, 3: 2, 4: 4, 5: 8}


class Timestamp(msgspec.Struct, frozen=True):
    """A header that is a moment."""

    milliseconds: int
    """Since the epoch."""


Header = bool | int | bytes | str | Timestamp | UUID


class Message(msgspec.Struct, frozen=True):
    """One message of a stream."""

    headers: Mapping[str, Header]
    payload: bytes


class Splitter:
    """Cuts a stream into whole messages, wherever the chunks are cut, in linear time."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._wanted = PRELUDE.size
        """Bytes that must be there before it is worth looking."""

    @property
    def pending(self) -> bool:
        """True while a message is incomplete."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that `data` completes; raises BadAnswer behind them for what is no event
        stream."""
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._wanted:
                return
            data, self._buffer = bytes(self._buffer), bytearray()
        start, end, count = 0, len(data), 0
        self._wanted = PRELUDE.size
        while end - start >= PRELUDE.size:
            length = length_of(data, start)
            if end - start < length:
                self._wanted = length
                break
            yield data[start : start + length]
            start += length
            count += 1
            if count > AT_ONCE:
                raise BadAnswer(f"the provider sent more than {AT_ONCE} events at once")
        if start < end:
            self._buffer += memoryview(data)[start:]


def length_of(data: bytes, start: int = 0) -> int:
    """The whole length of the message that begins at `start`, its prelude checked."""
    length, headers, crc = PRELUDE.unpack_from(data, start)
    if crc32(data[start : start + 8]) != crc:
        raise BadAnswer("the provider's event stream is corrupt: a prelude's checksum is wrong")
    if headers > MAX_HEADERS or not headers + FRAME <= length <= headers + FRAME + MAX_PAYLOAD:
        raise BadAnswer(f"the provider sent an event of {length} bytes, {headers} of them headers")
    return int(length)


def open_message(message: bytes) -> tuple[bytes, bytes]:
    """(raw headers, payload) of a whole message whose prelude was checked, its checksum checked."""
    end = len(message) - 4
    if crc32(memoryview(message)[:end]) != CRC.unpack_from(message, end)[0]:
        raise BadAnswer("the provider's event stream is corrupt: a message's checksum is wrong")
    start = PRELUDE.size + int.from_bytes(message[4:8], "big")
    return message[PRELUDE.size : start], message[start:end]


def decode(message: bytes) -> Message:
    """A whole message; raises BadAnswer for a wrong checksum or headers that cannot be read."""
    length_of(message)
    raw, payload = open_message(message)
    return Message(parse_headers(raw), payload)


def parse_headers(raw: bytes) -> dict[str, Header]:
    """The headers by name; raises BadAnswer."""
    headers: dict[str, Header] = {}
    at = 0
    try:
        while at < len(raw):
            end = at + 1 + raw[at]
            name = str(raw[at + 1 : end], "utf-8")
            headers[name], at = _value(raw, raw[end], end + 1)
    except (IndexError, ValueError, struct.error) as error:
        raise BadAnswer("the provider sent an event whose headers cannot be read") from error
    return headers


def _value(raw: bytes, kind: int, at: int) -> tuple[Header, int]:
    """(value, where the next header begins)."""
    if kind in (TRUE, FALSE):
        return kind == TRUE, at
    if kind in INTEGERS:
        size = INTEGER_SIZES[kind]
        return int.from_bytes(_exactly(raw, at, size), "big", signed=True), at + size
    if kind == TIMESTAMP:
        return Timestamp(int.from_bytes(_exactly(raw, at, 8), "big", signed=True)), at + 8
    if kind == UUID_TYPE:
        return UUID(bytes=_exactly(raw, at, 16)), at + 16
    if kind not in (BYTES, STRING):
        raise ValueError(f"header type {kind}")
    size = SHORT.unpack_from(raw, at)[0]
    value = _exactly(raw, at + 2, size)
    return value if kind == BYTES else str(value, "utf-8"), at + 2 + size


def _exactly(raw: bytes, at: int, size: int) -> bytes:
    value = raw[at : at + size]
    if len(value) != size:
        raise ValueError("a header is cut")
    return value


def encode(headers: Mapping[str, Header], payload: bytes) -> bytes:
    """A whole message; an integer takes the smallest type that holds it."""
    return encode_raw(render_headers(headers), payload)


def encode_raw(headers: bytes, payload: bytes) -> bytes:
    """A whole message whose headers are rendered already."""
    lengths = struct.pack(">II", len(headers) + len(payload) + FRAME, len(headers))
    body = b"".join((lengths, CRC.pack(crc32(lengths)), headers, payload))
    return body + CRC.pack(crc32(body))


def render_headers(headers: Mapping[str, Header]) -> bytes:
    """The bytes between prelude and payload."""
    return b"".join(_header(name.encode(), value) for name, value in headers.items())


def _header(name: bytes, value: Header) -> bytes:
    return bytes((len(name),)) + name + _rendered(value)


def _rendered(value: Header) -> bytes:
    match value:
        case bool():
            return bytes((TRUE if value else FALSE,))
        case int():
            kind = next(kind for kind in INTEGERS if _fits(value, INTEGER_SIZES[kind]))
            return bytes((kind,)) + value.to_bytes(INTEGER_SIZES[kind], "big", signed=True)
        case bytes():
            return bytes((BYTES,)) + SHORT.pack(len(value)) + value
        case str():
            text = value.encode()
            return bytes((STRING,)) + SHORT.pack(len(text)) + text
        case Timestamp():
            return bytes((TIMESTAMP,)) + value.milliseconds.to_bytes(8, "big", signed=True)
        case UUID():
            return bytes((UUID_TYPE,)) + value.bytes


def _fits(value: int, size: int) -> bool:
    return -(1 << (8 * size - 1)) <= value < 1 << (8 * size - 1)


def event_headers(kind: str, content_type: str = "application/json") -> bytes:
    """The raw headers of an event of type `kind`."""
    return render_headers(
        {":event-type": kind, ":content-type": content_type, ":message-type": "event"}
    )


def exception_headers(kind: str) -> bytes:
    """The raw headers of a modeled exception, such as `throttlingException`."""
    return render_headers(
        {
            ":exception-type": kind,
            ":content-type": "application/json",
            ":message-type": "exception",
        }
    )


CHUNK = event_headers("chunk")


def wrap(chunk: bytes) -> bytes:
    """A model's own event as InvokeModelWithResponseStream sends it."""
    return encode_raw(CHUNK, b'{"bytes":"' + base64.b64encode(chunk) + b'"}')


def unwrap(payload: bytes) -> bytes:
    """The model's own event in the payload of a `chunk` event; raises BadAnswer."""
    try:
        return base64.b64decode(orjson.loads(payload)["bytes"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise BadAnswer("the provider sent a chunk that cannot be read") from error
