"""The lean transport ends without losing a stream."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from extproc.transport import Endpoint
from extproc.transport.lean import serve
from extproc.transport.limits import Limits
from tests.extproc.transport.client import Client, connected, to
from tests.extproc.transport.peer import GOAWAY, PREFACE, data, message, ping, raw, settings
from tests.extproc.transport.services import ECHO, Log, service, until


async def test_drain_says_goaway_twice_and_refuses_what_comes_after(log: Log, path: Path) -> None:
    async with connected_server(log, path, notice=30.0) as (server, client):
        await client.send(to(ECHO, 1), data(1, message(b"x")))
        drained = asyncio.create_task(server.drain(10))
        assert (await client.until(GOAWAY))[:4] == b"\x7f\xff\xff\xff"
        await client.send(to(ECHO, 3), data(3, message(b"y")))
        assert await client.until(0, 3) == message(b"re:y")
        await client.send(raw(6, 1, 0, b"extproc\0"))
        assert (await client.until(GOAWAY))[:4] == b"\0\0\0\3"
        await client.send(to(ECHO, 5), data(5, message(b"z")))
        await client.send(data(1, end=True), data(3, end=True))
        await asyncio.wait_for(drained, 10)
    assert (log.begun, log.ended) == (2, 2)


@asynccontextmanager
async def connected_server(
    log: Log, path: Path, notice: float
) -> AsyncIterator[tuple[Any, Client]]:
    limits = Limits(goaway_notice=notice, linger=0.2)
    server = await serve(service(log), Endpoint(path=str(path)), limits)
    async with connected(path) as client:
        yield server, client


async def test_drain_lets_in_whoever_connected_before(log: Log, path: Path) -> None:
    limits = Limits(goaway_notice=30.0, linger=0.2)
    server = await serve(service(log), Endpoint(path=str(path)), limits)
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(path))
        peer.sendall(PREFACE + settings() + to(ECHO) + data(1, message(b"x"), end=True))
        drained = asyncio.create_task(server.drain(30))
        reader, writer = await asyncio.open_unix_connection(sock=peer)
        client = Client(reader, writer)
        assert (await client.until(GOAWAY))[:4] == b"\x7f\xff\xff\xff"
        fields, body = await client.status()
        assert (fields["grpc-status"], body) == ("0", message(b"re:x"))
        await client.send(raw(6, 1, 0, b"extproc\0"))
        await asyncio.wait_for(drained, 10)
        writer.close()


async def test_drain_waits_for_no_idle_connection(log: Log, path: Path) -> None:
    async with connected_server(log, path, notice=0.2) as (server, client):
        await client.send(ping())
        await client.until(6)
        await asyncio.wait_for(server.drain(60), 10)


async def test_drain_leaves_a_successors_socket_file(log: Log, path: Path) -> None:
    server = await serve(service(log), Endpoint(path=str(path)))
    path.unlink()
    successor = await serve(service(log), Endpoint(path=str(path)))
    await server.drain(0)
    async with connected(path) as client:
        await client.send(to(ECHO), data(1, message(b"x"), end=True))
        await client.status()
    await successor.drain(0)
    assert not path.exists()


async def test_a_file_that_is_no_socket_is_left_alone(log: Log, path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(OSError, match="in use"):
        await serve(service(log), Endpoint(path=str(path)))
    assert path.read_text() == "precious"


async def test_servers_come_and_go_and_no_stream_is_lost(log: Log, path: Path) -> None:
    stop = asyncio.Event()

    async def work(channel: grpc.aio.Channel) -> int:
        done = 0
        while not stop.is_set():
            call = channel.stream_stream(ECHO, bytes, bytes)(wait_for_ready=True)
            await call.write(b"x")
            assert await call.read() == b"re:x"
            await call.done_writing()
            assert await call.code() is grpc.StatusCode.OK
            done += 1
        return done

    server = await serve(service(log), Endpoint(path=str(path)))
    async with grpc.aio.insecure_channel(f"unix:{path}") as channel:
        workers = [asyncio.create_task(work(channel)) for _ in range(8)]
        for _ in range(4):
            seen = log.ended
            await until(lambda seen=seen: log.ended > seen + 50)
            path.unlink()
            before, server = server, await serve(service(log), Endpoint(path=str(path)))
            await asyncio.wait_for(before.drain(10), 20)
        stop.set()
        assert all(await asyncio.gather(*workers))
    await server.drain(1)
    assert log.open == 0
