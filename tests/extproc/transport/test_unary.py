"""Replies of unary methods that nobody takes come back to who has given them, once."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from extproc.transport import Abort, Reply, Service, Status
from extproc.transport.calls import Calls
from extproc.transport.h2events import Data, Opened, Reset
from extproc.transport.limits import Limits
from tests.extproc.transport.peer import PATH, Peer, data, message, request, reset
from tests.extproc.transport.services import until

WHOLE = request(1), data(1, message(b"x"), end=True)


class Served:
    """A connection to one unary method, without a socket, and the replies that came back."""

    def __init__(self, method: Callable[[bytes], Reply], **limits: int) -> None:
        self.untaken: list[bytes] = []
        self.peer = Peer()
        service = Service(unary={PATH: method}, untaken={PATH: self.untaken.append})
        self.calls = Calls(service, Limits(**limits), self.peer.connection, lambda: None)

    def send(self, *pieces: bytes) -> list[str]:
        for piece in pieces:
            for event in self.peer.connection.receive(piece):
                match event:
                    case Opened():
                        self.calls.open(event.stream, event.head, event.end)
                    case Data():
                        self.calls.data(event.stream, event.data, event.end)
                    case Reset():
                        self.calls.reset(event.stream)
        return self.peer.read()


def test_a_reply_that_is_reset_when_it_has_left_comes_back() -> None:
    served = Served(bytes.upper)
    assert served.send(*WHOLE)
    assert served.untaken == []
    served.send(reset(1), reset(1))
    assert served.untaken == [b"X"]


def test_so_does_one_that_waits_for_the_end_of_the_request() -> None:
    served = Served(bytes.upper)
    served.send(request(1), data(1, message(b"x")), reset(1))
    assert served.untaken == [b"X"]


def test_replies_that_are_taken_do_not() -> None:
    served = Served(bytes.upper, lingering=2)
    for stream in (1, 3, 5):
        served.send(request(stream), data(stream, message(b"x"), end=True))
    served.calls.drop_all()
    served.send(reset(1))  # too long ago
    assert served.untaken == []
    served.send(reset(3))
    assert served.untaken == [b"X"]


async def test_a_reply_that_comes_when_its_stream_is_over_comes_back() -> None:
    gate = asyncio.Event()

    async def slow(text: bytes) -> bytes:
        await gate.wait()
        return text.upper()

    served = Served(slow)
    # Both in one piece: the method has not even begun.
    served.send(*WHOLE, reset(1))
    served.send(request(3), data(3, message(b"y"), end=True))
    await asyncio.sleep(0)
    served.send(reset(3))
    assert served.untaken == []
    gate.set()
    await until(lambda: len(served.untaken) == 2)
    assert served.untaken == [b"X", b"Y"]


async def test_one_that_is_there_but_has_not_left_comes_back() -> None:
    async def prompt(text: bytes) -> bytes:
        return text.upper()

    served = Served(prompt)
    served.send(*WHOLE)
    await asyncio.sleep(0)  # it runs, and its end is not heard of yet
    served.send(reset(1))
    await until(lambda: served.untaken == [b"X"])


async def test_a_failure_that_nobody_hears_of_is_none() -> None:
    async def refuse(_: bytes) -> bytes:
        await asyncio.sleep(0)
        raise Abort(Status.UNAVAILABLE, "no")

    served = Served(refuse)
    served.send(*WHOLE, reset(1))
    for _ in range(5):
        await asyncio.sleep(0)
    assert served.untaken == []


def test_a_bug_in_who_takes_it_back_ends_no_connection(caplog: pytest.LogCaptureFixture) -> None:
    def broken(reply: bytes) -> None:
        raise KeyError(reply)

    served = Served(bytes.upper)
    service = Service(unary={PATH: bytes.upper}, untaken={PATH: broken})
    served.calls = Calls(service, Limits(), served.peer.connection, lambda: None)
    with caplog.at_level(logging.ERROR):
        served.send(*WHOLE, reset(1))
    assert served.send(request(3), data(3, message(b"x"), end=True))
    assert len(caplog.records) == 1
