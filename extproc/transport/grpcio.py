"""The reference transport: the gRPC library does the work, this is a loop without decisions."""

import errno
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import grpc
import grpc.aio

from extproc.transport import Abort, Call, Endpoint, Reply, Service, Status, sockets

log = logging.getLogger(__name__)

MESSAGE_SIZE = 64 * 1024 * 1024
"""One gRPC message, in bytes."""
STREAMS = 10_000
"""Open at once on one connection."""
CODES = {code.value[0]: code for code in grpc.StatusCode}

# Generic in the type stubs alone.
if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[bytes, bytes]
    _Handler = grpc.RpcMethodHandler[bytes, bytes]
else:
    Context = grpc.aio.ServicerContext
    _Handler = grpc.RpcMethodHandler


async def _settle(reply: Reply) -> bytes:
    return reply if isinstance(reply, bytes) else await reply


async def _fail(context: Context, error: Exception) -> None:
    """Ends the RPC as the exception says; any but Abort is a bug, and logged."""
    if isinstance(error, Abort) and error.status is Status.OK:
        return  # the library aborts with errors alone
    if isinstance(error, Abort):
        await context.abort(CODES[error.status], error.message)
    log.error("a call failed", exc_info=error)
    await context.abort(CODES[Status.UNKNOWN], "internal error")


def _stream(factory: Callable[[], Call]) -> Callable[..., Awaitable[None]]:
    async def stream(_: object, context: Context) -> None:
        call: Call | None = None
        try:
            call = factory()
            while isinstance(message := await context.read(), bytes):
                await context.write(await _settle(call.receive(message)))
        except Exception as error:
            await _fail(context, error)
        finally:
            if call is not None:
                call.end()

    return stream


def _unary(method: Callable[[bytes], Reply]) -> Callable[..., Awaitable[bytes]]:
    async def unary(message: bytes, context: Context) -> bytes:
        try:
            return await _settle(method(message))
        except Exception as error:
            await _fail(context, error)
            raise

    return unary


class _Methods(grpc.GenericRpcHandler):
    """A service's methods by path, bytes in and bytes out."""

    def __init__(self, service: Service) -> None:
        self._methods: dict[str, _Handler] = {}
        for path, factory in service.streams.items():
            self._methods[path] = grpc.stream_stream_rpc_method_handler(_stream(factory))
        for path, method in service.unary.items():
            self._methods[path] = grpc.unary_unary_rpc_method_handler(_unary(method))

    def service(self, details: grpc.HandlerCallDetails) -> _Handler | None:
        return self._methods.get(details.method)


class GrpcioServer:
    """A server of the gRPC library."""

    def __init__(self, server: grpc.aio.Server, address: str | tuple[str, int]) -> None:
        self._server: Final = server
        self.address: Final = address

    async def drain(self, grace: float) -> None:
        """Take no new streams, let the open ones finish for `grace` seconds, then close."""
        await self._server.stop(grace)


async def serve(
    service: Service, endpoint: Endpoint, credentials: grpc.ServerCredentials | None = None
) -> GrpcioServer:
    """Listens at the endpoint until the server is drained; OSError if it is taken.

    The gRPC library takes certificates as `credentials`, never as an `ssl.SSLContext`.
    """
    if endpoint.tls is not None:
        raise ValueError("the grpcio transport takes credentials, not an SSL context")
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", MESSAGE_SIZE),
            ("grpc.max_send_message_length", -1),
            ("grpc.max_concurrent_streams", STREAMS),
            ("grpc.so_reuseport", 0),
        ]
    )
    server.add_generic_rpc_handlers([_Methods(service)])
    address = _bind(server, endpoint, credentials)
    await server.start()
    return GrpcioServer(server, address)


def _bind(
    server: grpc.aio.Server, endpoint: Endpoint, credentials: grpc.ServerCredentials | None
) -> str | tuple[str, int]:
    if endpoint.path:
        sockets.remove_stale(Path(endpoint.path))
        target = f"unix:{endpoint.path}"
    else:
        target = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        target += f":{endpoint.port}"
    try:
        if credentials is None:
            port = server.add_insecure_port(target)
        else:
            port = server.add_secure_port(target, credentials)
    except RuntimeError as error:
        raise OSError(errno.EADDRINUSE, str(error)) from None
    return endpoint.path or (endpoint.host, port)
