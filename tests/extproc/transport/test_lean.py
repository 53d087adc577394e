"""The lean transport's own promises: what a peer sees on its socket, and when."""

import asyncio
import socket
from pathlib import Path

import pytest
import uvloop

from extproc.transport.limits import Limits
from tests.extproc.transport.client import connected, to
from tests.extproc.transport.peer import (
    GOAWAY,
    PREFACE,
    REQUEST,
    data,
    message,
    ping,
    request,
    reset,
    settings,
    window_update,
)
from tests.extproc.transport.services import ECHO, SLOW, UPPER, Log, serving, until

QUICK = Limits(preface_timeout=0.2, keepalive=0.2, keepalive_timeout=0.2, stall=0.4, linger=0.1)


async def test_the_loop_is_the_one_that_serves() -> None:
    assert isinstance(asyncio.get_running_loop(), uvloop.Loop)


async def test_an_exchange_is_headers_data_and_trailers(log: Log, path: Path) -> None:
    async with serving(log, path), connected(path) as client:
        await client.send(to(ECHO), data(1, message(b"x"), end=True))
        fields, body = await client.status()
        assert fields == {
            ":status": "200",
            "content-type": "application/grpc",
            "grpc-status": "0",
        }
        assert body == message(b"re:x")


async def test_any_cut_of_an_exchange_gives_the_same_answer(log: Log, path: Path) -> None:
    whole = to(ECHO) + data(1, message(b"x")) + data(1, message(b"y"), end=True)
    async with serving(log, path), connected(path) as client:
        for at in range(len(whole)):
            client.writer.write(whole[at : at + 1])
            await asyncio.sleep(0)
        assert (await client.status())[1] == message(b"re:x") + message(b"re:y")


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (to(ECHO, te="trailers", grpc_timeout="soon"), {"grpc-status": "13"}),
        (to("/none"), {"grpc-status": "12", "grpc-message": "unknown method /none"}),
        (to(UPPER, end=True), {"grpc-status": "13"}),
        (to(UPPER) + data(1, message(b"a") * 2, end=True), {"grpc-status": "13"}),
        (to(ECHO) + data(1, message(b"abc")[:-1], end=True), {"grpc-status": "13"}),
        (to(ECHO) + data(1, b"\1\0\0\0\1x"), {"grpc-status": "12"}),
        (to(ECHO) + data(1, b"\0\xff\xff\xff\xff"), {"grpc-status": "8"}),
        (to(ECHO, end=True), {"grpc-status": "0"}),
        (request(1, fields=[("content-type", "text/html") if n == "content-type" else (n, v)
                            for n, v in REQUEST]), {":status": "415"}),
        (request(1, fields=[(":method", "GET"), *REQUEST[1:]]), {":status": "405"}),
    ],
)  # fmt: skip
async def test_what_is_no_call_is_answered(
    log: Log, path: Path, sent: bytes, answer: dict[str, str]
) -> None:
    async with serving(log, path), connected(path) as client:
        await client.send(sent)
        fields, _ = await client.status()
        assert fields.items() >= answer.items()
        await client.send(ping())
        await client.until(6)
    assert log.open == 0


async def test_a_connection_error_is_told_and_closes(log: Log, path: Path) -> None:
    async with serving(log, path), connected(path) as client:
        await client.send(to(SLOW), data(1, message(b"x")), window_update(0, 0))
        assert (await client.until(GOAWAY))[4:8] == b"\0\0\0\1"
        assert await client.closed() == b""
        await until(lambda: log.begun == log.ended == 1)


async def test_garbage_is_told_and_closed(log: Log, path: Path) -> None:
    async with serving(log, path), connected(path, b"GET / HTTP/1.1\r\n\r\n") as client:
        assert (await client.until(GOAWAY))[4:8] == b"\0\0\0\1"
        assert await client.closed() == b""


@pytest.mark.parametrize("greeting", [b"", PREFACE[:10], PREFACE])
async def test_a_preface_that_never_comes_is_given_up(
    log: Log, path: Path, greeting: bytes
) -> None:
    async with serving(log, path, limits=QUICK), connected(path, greeting) as client:
        await client.closed()


async def test_a_silent_peer_with_open_streams_is_asked_then_given_up(log: Log, path: Path) -> None:
    async with serving(log, path, limits=QUICK), connected(path) as client:
        await client.send(to(SLOW), data(1, message(b"x")))
        await client.until(6)
        await client.closed()
        await until(lambda: log.begun == log.ended == 1)


async def test_a_silent_peer_that_answers_pings_stays(log: Log, path: Path) -> None:
    async with serving(log, path, limits=QUICK), connected(path) as client:
        await client.send(to(SLOW), data(1, message(b"x")))
        for _ in range(4):
            await client.send(ping(await client.until(6), ack=True))
        log.gate.set()
        assert await client.until(0, 1) == message(b"re:x")


async def test_a_peer_that_answers_with_anything_is_asked_again(log: Log, path: Path) -> None:
    async with serving(log, path, limits=QUICK), connected(path) as client:
        await client.send(to(SLOW), data(1, message(b"x")))
        for _ in range(4):
            await client.until(6)
            await client.send(window_update(0, 1))
        await client.until(6)


async def test_an_idle_connection_is_closed_gracefully(log: Log, path: Path) -> None:
    limits = Limits(idle=0.2, linger=0.1, goaway_notice=0.1)
    async with serving(log, path, limits=limits), connected(path) as client:
        assert (await client.until(GOAWAY))[:4] == b"\x7f\xff\xff\xff"
        assert (await client.until(GOAWAY))[:4] == b"\0\0\0\0"
        await client.closed()


async def test_a_reply_that_is_not_taken_is_given_up(log: Log, path: Path) -> None:
    async with serving(log, path, limits=Limits(stall=0.3)), connected(path) as client:
        await client.send(settings(window=2), to(ECHO), data(1, message(b"x")))
        assert await client.until(3, 1) == b"\0\0\0\x08"
        await until(lambda: log.begun == log.ended == 1)


async def test_no_message_is_handed_over_while_a_reply_is_blocked(log: Log, path: Path) -> None:
    async with serving(log, path), connected(path) as client:
        await client.send(settings(window=0), to(ECHO), data(1, message(b"x") * 1000), ping())
        await client.until(6)
        assert len(log.received) == 1
        await client.send(window_update(1, 1 << 20))
        await until(lambda: len(log.received) == 1000)


async def test_no_message_is_handed_over_while_too_much_is_unsent(log: Log, path: Path) -> None:
    limits = Limits(unsent=50_000)
    streams = range(1, 41, 2)
    async with serving(log, path, limits=limits), connected(path) as client:
        await client.send(settings(window=0))
        for stream in streams:
            await client.send(to(ECHO, stream), data(stream, message(bytes(10_000))))
        await client.send(ping())
        await client.until(6)
        assert len(log.received) == 5
        for stream in streams:
            await client.send(window_update(stream, 1 << 20))
        await client.send(window_update(0, 1 << 20))
        await until(lambda: len(log.received) == len(streams))


async def test_a_peer_that_does_not_read_is_not_read_and_given_up(log: Log, path: Path) -> None:
    limits = Limits(stall=1.0, write_buffer=64 * 1024)
    async with serving(log, path, limits=limits):
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX) as peer:
            peer.setblocking(False)
            await loop.sock_connect(peer, str(path))
            opening = settings(window=(1 << 31) - 1) + window_update(0, (1 << 30))
            await loop.sock_sendall(peer, PREFACE + opening + to(ECHO))
            piece = data(1, message(bytes(10_000)))
            sent = 0
            with pytest.raises(OSError, match=r"(?i)broken pipe|reset"):
                async with asyncio.timeout(20):
                    while True:
                        await loop.sock_sendall(peer, piece)
                        sent += len(piece)
        await until(lambda: log.begun == log.ended == 1)
        assert sum(map(len, log.received)) < 5_000_000
        assert sent < 5_000_000


async def test_promised_replies_stop_too_when_the_peer_does_not_read(log: Log, path: Path) -> None:
    limits = Limits(write_buffer=64 * 1024)
    async with serving(log, path, limits=limits):
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX) as peer:
            peer.setblocking(False)
            await loop.sock_connect(peer, str(path))
            opening = settings(window=(1 << 31) - 1) + window_update(0, 1 << 30)
            await loop.sock_sendall(peer, PREFACE + opening)
            for stream in range(1, 101, 2):
                messages = data(stream, message(bytes(10_000))) * 20
                await loop.sock_sendall(peer, to(SLOW, stream) + messages)
            await until(lambda: len(log.received) == 50)
            log.gate.set()
            async with connected(path) as other:
                for _ in range(200):
                    await other.send(ping())
                    await other.until(6)
            assert len(log.received) < 300
            received = 0
            while received < 1_000 * 10_000:
                received += len(await loop.sock_recv(peer, 1 << 20))
            await until(lambda: len(log.received) == 1_000)


async def test_a_lost_connection_ends_every_call(log: Log, path: Path) -> None:
    async with serving(log, path):
        async with connected(path) as client:
            for stream in range(1, 201, 2):
                await client.send(to((ECHO, SLOW)[stream % 4 == 1], stream))
                await client.send(data(stream, message(b"x")))
            await until(lambda: len(log.received) == 100)
        await until(lambda: log.begun == log.ended == 100)


async def test_a_storm_of_resets_leaves_nothing(log: Log, path: Path) -> None:
    async with serving(log, path), connected(path) as client:
        for stream in range(1, 10_001, 2):
            sent = to((ECHO, SLOW)[stream % 4 == 1], stream), data(stream, message(b"x"))
            await client.send(*sent[: 1 + stream % 3], reset(stream))
            if stream % 501 == 0:
                await client.send(ping())
                await client.until(6)
        await until(lambda: log.begun == log.ended == 5_000)
