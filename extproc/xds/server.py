"""The aggregated discovery service of gRPC, for both forms of the protocol."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import structlog
from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf.any_pb2 import Any as Packed

from extproc.config import ConfigError, Unresolved
from extproc.config.process import ServerTls
from extproc.xds.peer import Answer, Ask
from extproc.xds.source import Source
from extproc.xds.stream import Stream

log = structlog.get_logger()

SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
LARGEST = 64 * 1024 * 1024
"""Bytes of one answer: routes to 10,000 models are some 8 MB."""
Sourcing = Callable[[], Awaitable[Source]]

ASKED = 4 * 1024 * 1024
"""Bytes of one request."""
WORDS = 2_000
"""Characters of what an Envoy says that are logged."""


def credentials(tls: ServerTls | None) -> grpc.ServerCredentials | None:
    """Those of a server with these files; OSError where one cannot be read."""
    if tls is None:
        return None
    pair = (Path(tls.key).read_bytes(), Path(tls.certificate).read_bytes())
    authorities = None if tls.client_ca is None else Path(tls.client_ca).read_bytes()
    return grpc.ssl_server_credentials(
        [pair], authorities, require_client_auth=authorities is not None
    )


async def serve(
    source: Sourcing, address: str, credentials: grpc.ServerCredentials | None = None
) -> grpc.aio.Server:
    """Listens at a gRPC address (`unix:PATH`, `HOST:PORT`); OSError if it is taken.

    `source` is asked once for each stream.
    """
    options = [
        ("grpc.max_send_message_length", LARGEST),
        ("grpc.max_receive_message_length", ASKED),
        ("grpc.so_reuseport", 0),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_permit_without_calls", 1),
    ]
    server = grpc.aio.server(options=options)
    server.add_generic_rpc_handlers((_handlers(source),))
    try:
        if credentials is None:
            server.add_insecure_port(address)
        else:
            server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise OSError(str(error)) from None
    await server.start()
    return server


def _handlers(source: Sourcing) -> Any:
    async def whole(requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        async for answer in _talk(source, _asks(requests, _whole_ask), whole=True):
            yield _whole_answer(answer)

    async def delta(requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        async for answer in _talk(source, _asks(requests, _delta_ask), whole=False):
            yield _delta_answer(answer)

    pb = discovery_pb2
    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            "StreamAggregatedResources": grpc.stream_stream_rpc_method_handler(
                whole,
                request_deserializer=pb.DiscoveryRequest.FromString,
                response_serializer=pb.DiscoveryResponse.SerializeToString,
            ),
            "DeltaAggregatedResources": grpc.stream_stream_rpc_method_handler(
                delta,
                request_deserializer=pb.DeltaDiscoveryRequest.FromString,
                response_serializer=pb.DeltaDiscoveryResponse.SerializeToString,
            ),
        },
    )


async def _asks(requests: AsyncIterator[Any], read: Any) -> AsyncIterator[tuple[Ask, str]]:
    """Each request, and the name of who asks."""
    async for request in requests:
        yield read(request), request.node.id


async def _talk(
    source: Sourcing, asks: AsyncIterator[tuple[Ask, str]], *, whole: bool
) -> AsyncIterator[Answer]:
    """The answers to one Envoy, until it hangs up."""
    queue: asyncio.Queue[Answer | None] = asyncio.Queue()
    try:
        stream = Stream(await source(), queue.put, whole=whole)
    except (ConfigError, Unresolved) as error:
        log.error("there is no configuration for Envoy", problem=str(error))
        return  # it asks again

    async def listen() -> None:
        following: asyncio.Task[None] | None = None
        try:
            async for ask, envoy in asks:
                await stream.hear(ask, envoy)
                if following is None:
                    log.info("Envoy asks for its configuration", envoy=stream.envoy)
                    following = asyncio.create_task(stream.follow())
        finally:
            if following is not None:
                following.cancel()
            await queue.put(None)

    listening = asyncio.create_task(listen())
    try:
        while (answer := await queue.get()) is not None:
            yield answer
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


def _whole_ask(request: Any) -> Ask:
    return Ask(
        kind=request.type_url,
        nonce=request.response_nonce,
        error=request.error_detail.message[:WORDS],
        names=tuple(request.resource_names),
    )


def _delta_ask(request: Any) -> Ask:
    return Ask(
        kind=request.type_url,
        nonce=request.response_nonce,
        error=request.error_detail.message[:WORDS],
        names=tuple(request.resource_names_subscribe),
        dropped=tuple(request.resource_names_unsubscribe),
        known=dict(request.initial_resource_versions),
    )


def _whole_answer(answer: Answer) -> Any:
    return discovery_pb2.DiscoveryResponse(
        version_info=answer.version,
        type_url=answer.kind,
        nonce=answer.nonce,
        resources=[Packed(type_url=answer.kind, value=r.body) for r in answer.resources.values()],
    )


def _delta_answer(answer: Answer) -> Any:
    found = discovery_pb2.DeltaDiscoveryResponse(
        system_version_info=answer.version,
        type_url=answer.kind,
        nonce=answer.nonce,
        removed_resources=answer.removed,
    )
    for name, one in answer.resources.items():
        resource = Packed(type_url=answer.kind, value=one.body)
        found.resources.add(name=name, version=one.version, resource=resource)
    return found
