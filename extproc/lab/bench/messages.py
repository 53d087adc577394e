"""One exchange as Envoy tells it: ProcessingRequests, serialised by the protobuf library."""

from collections.abc import Iterable

import msgspec
from envoy.service.ext_proc.v3 import external_processor_pb2 as pb

from extproc.exchange.proof import BACKEND, CALL
from extproc.lab.bench import bodies, vectors
from providers.bridging.chat import ChatDialect

FILTER = "envoy.filters.http.ext_proc"
CLIENT_HEADERS = (
    (":authority", "gateway.example:8080"),
    (":method", "POST"),
    (":scheme", "http"),
    ("accept", "application/json"),
    ("accept-encoding", "gzip, deflate"),
    ("content-type", "application/json"),
    ("authorization", "Bearer client-key"),
    ("user-agent", "OpenAI/Python 1.60.0"),
    ("x-stainless-lang", "python"),
    ("x-stainless-runtime", "CPython"),
    ("x-forwarded-proto", "http"),
    ("x-request-id", "7f3b3f5e-6a51-4d8d-9d6a-6c1d9b8b7a11"),
)
PROVIDER_HEADERS = (
    (":status", "200"),
    ("date", "Mon, 01 Jan 2024 00:00:00 GMT"),
    ("server", "provider"),
    ("x-request-id", "req_0123456789"),
    ("x-envoy-upstream-service-time", "420"),
)


class Exchanged(msgspec.Struct, frozen=True, kw_only=True):
    """The messages of one exchange, in order."""

    request: tuple[bytes, ...]
    """Headers and body."""
    answer: tuple[bytes, ...]
    """Headers, and the whole body or all chunks."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A client's dialect, a provider's, and how big what they say is."""

    client: ChatDialect
    target: ChatDialect
    size: int = 1000
    chunks: int = 0
    """0: a whole answer."""


def exchanged(case: Case, model: str, backend: str) -> Exchanged:
    """What the server gets to read when a client asks and its provider answers."""
    stream = case.chunks > 0
    path = bodies.entrance(case.client, model, stream=stream)
    source = "path" if model in path else "body"
    asked = bodies.body(case.client, model, case.size, stream=stream)
    kind = case.target.stream_type if stream else "application/json"
    pieces = bodies.pieces(case.target, case.chunks) if stream else [bodies.answer(case.target)]
    said = [_chunk(piece, end=not stream) for piece in pieces]
    return Exchanged(
        request=(_request(path, f"{source}\n{path}\n{model}", backend, len(asked)), _body(asked)),
        answer=(_answer(kind), *said, *([_chunk(b"", end=True)] if stream else [])),
    )


def embedded(client: vectors.Plain, target: str, model: str) -> Exchanged:
    """The same for a batch of texts."""
    path = client.client[0].path
    asked = vectors.body(client, model)
    said = vectors.answer(vectors.plain(target))
    return Exchanged(
        request=(_request(path, f"body\n{path}\n{model}", target, len(asked)), _body(asked)),
        answer=(_answer("application/json"), _chunk(said, end=True)),
    )


def heard(call: str, backend: str, frames: Iterable[bytes]) -> tuple[bytes, ...]:
    """The answers of a session: its headers, and a message for each frame."""
    message = pb.ProcessingRequest()
    _fill(message.response_headers, ((":status", "101"), ("upgrade", "websocket")))
    message.attributes[FILTER].update({BACKEND: backend, CALL: call})
    return _bytes(message), *(_chunk(frame, end=False) for frame in frames)


def _request(path: str, call: str, backend: str, length: int) -> bytes:
    message = pb.ProcessingRequest()
    extra = ((":path", path), ("content-length", str(length)))
    _fill(message.request_headers, (*CLIENT_HEADERS, *extra))
    message.attributes[FILTER].update({BACKEND: backend, CALL: call})
    return _bytes(message)


def _body(data: bytes) -> bytes:
    message = pb.ProcessingRequest()
    message.request_body.body = data
    message.request_body.end_of_stream = True
    return _bytes(message)


def _answer(content_type: str) -> bytes:
    message = pb.ProcessingRequest()
    _fill(message.response_headers, (*PROVIDER_HEADERS, ("content-type", content_type)))
    return _bytes(message)


def _chunk(data: bytes, *, end: bool) -> bytes:
    message = pb.ProcessingRequest()
    message.response_body.body = data
    message.response_body.end_of_stream = end
    return _bytes(message)


def _fill(headers: pb.HttpHeaders, pairs: tuple[tuple[str, str], ...]) -> None:
    for name, value in pairs:
        headers.headers.headers.add(key=name, raw_value=value.encode("latin-1"))


def _bytes(message: pb.ProcessingRequest) -> bytes:
    data: bytes = message.SerializeToString()
    return data


def refused(reply: bytes) -> str:
    """Why a reply turns the exchange down; empty where it does not."""
    message = pb.ProcessingResponse.FromString(reply)
    body: bytes = message.immediate_response.body
    return body.decode(errors="replace")
