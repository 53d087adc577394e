"""Requests come out the same however their bytes are cut."""

import pytest

from extproc.lab.simulator.http1 import BadRequestError, RequestParser

LENGTH = b"POST /v1/x?a=1&b=%20 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nX-A:  b \r\n\r\nhello"
CHUNKED = (
    b"POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nhel\r\n2;ext=1\r\nlo\r\n0\r\ntrailer: 1\r\n\r\n"
)
BARE = b"GET /healthz HTTP/1.1\r\n\r\n"


def parsed(data: bytes, size: int):
    parser = RequestParser()
    return [
        request
        for start in range(0, len(data), size)
        for request in parser.feed(data[start : start + size])
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 10_000])
def test_pipelined_requests_come_out_whatever_the_cuts(size):
    first, second, third, fourth = parsed(LENGTH + CHUNKED + b"\r\n" + BARE + LENGTH, size)
    assert (first.method, first.path, first.query) == ("POST", "/v1/x", {"a": "1", "b": " "})
    assert first.header("x-a") == "b"
    assert [each.body for each in (first, second, third, fourth)] == [
        b"hello",
        b"hello",
        b"",
        b"hello",
    ]
    assert third.method == "GET"


@pytest.mark.parametrize(
    ("head", "close"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", False),
    ],
)
def test_the_connection_header_and_the_version_say_when_to_close(head, close):
    assert RequestParser().feed(head)[0].close is close


def test_a_client_that_waits_for_100_continue_is_noticed():
    parser = RequestParser()
    assert (
        parser.feed(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n") == []
    )
    assert parser.expects
    assert parser.feed(b"ok")[0].body == b"ok"


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000,
    ],
)
def test_what_is_no_http_is_refused(data):
    with pytest.raises(BadRequestError):
        RequestParser().feed(data)
