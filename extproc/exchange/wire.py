"""ProcessingRequest bytes → Event, Action → ProcessingResponse bytes.

The only file that knows Envoy's protobuf messages. An exchange is four small messages each way, so
their few fields are read from the bytes where they stand and written as bytes: a protobuf library
costs more than all the rest of a message. Tests hold both directions against the library.
"""

import re
import struct
from collections.abc import Callable, Iterator
from functools import lru_cache

from extproc import NAMESPACE
from extproc.exchange.events import (
    GO_ON,
    Action,
    BodyMode,
    Change,
    Constant,
    Event,
    Metadata,
    MetadataValue,
    Reject,
    Replace,
    RequestBody,
    RequestHeaders,
    RequestTrailers,
    ResponseBody,
    ResponseHeaders,
    ResponseTrailers,
)

REPLY_NAMESPACE = "ai.reply"
"""Tells Envoy's local reply mapper that a body is already complete."""

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
                    yield data[slice(*key)].decode(), data[a:b].decode()


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
        if data[stop:end] == END:
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
    entries = [data[a:b] for tag, a, b in _fields(data, end, len(data)) if tag == ATTRIBUTES]
    read = _attributes if end + CACHEABLE > len(data) else _attributes.__wrapped__
    return RequestHeaders(headers, read(tuple(entries)), last)


def _response_headers(data: bytes, start: int, end: int) -> Event:
    return ResponseHeaders(*_headers(data, start, end))


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


def _size(number: int) -> bytes:
    """`number` as a varint."""
    if number < 0x80:
        return SMALL[number]
    if number < 0x4000:
        return bytes((number & 0x7F | 0x80, number >> 7))
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


SMALL = [bytes([number]) for number in range(128)]


def _field(tag: bytes, content: bytes) -> bytes:
    return tag + _size(len(content)) + content


Written = dict[tuple[str, str], bytes]
HEADERS: Written = {}
STRINGS: Written = {}
"""Headers, and strings of metadata, as they were written before, by name and value."""
MAX_WRITTEN = 4096
LONG = 512
"""Bytes of what is written anew each time, so that no client fills the memory."""


def _keep(known: Written, pair: tuple[str, str], written: bytes) -> bytes:
    if len(written) < LONG:
        if len(known) >= MAX_WRITTEN:
            known.clear()
        known[pair] = written
    return written


# HeaderValueOption: 1 HeaderValue (1 key, 3 raw_value), 3 append_action: 2 is
# OVERWRITE_IF_EXISTS_OR_ADD. HeaderMutation: 1 set_headers, 2 remove_headers.
OVERWRITE = b"\x18\x02"


# What HTTP allows in no value (https://www.rfc-editor.org/rfc/rfc9110#section-5.5): Envoy would
# answer with an error of its own.
UNFIT = re.compile(r"[^\t\x20-\x7e\x80-\xff]")


def _set_header(pair: tuple[str, str]) -> bytes:
    name, value = pair
    fit = UNFIT.sub("?", value).encode("latin-1")
    header = _field(b"\x0a", name.encode("ascii")) + _field(b"\x1a", fit)
    return _keep(HEADERS, pair, _field(b"\x0a", _field(b"\x0a", header) + OVERWRITE))


@lru_cache(maxsize=256)
def _remove_headers(names: tuple[str, ...]) -> bytes:
    return b"".join(_field(b"\x12", name.encode("ascii")) for name in names)


def _mutation(set_headers: tuple[tuple[str, str], ...], remove: tuple[str, ...]) -> bytes:
    removals = _remove_headers(remove) if remove else b""
    return removals + b"".join([HEADERS.get(pair) or _set_header(pair) for pair in set_headers])


# Value: 2 number, 3 string, 4 bool, 5 Struct. Struct: 1 map entries of (1 key, 2 Value).
NUMBER = struct.Struct("<d").pack


def _string_entry(key: str, value: str) -> bytes:
    inner = _field(b"\x1a", value.encode("utf-8", "replace"))
    written = _field(b"\x0a", _field(b"\x0a", key.encode()) + _field(b"\x12", inner))
    return _keep(STRINGS, (key, value), written)


PREFIXES: dict[str, bytes] = {}
"""What stands before the eight bytes of a number, by key; the keys are a closed set."""
MAX_PREFIXES = 256


def _number_prefix(key: str) -> bytes:
    name = _field(b"\x0a", key.encode())
    prefix = b"\x0a" + _size(len(name) + 11) + name + b"\x12\x09\x11"
    if len(PREFIXES) < MAX_PREFIXES:
        PREFIXES[key] = prefix
    return prefix


@lru_cache(maxsize=256)
def _bool_entry(key: str, value: bool) -> bytes:
    inner = b"\x20\x01" if value else b"\x20\x00"
    return _field(b"\x0a", _field(b"\x0a", key.encode()) + _field(b"\x12", inner))


def _entry(key: str, value: MetadataValue) -> bytes:
    kind = type(value)
    if kind is int or kind is float:
        prefix = PREFIXES.get(key)
        if prefix is None:
            prefix = _number_prefix(key)
        return prefix + NUMBER(value)
    if kind is bool:
        return _bool_entry(key, bool(value))
    text = str(value)
    return STRINGS.get((key, text)) or _string_entry(key, text)


NAMESPACE_KEY = _field(b"\x0a", NAMESPACE.encode())
READY = _field(
    b"\x0a",
    _field(b"\x0a", REPLY_NAMESPACE.encode())
    + _field(b"\x12", _field(b"\x2a", _bool_entry("ready", True))),
)


def _reported(metadata: Metadata, more: Metadata | None = None) -> bytes:
    """The field dynamic_metadata: a Struct of our namespace, which is a Struct of `metadata` and
    `more`; of two entries of one key the last counts."""
    fields = _entries(metadata)
    if more:
        fields += _entries(more)
    namespace = _namespace(fields)
    return DYNAMIC_METADATA + _size(len(namespace)) + namespace


def _entries(metadata: Metadata) -> bytes:
    return _constant(metadata) if isinstance(metadata, Constant) else _varying(metadata)


@lru_cache(maxsize=4096)
def _constant(metadata: Constant) -> bytes:
    return _varying(metadata)


def _varying(metadata: Metadata) -> bytes:
    return b"".join([_entry(key, value) for key, value in metadata.items()])


def _namespace(fields: bytes) -> bytes:
    """The map entry of our namespace; sizes first, so that nothing is copied twice."""
    size = len(fields)
    inner = _size(size)
    size += len(inner) + 1
    value = _size(size)
    size += len(value) + 1 + len(NAMESPACE_KEY)
    parts = (b"\x0a", _size(size), NAMESPACE_KEY, b"\x12", value, b"\x2a", inner, fields)
    return b"".join(parts)


DYNAMIC_METADATA = b"\x42"
MODES = {
    mode: b"\x4a" + bytes([len(setting)]) + setting
    for mode in BodyMode
    for setting in [b"\x20" + bytes([mode])]
}
"""mode_override, with response_body_mode (field 4) as the only thing said."""

REPLY_TAGS: dict[type[Event], bytes] = {
    RequestHeaders: b"\x0a",
    ResponseHeaders: b"\x12",
    RequestBody: b"\x1a",
    ResponseBody: b"\x22",
    RequestTrailers: b"\x2a",
    ResponseTrailers: b"\x32",
}
NOTHING = {event: tag + b"\x00" for event, tag in REPLY_TAGS.items()}
REPLACE = b"\x08\x01"
"""CommonResponse.status: CONTINUE_AND_REPLACE."""


def _common(action: Change | Replace) -> bytes:
    """CommonResponse: 2 header_mutation, 3 body_mutation (1 body)."""
    out = b""
    if action.set_headers or action.remove_headers:
        out = _field(b"\x12", _mutation(action.set_headers, action.remove_headers))
    if action.body is not None:
        size = _size(len(action.body))
        out += b"\x1a" + _size(len(action.body) + len(size) + 1) + b"\x0a" + size + action.body
    return out


def _change(event: type[Event], action: Change) -> bytes:
    common = _common(action)
    tag = REPLY_TAGS[event]
    if common:
        size = _size(len(common))
        out = tag + _size(len(common) + len(size) + 1) + b"\x0a" + size + common
    else:
        out = NOTHING[event]
    if action.metadata:
        out += _reported(action.metadata, action.more)
    if action.mode is not None:
        out += MODES[action.mode]
    return out


def _replace(action: Replace) -> bytes:
    out = _field(b"\x12", _field(b"\x0a", REPLACE + _common(action)))
    if action.metadata:
        out += _reported(action.metadata)
    return out


def _reject(action: Reject) -> bytes:
    """ImmediateResponse: 1 HttpStatus (1 code), 2 headers, 3 body, 5 details."""
    immediate = (
        _field(b"\x0a", b"\x08" + _size(action.status))
        + _field(b"\x12", _mutation(action.headers, ()))
        + _field(b"\x1a", action.body)
        + _field(b"\x2a", b"ai_extproc")
    )
    metadata = READY + (_namespace(_entries(action.metadata)) if action.metadata else b"")
    return _field(b"\x3a", immediate) + _field(DYNAMIC_METADATA, metadata)


def encode(event: type[Event], action: Action) -> bytes:
    """The ProcessingResponse that answers an event of this type with `action`."""
    match action:
        case Change():
            return NOTHING[event] if action is GO_ON else _change(event, action)
        case Replace():
            return _replace(action)
        case Reject():
            return _reject(action)
