"""Action → ProcessingResponse bytes."""

import re
import struct
from functools import lru_cache

from extproc import NAMESPACE
from extproc.exchange.events import (
    GO_ON,
    Action,
    BodyMode,
    Change,
    Constant,
    Event,
    Interpret,
    Metadata,
    MetadataValue,
    Reject,
    Replace,
    RequestBody,
    RequestHeaders,
    RequestTrailers,
    Reroute,
    ResponseBody,
    ResponseHeaders,
    ResponseTrailers,
    TalkThere,
)

REPLY_NAMESPACE = "ai.reply"
"""Tells Envoy's local reply mapper that a body is already complete."""


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
NUMBERS = frozenset({int, float})


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
        return _number_prefix(key) + NUMBER(value)
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
    known = PREFIXES
    return b"".join(
        [
            known[key] + NUMBER(value)
            if type(value) in NUMBERS and key in known
            else _entry(key, value)
            for key, value in metadata.items()
        ]
    )


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

TALKING = {mode: b"\x4a\x06\x10\x02\x18" + bytes([mode]) + b"\x20\x00" for mode in BodyMode}
"""mode_override of a session: its client's pieces (field 3) as said, and nothing of its answer."""

INTERPRETING = b"\x4a\x04\x18\x01\x20\x01"
"""mode_override of a session that is interpreted: pieces of both sides (fields 3 and 4)."""

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


def _common(action: Change | Replace) -> tuple[bytes, bytes, bytes]:
    """CommonResponse: 2 header_mutation, 3 body_mutation (1 body), 5 clear_route_cache: what
    stands before a body, the body, and what stands behind it. So a body of any size is copied once,
    where all of it is put together."""
    head, body = b"", b""
    if action.set_headers or action.remove_headers:
        head = _field(b"\x12", _mutation(action.set_headers, action.remove_headers))
    if action.body is not None:
        body = action.body
        size = _size(len(body))
        head += b"\x1a" + _size(len(body) + len(size) + 1) + b"\x0a" + size
    return head, body, b"\x28\x01" if type(action) in LOOKING else b""


LOOKING = (Reroute, TalkThere)


def _change(event: type[Event], action: Change) -> bytes:
    head, body, tail = _common(action)
    common = len(head) + len(body) + len(tail)
    if common:
        size = _size(common)
        head = REPLY_TAGS[event] + _size(common + len(size) + 1) + b"\x0a" + size + head
    else:
        head = NOTHING[event]
    if action.metadata:
        tail += _reported(action.metadata, action.more)
    if type(action) is Interpret:
        tail += INTERPRETING
    elif action.mode is not None:
        tail += TALKING[action.mode] if event is RequestHeaders else MODES[action.mode]
    return b"".join((head, body, tail))


def _replace(action: Replace) -> bytes:
    head, body, tail = _common(action)
    common = len(REPLACE) + len(head) + len(body) + len(tail)
    size = _size(common)
    head = b"\x12" + _size(common + len(size) + 1) + b"\x0a" + size + REPLACE + head
    if action.metadata:
        tail += _reported(action.metadata)
    return b"".join((head, body, tail))


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
