"""TLS on TCP endpoints: one-sided, mutual, and without the protocol that HTTP/2 needs."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import grpc.aio
import pytest

from extproc.transport import Endpoint, grpcio, lean
from tests.extproc.transport.certificates import Authority
from tests.extproc.transport.services import ECHO, UPPER, Log, service

MIB = 1024 * 1024


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def server_context(authority: Authority, *, mutual: bool = False) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.issue("server"))
    if mutual:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority.directory / "ca.pem")
    return context


@asynccontextmanager
async def listening(context: ssl.SSLContext) -> AsyncIterator[str]:
    endpoint = Endpoint(host="127.0.0.1", tls=context)
    server = await lean.serve(service(Log()), endpoint)
    try:
        yield f"127.0.0.1:{server.address[1]}"
    finally:
        await server.drain(0)


def connect(target: str, authority: Authority, *, known: bool) -> grpc.aio.Channel:
    root = (authority.directory / "ca.pem").read_bytes()
    chain, key = (path.read_bytes() for path in authority.issue("client"))
    credentials = (
        grpc.ssl_channel_credentials(root, key, chain)
        if known
        else grpc.ssl_channel_credentials(root)
    )
    return grpc.aio.secure_channel(
        target, credentials, options=[("grpc.max_receive_message_length", -1)]
    )


@pytest.mark.parametrize("mutual", [False, True])
async def test_calls_pass_through_tls(authority: Authority, mutual: bool) -> None:
    async with (
        listening(server_context(authority, mutual=mutual)) as target,
        connect(target, authority, known=mutual) as channel,
    ):
        call = channel.stream_stream(ECHO, bytes, bytes)()
        for body in (b"x", bytes(5 * MIB)):
            await call.write(body)
            assert await call.read() == b"re:" + body
        await call.done_writing()
        assert await call.code() is grpc.StatusCode.OK


async def test_a_client_without_a_certificate_is_refused(authority: Authority) -> None:
    async with (
        listening(server_context(authority, mutual=True)) as target,
        connect(target, authority, known=False) as channel,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await channel.unary_unary(UPPER, bytes, bytes)(b"x", timeout=5)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_client_that_does_not_speak_h2_is_refused(authority: Authority) -> None:
    async with listening(server_context(authority)) as target:
        context = ssl.create_default_context(cafile=authority.directory / "ca.pem")
        host, port = target.split(":")
        reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()


async def test_plain_text_to_a_tls_port_gets_nothing(authority: Authority) -> None:
    async with listening(server_context(authority)) as target:
        host, port = target.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        async with asyncio.timeout(10):
            assert b"SM" not in await reader.read()
        writer.close()


async def test_the_reference_transport_takes_credentials(authority: Authority) -> None:
    chain, key = (path.read_bytes() for path in authority.issue("server"))
    credentials = grpc.ssl_server_credentials([(key, chain)])
    server = await grpcio.serve(service(Log()), Endpoint(host="127.0.0.1"), credentials)
    async with connect(f"127.0.0.1:{server.address[1]}", authority, known=False) as channel:
        assert await channel.unary_unary(UPPER, bytes, bytes)(b"x") == b"X"
    await server.drain(0)


async def test_the_reference_transport_takes_no_ssl_context(authority: Authority) -> None:
    endpoint = Endpoint(host="127.0.0.1", tls=server_context(authority))
    with pytest.raises(ValueError, match="credentials"):
        await grpcio.serve(service(Log()), endpoint)
