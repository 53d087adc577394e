"""RateLimitRequest bytes → Query, Answer → RateLimitResponse bytes.

The only file here that knows Envoy's rate limit messages
(https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/ratelimit/v3/rls.proto).
"""

from functools import lru_cache
from typing import Any

import msgspec
from envoy.service.ratelimit.v3 import rls_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory

from extproc.ratelimit.descriptors import ABOVE, HELD
from extproc.ratelimit.window import Every

SHOULD_RATE_LIMIT = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit"

UINT32 = 0xFFFF_FFFF
"""The most that Envoy can be told of a limit or of what remains."""

_UNITS: dict[Every, int] = {
    "second": rls_pb2.RateLimitResponse.RateLimit.SECOND,
    "minute": rls_pb2.RateLimitResponse.RateLimit.MINUTE,
    "hour": rls_pb2.RateLimitResponse.RateLimit.HOUR,
    "day": rls_pb2.RateLimitResponse.RateLimit.DAY,
    "week": rls_pb2.RateLimitResponse.RateLimit.WEEK,
    "month": rls_pb2.RateLimitResponse.RateLimit.MONTH,
}


class WireError(ValueError):
    """Bytes that are not a RateLimitRequest."""


class Descriptor(msgspec.Struct, frozen=True):
    """One question of Envoy's."""

    entries: dict[bytes, bytes]
    """A header's value is whatever bytes the client sent."""
    hits: int | None
    """0: only asks; None: not said."""


class Query(msgspec.Struct, frozen=True):
    """Questions that are answered together."""

    domain: str
    descriptors: list[Descriptor]
    hits: int
    """For a descriptor that does not say; at least 1."""


class State(msgspec.Struct, frozen=True):
    """The answer to one descriptor that a limit holds for."""

    name: str
    budget: int
    every: Every
    remaining: int
    reset: int
    """Seconds, rounded up, until the window ends."""


class Status(msgspec.Struct, frozen=True):
    """The answer to one descriptor."""

    over: bool = False
    state: State | None = None
    """None: no limit holds, or what was used is not known."""


class Answer(msgspec.Struct, frozen=True):
    """The answer to a Query, one status for each descriptor in its order."""

    statuses: list[Status]
    headers: list[tuple[str, str]]
    """For the client."""
    message: str = ""
    """For the client whose request is refused."""
    refused_by: str = ""
    """Name of the limit that refuses, for the access log."""
    kind: str = ""
    """What it limits: `requests`, `tokens`, `cost`."""
    held: str = ""
    """What Envoy brings back when the request is done."""
    above: str = ""
    """Names of limits that would refuse and only watch, for the access log."""


_Field = descriptor_pb2.FieldDescriptorProto
_BYTEWISE = {
    "Request": {
        1: ("domain", _Field.TYPE_BYTES, ""),
        2: ("descriptors", _Field.TYPE_MESSAGE, ".Descriptor"),
        3: ("hits_addend", _Field.TYPE_UINT32, ""),
    },
    "Descriptor": {
        1: ("entries", _Field.TYPE_MESSAGE, ".Entry"),
        3: ("hits_addend", _Field.TYPE_MESSAGE, ".Hits"),
        4: ("is_negative_hits", _Field.TYPE_BOOL, ""),
    },
    "Entry": {1: ("key", _Field.TYPE_BYTES, ""), 2: ("value", _Field.TYPE_BYTES, "")},
    "Hits": {1: ("value", _Field.TYPE_UINT64, "")},
}


def _bytewise() -> Any:
    """The class of RateLimitRequest with `bytes` where Envoy declares `string`.

    Envoy copies header values as they come, and protobuf refuses to parse a string that is not
    UTF-8: a client could switch all its limits off by sending one odd byte.
    """
    file = descriptor_pb2.FileDescriptorProto(name="extproc_ratelimit.proto", syntax="proto3")
    for name, fields in _BYTEWISE.items():
        declared = file.message_type.add(name=name)
        for number, (label, kind, of) in fields.items():
            repeated = label in ("descriptors", "entries")
            field = declared.field.add(name=label, number=number, type=kind)
            field.label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
            if of:
                field.type_name = of
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("Request"))


_Request = _bytewise()


def decode(data: bytes) -> Query:
    """The questions in a serialised RateLimitRequest; WireError if it is none."""
    try:
        request = _Request.FromString(data)
    except message.DecodeError as error:
        raise WireError(str(error)) from error
    return Query(
        domain=request.domain.decode("utf-8", "replace"),
        descriptors=[
            Descriptor({entry.key: entry.value for entry in one.entries}, _hits(one))
            for one in request.descriptors
        ],
        hits=max(1, request.hits_addend),
    )


def _hits(descriptor: Any) -> int | None:
    if not descriptor.HasField("hits_addend"):
        return None
    hits: int = descriptor.hits_addend.value
    return -hits if descriptor.is_negative_hits else hits


def encode(answer: Answer) -> bytes:
    """A serialised RateLimitResponse; written as bytes, for it is on every request's way."""
    over = any(status.over for status in answer.statuses)
    parts = [b"\x08\x02" if over else b"\x08\x01"]
    parts += [_told(b"\x12", _status(status)) for status in answer.statuses]
    parts += [_header(name, value) for name, value in answer.headers]
    if answer.message:
        parts.append(_told(b"\x2a", answer.message.encode()))
    if answer.held or answer.above:
        entries = _entry(HELD, answer.held) if answer.held else b""
        entries += _entry(ABOVE, answer.above) if answer.above else b""
        parts.append(_told(b"\x32", entries))
    elif answer.refused_by:
        entries = _entry("limit", answer.refused_by) + _entry("kind", answer.kind)
        parts.append(_told(b"\x32", entries))
    return b"".join(parts)


def held(reply: bytes) -> str:
    """What a serialised RateLimitResponse of ours tells Envoy to bring back."""
    answer = rls_pb2.RateLimitResponse.FromString(reply)
    told: str = answer.dynamic_metadata.fields[HELD].string_value
    return told


@lru_cache(maxsize=4096)
def _header(name: str, value: str) -> bytes:
    """HeaderValue: 1 key, 2 value."""
    return _told(b"\x1a", _told(b"\x0a", name.encode()) + _told(b"\x12", value.encode()))


def _told(tag: bytes, data: bytes) -> bytes:
    """A field that has a length."""
    size = len(data)
    return tag + (SMALL[size] if size < 0x80 else varint(size)) + data


def varint(value: int) -> bytes:
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


SMALL = [bytes((value,)) for value in range(0x80)]


def _status(status: Status) -> bytes:
    """DescriptorStatus: 1 code, 2 current_limit, 3 limit_remaining, 4 duration_until_reset."""
    code = b"\x08\x02" if status.over else b"\x08\x01"
    state = status.state
    if state is None:
        return code
    limit = _limit(state.name, state.budget, state.every)
    left = varint(min(state.remaining, UINT32))
    return code + limit + b"\x18" + left + _told(b"\x22", b"\x08" + varint(state.reset))


@lru_cache(maxsize=1024)
def _limit(name: str, budget: int, every: Every) -> bytes:
    """RateLimit: 1 requests_per_unit, 2 unit, 3 name."""
    unit = b"\x10" + varint(_UNITS[every])
    amount = b"\x08" + varint(min(budget, UINT32))
    return _told(b"\x12", amount + unit + _told(b"\x1a", name.encode()))


def _entry(key: str, text: str) -> bytes:
    """An entry of a Struct: 1 key, 2 value, whose field 3 is text."""
    value = _told(b"\x1a", text.encode())
    return _told(b"\x0a", _told(b"\x0a", key.encode()) + _told(b"\x12", value))
