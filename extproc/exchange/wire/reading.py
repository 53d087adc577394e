"""ProcessingRequest bytes → Event."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from extproc.exchange.events import (
    Event,
    RequestBody,
    RequestHeaders,
    RequestTrailers,
    ResponseBody,
    ResponseHeaders,
    ResponseTrailers,
)

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class WireError(ValueError):
    """A message that is not a ProcessingRequest."""


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """(value, position after it) of the varint at `at`."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise WireError("varint too long")


def _fields(data: bytes, at: int, end: int) -> list[tuple[int, int, int]]:
    """(tag, start, end) of every field between `at` and `end`; a varint's value is its start."""
    found = []
    while at < end:
        tag = data[at]
        at += 1
        if tag >= 0x80:
            tag, at = _varint(data, at - 1)
        kind = tag & 7
        if kind == BYTES:
            size = data[at]
            at += 1
            if size >= 0x80:
                size, at = _varint(data, at - 1)
            stop = at + size
            found.append((tag, at, stop))
            at = stop
        elif kind == VARINT:
            value, at = _varint(data, at)
            found.append((tag, value, value))
        elif kind in (FIXED64, FIXED32):
            at += 8 if kind == FIXED64 else 4
        else:
            raise WireError(f"wire type {kind}")
    if at > end:
        raise WireError("a field reaches past its message")
    return found


class HeaderView:
    """The headers of one message, found where they stand.

    A HeaderValue is its key (field 1), then `raw_value` (field 3) or `value` (field 2). A name is
    looked for as the bytes of field 1 and the tag after it: neither names nor values of HTTP
    headers can hold the control characters that those contain.
    """

    __slots__ = ("_data", "_end", "_start")

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self._data = data
        self._start = start
        self._end = end

    def get(self, name: str) -> str | None:
        """The value of the first header `name`; None where it is empty, too."""
        raw, value = _needles(name)
        data = self._data
        at = data.find(raw, self._start, self._end)
        if at < 0:
            at = data.find(value, self._start, self._end)
            if at < 0:
                return None
        size, at = _varint(data, at + len(raw))
        return data[at : at + size].decode("latin-1")

    def names(self) -> str:
        """All names, one a line."""
        found = NAMES.findall(self._data, self._start, self._end)
        return b"\n".join(found).decode("latin-1")

    def items(self) -> list[tuple[str, str]]:
        """All headers, in order."""
        data = self._data
        found = []
        for _, start, end in _fields(data, self._start, self._end):
            parts = {tag: data[a:b] for tag, a, b in _fields(data, start, end)}
            value = parts.get(0x1A) or parts.get(0x12, b"")
            found.append((parts.get(0x0A, b"").decode("latin-1"), value.decode("latin-1")))
        return found


# A HeaderValue's tag and size, then those of its key; an empty value is left out. A value's size
# may be 10, which looks like the first tag, but never like both.
NAMES = re.compile(rb"\n[\x80-\xff]*[\x00-\x7f]\n[\x01-\x7f]([!-~]+)(?=[\x1a\x12\n]|\Z)")


@lru_cache(maxsize=256)
def _needles(name: str) -> tuple[bytes, bytes]:
    field = b"\x0a" + bytes([len(name)]) + name.encode("ascii")
    return field + b"\x1a", field + b"\x12"


CACHEABLE = 2048
"""Bytes of attributes; longer ones are read anew, so that no client fills the memory."""


@lru_cache(maxsize=1024)
def _attributes(entries: tuple[bytes, ...]) -> dict[str, str]:
    """The strings among the attributes that the filter was told to send.

    Each entry of map<string, Struct> is (1: filter name, 2: Struct); a Struct is entries of
    (1: name, 2: Value); a Value holds a string in field 3.
    """
    found: dict[str, str] = {}
    for data in entries:
        for tag, start, end in _fields(data, 0, len(data)):
            if tag == 0x12:
                found.update(_strings(data, start, end))
    return found


def _strings(data: bytes, start: int, end: int) -> Iterator[tuple[str, str]]:
    for _, entry, stop in _fields(data, start, end):
        parts = {tag: (a, b) for tag, a, b in _fields(data, entry, stop)}
        key, value = parts.get(0x0A), parts.get(0x12)
        if key is not None and value is not None:
            for kind, a, b in _fields(data, *value):
                if kind == 0x1A:
                    yield data[key[0] : key[1]].decode(), data[a:b].decode()


def _headers(data: bytes, start: int, end: int) -> tuple[HeaderView, bool]:
    """HttpHeaders: 1 the header map, 3 end_of_stream."""
    if start < end and data[start] == 0x0A:
        size, at = _varint(data, start + 1)
        stop = at + size
        if stop == end:
            return HeaderView(data, at, stop), False
    view, last = HeaderView(data, start, start), False
    for tag, a, b in _fields(data, start, end):
        if tag == 0x0A:
            view = HeaderView(data, a, b)
        elif tag == 0x18:
            last = bool(a)
    return view, last


def _body(data: bytes, start: int, end: int) -> tuple[bytes, bool]:
    """HttpBody: 1 the bytes, 2 end_of_stream."""
    if start < end and data[start] == 0x0A:
        size, at = _varint(data, start + 1)
        stop = at + size
        if stop == end:
            return data[at:stop], False
        if stop < end and data[stop:end] == END:
            return data[at:stop], True
    body, last = b"", False
    for tag, a, b in _fields(data, start, end):
        if tag == 0x0A:
            body = data[a:b]
        elif tag == 0x10:
            last = bool(a)
    return body, last


END = b"\x10\x01"
"""HttpBody.end_of_stream."""


def _request_headers(data: bytes, start: int, end: int) -> Event:
    headers, last = _headers(data, start, end)
    return RequestHeaders(headers, _attached(data, end), last)


def _attached(data: bytes, end: int) -> dict[str, str]:
    """The attributes in what follows the message that ends at `end`."""
    entries = [data[a:b] for tag, a, b in _fields(data, end, len(data)) if tag == ATTRIBUTES]
    read = _attributes if end + CACHEABLE > len(data) else _attributes.__wrapped__
    return read(tuple(entries))


def _response_headers(data: bytes, start: int, end: int) -> Event:
    headers, last = _headers(data, start, end)
    if end == len(data):
        return ResponseHeaders(headers, last)
    return ResponseHeaders(headers, last, _attached(data, end))


def _request_body(data: bytes, start: int, end: int) -> Event:
    return RequestBody(_body(data, start, end)[0])


def _response_body(data: bytes, start: int, end: int) -> Event:
    return ResponseBody(*_body(data, start, end))


ATTRIBUTES = 0x4A
READERS: dict[int, Callable[[bytes, int, int], Event]] = {
    0x12: _request_headers,
    0x1A: _response_headers,
    0x22: _request_body,
    0x2A: _response_body,
    0x32: lambda data, start, end: RequestTrailers(),
    0x3A: lambda data, start, end: ResponseTrailers(),
}
"""The `request` oneof of ProcessingRequest by tag. Envoy writes fields in the order of their
numbers, so the first of these is always in front of the attributes."""


def decode(message: bytes) -> Event:
    """The event that a ProcessingRequest holds; raises WireError."""
    try:
        at, end = 0, len(message)
        while at < end:
            tag = message[at]
            at += 1
            if tag >= 0x80:
                tag, at = _varint(message, at - 1)
            size, at = _varint(message, at)
            if at + size > end:
                break
            reader = READERS.get(tag)
            if reader is not None:
                return reader(message, at, at + size)
            at += size
    except (IndexError, UnicodeDecodeError) as error:
        raise WireError("the message is cut or not text where it should be") from error
    raise WireError("no event in the message")
