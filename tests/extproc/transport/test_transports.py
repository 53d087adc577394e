"""Both transports do the same for grpcio's own client."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import grpc.aio
import pytest

from extproc.transport import Endpoint
from tests.extproc.transport.services import (
    BROKEN,
    CLOSED_SHOP,
    ECHO,
    REFUSE,
    SERVE,
    SLOW,
    SLOW_UPPER,
    UPPER,
    Log,
    service,
    serving,
    until,
)

UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
MIB = 1024 * 1024


def same(message: bytes) -> bytes:
    return message


@pytest.fixture(params=["lean", "grpcio"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def channel(transport: str, log: Log, tmp_path: Path) -> AsyncIterator[grpc.aio.Channel]:
    path = tmp_path / "socket"
    async with serving(log, path, transport), connect(path) as channel:
        yield channel


def connect(path: Path) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(f"unix:{path}", options=UNLIMITED)


def stream(
    channel: grpc.aio.Channel, path: str = ECHO, **options: float
) -> grpc.aio.StreamStreamCall:
    return channel.stream_stream(path, same, same)(**options)


async def test_every_message_has_its_reply(channel: grpc.aio.Channel, log: Log) -> None:
    call = stream(channel)
    for text in (b"one", b"", b"three" * 1000):
        await call.write(text)
        assert await call.read() == b"re:" + text
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    assert await call.code() is grpc.StatusCode.OK
    assert (log.begun, log.ended) == (1, 1)


async def test_replies_keep_their_order_when_messages_do_not_wait(
    channel: grpc.aio.Channel, log: Log
) -> None:
    call = stream(channel, SLOW)
    for number in range(200):
        await call.write(b"%d" % number)
    log.gate.set()
    for number in range(200):
        assert await call.read() == b"re:%d" % number
    await call.done_writing()
    assert await call.code() is grpc.StatusCode.OK


@pytest.mark.parametrize("size", [16_383, 65_536, 100_000, 300_000, 2 * MIB, 40 * MIB])
async def test_long_messages_pass_both_ways(channel: grpc.aio.Channel, size: int) -> None:
    call = stream(channel)
    body = bytes(range(256)) * (size // 256 + 1)
    for _ in range(2):
        await call.write(body[:size])
        assert await call.read() == b"re:" + body[:size]
    await call.done_writing()
    assert await call.code() is grpc.StatusCode.OK


async def test_many_long_messages_at_once_share_a_connection(channel: grpc.aio.Channel) -> None:
    async def one(number: int) -> bool:
        call = stream(channel)
        body = b"%d" % number * MIB
        await call.write(body)
        whole = await call.read() == b"re:" + body
        await call.done_writing()
        return whole and await call.code() is grpc.StatusCode.OK

    assert all(await asyncio.gather(*map(one, range(40))))


async def test_a_thousand_streams_at_once(channel: grpc.aio.Channel, log: Log) -> None:
    calls = [stream(channel) for _ in range(1_000)]
    for call in calls:
        await call.write(b"x")
    assert [await call.read() for call in calls] == [b"re:x"] * 1_000
    assert log.open == 1_000
    for call in calls:
        await call.done_writing()
    assert {await call.code() for call in calls} == {grpc.StatusCode.OK}
    assert log.open == 0


async def test_thousands_of_messages_on_one_stream(channel: grpc.aio.Channel) -> None:
    call = stream(channel)
    for number in range(5_000):
        await call.write(b"%d" % number)
        assert await call.read() == b"re:%d" % number
    await call.done_writing()
    assert await call.code() is grpc.StatusCode.OK


@pytest.mark.parametrize("path", [UPPER, SLOW_UPPER])
async def test_unary_methods_answer(channel: grpc.aio.Channel, log: Log, path: str) -> None:
    log.gate.set()
    assert await channel.unary_unary(path, same, same)(b"abc") == b"ABC"


async def failure(call: grpc.aio.StreamStreamCall) -> tuple[grpc.StatusCode, str]:
    with contextlib.suppress(grpc.aio.AioRpcError):
        await call.read()
    return await call.code(), await call.details()


async def test_an_unknown_method_is_unimplemented(channel: grpc.aio.Channel) -> None:
    code, _ = await failure(stream(channel, "/t.S/None"))
    assert code is grpc.StatusCode.UNIMPLEMENTED


async def test_abort_ends_a_stream_with_its_status(channel: grpc.aio.Channel, log: Log) -> None:
    call = stream(channel, REFUSE)
    await call.write(b"now")
    assert await failure(call) == (grpc.StatusCode.INVALID_ARGUMENT, "nö, 100% not")
    await until(lambda: log.ended == 1)


async def test_a_promise_may_end_in_abort(channel: grpc.aio.Channel, log: Log) -> None:
    call = stream(channel, REFUSE)
    await call.write(b"later")
    assert await failure(call) == (grpc.StatusCode.UNAVAILABLE, "not any more")
    await until(lambda: log.ended == 1)


async def test_a_factory_may_refuse(channel: grpc.aio.Channel) -> None:
    assert await failure(stream(channel, CLOSED_SHOP)) == (grpc.StatusCode.UNAVAILABLE, "closed")


async def test_a_bug_ends_its_stream_alone_and_tells_nothing(
    channel: grpc.aio.Channel, log: Log
) -> None:
    other, call = stream(channel), stream(channel, BROKEN)
    await other.write(b"x")
    await call.write(b"x")
    assert await failure(call) == (grpc.StatusCode.UNKNOWN, "internal error")
    assert await other.read() == b"re:x"
    await until(lambda: log.ended == 1)


@pytest.mark.parametrize("path", [ECHO, SLOW])
async def test_a_cancelled_stream_ends_its_call(
    channel: grpc.aio.Channel, log: Log, path: str
) -> None:
    call = stream(channel, path)
    await call.write(b"x")
    await until(lambda: log.received)
    call.cancel()
    await until(lambda: log.ended == 1)


async def test_a_deadline_ends_a_stream(channel: grpc.aio.Channel, log: Log) -> None:
    call = stream(channel, SLOW, timeout=0.2)
    await call.write(b"x")
    code, _ = await failure(call)
    assert code is grpc.StatusCode.DEADLINE_EXCEEDED
    await until(lambda: log.ended == 1)


async def test_compressed_messages_are_refused_or_read(
    transport: str, log: Log, tmp_path: Path
) -> None:
    path = tmp_path / "socket"
    target = f"unix:{path}"
    async with (
        serving(log, path, transport),
        grpc.aio.insecure_channel(target, compression=grpc.Compression.Gzip) as channel,
    ):
        call = stream(channel)
        await call.write(b"x" * 10_000)
        if transport == "grpcio":
            assert await call.read() == b"re:" + b"x" * 10_000
            call.cancel()
        else:
            code, text = await failure(call)
            assert code is grpc.StatusCode.UNIMPLEMENTED
            assert "compressed" in text


async def test_drain_lets_open_streams_finish(transport: str, log: Log, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    async with connect(path) as channel:
        server = await SERVE[transport](service(log), Endpoint(path=str(path)))
        call = stream(channel)
        await call.write(b"before")
        assert await call.read() == b"re:before"
        drained = asyncio.create_task(server.drain(30))
        await until(lambda: not path.exists())
        await call.write(b"after")
        assert await call.read() == b"re:after"
        assert not drained.done()
        await call.done_writing()
        assert await call.code() is grpc.StatusCode.OK
        await asyncio.wait_for(drained, 10)


async def test_drain_is_bounded_by_its_grace(transport: str, log: Log, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    async with connect(path) as channel:
        server = await SERVE[transport](service(log), Endpoint(path=str(path)))
        call = stream(channel, SLOW)
        await call.write(b"x")
        await until(lambda: log.received)
        await asyncio.wait_for(server.drain(0.2), 10)
        code, _ = await failure(call)
        assert code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
        await until(lambda: log.ended == 1)


async def test_a_tcp_port_is_chosen_and_told(transport: str, log: Log) -> None:
    server = await SERVE[transport](service(log), Endpoint(host="127.0.0.1", port=0))
    host, port = server.address
    async with grpc.aio.insecure_channel(f"{host}:{port}") as channel:
        assert await channel.unary_unary(UPPER, same, same)(b"tcp") == b"TCP"
    await server.drain(1)


async def test_a_taken_port_is_an_oserror(transport: str, log: Log) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        endpoint = Endpoint(host="127.0.0.1", port=taken.getsockname()[1])
        with pytest.raises(OSError, match=r"(?i)in use|bind"):
            await SERVE[transport](service(log), endpoint)


async def test_a_stale_socket_file_is_replaced(transport: str, log: Log, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with serving(log, path, transport), connect(path) as channel:
        assert await channel.unary_unary(UPPER, same, same)(b"new") == b"NEW"


async def test_a_living_socket_is_not_taken_over(transport: str, log: Log, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    async with serving(log, path, transport), connect(path) as channel:
        with pytest.raises(OSError, match=r"(?i)in use"):
            await SERVE[transport](service(log), Endpoint(path=str(path)))
        assert await channel.unary_unary(UPPER, same, same)(b"old") == b"OLD"
