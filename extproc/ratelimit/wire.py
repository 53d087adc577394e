"""RateLimitRequest bytes → Query, Answer → RateLimitResponse bytes.

The only file here that knows Envoy's rate limit messages
(https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/ratelimit/v3/rls.proto).
"""

from typing import Any

import msgspec
from envoy.service.ratelimit.v3 import rls_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory

from extproc.ratelimit.window import Every

SHOULD_RATE_LIMIT = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit"

UINT32 = 0xFFFF_FFFF
"""The most that Envoy can be told of a limit or of what remains."""

_OK = rls_pb2.RateLimitResponse.OK
_OVER_LIMIT = rls_pb2.RateLimitResponse.OVER_LIMIT
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
    """A serialised RateLimitResponse."""
    over = any(status.over for status in answer.statuses)
    response = rls_pb2.RateLimitResponse(overall_code=_OVER_LIMIT if over else _OK)
    for status in answer.statuses:
        told = response.statuses.add(code=_OVER_LIMIT if status.over else _OK)
        if status.state is not None:
            _tell(told, status.state)
    for name, value in answer.headers:
        response.response_headers_to_add.add(key=name, value=value)
    if answer.message:
        response.raw_body = answer.message.encode()
    if answer.refused_by:
        response.dynamic_metadata["limit"] = answer.refused_by
        response.dynamic_metadata["kind"] = answer.kind
    if answer.held:
        response.dynamic_metadata["held"] = answer.held
    data: bytes = response.SerializeToString()
    return data


def _tell(status: Any, state: State) -> None:
    limit = status.current_limit
    limit.name = state.name
    limit.requests_per_unit = min(state.budget, UINT32)
    limit.unit = _UNITS[state.every]
    status.limit_remaining = min(state.remaining, UINT32)
    status.duration_until_reset.seconds = state.reset
