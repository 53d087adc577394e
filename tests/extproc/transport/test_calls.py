"""Calls without a socket: what they leave behind, and what a careless service cannot do."""

import gc
import logging
import tracemalloc

import pytest

from extproc.transport import Abort, Service, Status
from extproc.transport.calls import Calls
from extproc.transport.frames import Code
from extproc.transport.h2events import Data, Opened
from extproc.transport.http2 import Connection
from extproc.transport.limits import Limits
from tests.extproc.transport.fuzz_http2 import Server
from tests.extproc.transport.peer import (
    PATH,
    PREFACE,
    Clock,
    Peer,
    data,
    message,
    request,
    settings,
    window_update,
)

KIB = 1024


class Quiet:
    def receive(self, text: bytes) -> bytes:
        return text

    def end(self) -> None:
        pass


def traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def exchanges(server: Server, first: int, count: int) -> None:
    for stream in range(first, first + 2 * count, 2):
        server.receive(request(stream) + data(stream, message(b"x" * 500)))
        server.receive(data(stream, message(b"y" * 500), end=True))
        server.receive(window_update(0, 5_000))
    server.opened.clear()


def test_a_connection_keeps_nothing_of_streams_that_are_over() -> None:
    server = Server(Limits())
    server.receive(PREFACE + settings(window=1 << 20))
    tracemalloc.start()
    exchanges(server, 1, 500)
    before = traced()
    exchanges(server, 1_001, 5_000)
    grown = traced() - before
    tracemalloc.stop()
    assert grown < 20 * KIB
    assert (server.connection.streams, server.connection.held) == (0, 0)


def test_an_open_stream_costs_less_than_its_bound() -> None:
    server = Server(Limits())
    server.receive(PREFACE + settings())
    tracemalloc.start()
    before = traced()
    for stream in range(1, 4_001, 2):
        server.receive(request(stream))
        server.receive(data(stream, message(b"x" * 100)[:-1]))
    used = traced() - before
    tracemalloc.stop()
    assert used / 2_000 < 2 * KIB


def test_an_unfinished_message_costs_little_more_than_its_bytes() -> None:
    server = Server(Limits())
    server.receive(PREFACE + settings() + request(1))
    body = message(bytes(250_000))
    tracemalloc.start()
    before = traced()
    for at in range(0, 240_000, 10):
        server.receive(data(1, body[at : at + 10]))
    used = traced() - before
    tracemalloc.stop()
    assert used < 1.5 * 240_000


class Careless(Quiet):
    def __init__(self, error: Exception) -> None:
        self._error = error

    def end(self) -> None:
        raise self._error


def talk(service: Service, *sent: bytes) -> Peer:
    """What a client sees that says all of it at once."""
    peer = Peer()
    calls = Calls(service, Limits(), peer.connection, lambda: None)
    for piece in sent:
        for event in peer.connection.receive(piece):
            match event:
                case Opened():
                    calls.open(event.stream, event.head, event.end)
                case Data():
                    calls.data(event.stream, event.data, event.end)
    peer.read()
    return peer


@pytest.mark.parametrize(
    ("error", "status", "bug"),
    [(Abort(Status.UNAVAILABLE, "no"), b"14", False), (KeyError("x"), b"2", True)],
)
def test_an_end_that_fails_fails_its_stream(
    error: Exception, status: bytes, bug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    service = Service(streams={PATH: lambda: Careless(error)})
    with caplog.at_level(logging.ERROR):
        peer = talk(service, request(1), data(1, message(b"x"), end=True))
    assert b"grpc-status" + bytes([len(status)]) + status in peer.frames[-1].data
    assert bool(caplog.records) is bug


def test_an_end_that_fails_after_a_reset_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    connection = Connection(Limits(), Clock())
    service = Service(streams={PATH: lambda: Careless(KeyError("x"))})
    calls = Calls(service, Limits(), connection, lambda: None)
    events = connection.receive(PREFACE + settings() + request(1) + request(3))
    for event in events:
        assert isinstance(event, Opened)
        calls.open(event.stream, event.head, event.end)
    calls.reset(1)
    calls.drop_all()
    assert len(calls) == 0
    assert len(caplog.records) == 2


def test_the_events_of_a_connection_that_ended_are_harmless() -> None:
    server = Server(Limits())
    sent = request(1) + data(1, message(b"x")) + request(3) + window_update(0, 0)
    output = server.receive(PREFACE + settings() + sent)
    server.check()
    assert server.connection.closed
    assert output.endswith(Code.PROTOCOL_ERROR.to_bytes(4) + b"window increment of 0")
