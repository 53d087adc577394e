"""A few seconds of `fuzz_http2`, and proof that it gets somewhere."""

from collections.abc import Callable

import pytest
from hypothesis import find

from extproc.transport.h2events import Data, Opened
from extproc.transport.http2 import Connection
from tests.extproc.transport.fuzz_http2 import CHECKS, SMALL, Server, soups, trial
from tests.extproc.transport.peer import Clock


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_no_bytes_break_a_connection(check: Callable[[bytes, list[int]], None]) -> None:
    trial(check, 300)()


def deep(soup: bytes) -> bool:
    """Streams were opened, data came through, and nothing was wrong."""
    connection = Connection(SMALL, Clock())
    kinds = {type(event) for event in connection.receive(soup)}
    return {Opened, Data} <= kinds and not connection.closed


# What is found may be large, and Hypothesis says how large while it looks.
LARGE = pytest.mark.filterwarnings("ignore:Generating overly large repr")


@LARGE
def test_the_bytes_that_are_tried_reach_open_streams() -> None:
    assert deep(find(soups, deep))


@LARGE
def test_the_bytes_that_are_tried_reach_replies() -> None:
    def answered(soup: bytes) -> bool:
        server = Server()
        return b"x" * 100 in server.receive(soup)

    assert answered(find(soups, answered))
