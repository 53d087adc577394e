"""A Cohere stream on its way to a Cohere client, and the errors of both sides."""

from typing import Any

import cohere
import pytest
from cohere.core.api_error import ApiError as SdkError
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.bridging.dialect import Relay
from providers.dialects.cohere.chat import DIALECT
from providers.errors import ApiError, Cause
from providers.neutral.chat import Finish
from providers.usage import Usage
from tests.providers.dialects import streaming
from tests.providers.dialects.cohere.chat.wire import ASK, BEGIN, ONCE, client, ended, events, said
from tests.strategies import cuts

COUNTS = {"tokens": {"input_tokens": 7, "output_tokens": 3}}
WHOLE = BEGIN + said("hello there") + said(' "message-end" error') + ended(usage=COUNTS)


def relayed(pieces: list[bytes]) -> tuple[bytes, Relay]:
    return streaming.relayed(DIALECT, pieces)


@given(cuts(WHOLE))
@settings(max_examples=60, deadline=None)
def test_the_bytes_pass_and_the_end_is_seen(pieces: list[bytes]) -> None:
    out, relay = relayed(pieces)
    assert out == WHOLE
    assert relay.seen.usage == Usage(input=7, output=3)
    assert relay.seen.finish is Finish.STOP
    assert relay.seen.error is None


def test_what_was_generated_is_estimated() -> None:
    relay = DIALECT.relay(True)
    counts = []
    for piece in (BEGIN, said("hello there"), said("some more words of the answer")):
        relay.feed(piece)
        counts.append(relay.seen.generated)
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert 2 <= counts[1] <= 3
    assert 8 <= counts[2] <= 12


@given(st.integers(0, len(WHOLE) - len(ended(usage=COUNTS))))
@settings(max_examples=60, deadline=None)
def test_a_cut_stream_ends_with_an_error(length: int) -> None:
    out, relay = relayed([WHOLE[:length]])
    last = [event for event in out.split(b"\n\n") if event][-1]
    assert b'"finish_reason":"ERROR"' in last
    assert relay.seen.error is not None
    assert relay.seen.finish is Finish.ERROR


def test_a_failure_is_seen() -> None:
    out, relay = relayed([BEGIN, ended("ERROR", error="boom")])
    assert out.endswith(ended("ERROR", error="boom"))
    assert relay.seen.error is not None
    assert relay.seen.error.message == "boom"
    foreign = b'data: {"error":"bad"}\n\n'
    out, relay = relayed([BEGIN, foreign])
    assert out == BEGIN + foreign
    assert relay.seen.error is not None
    _, relay = relayed([BEGIN + b'data: "error"\n\ndata: {"error"\n\n' + ended()])
    assert relay.seen.error is None


def test_a_stream_that_is_cut_is_read_by_the_client_to_its_error() -> None:
    out, _ = relayed([BEGIN, said("a")[:30]])
    got = list(client(out, "text/event-stream").chat_stream(**ASK))
    assert got[-1].delta.finish_reason == "ERROR"
    assert events(ended())[0]["type"] == "message-end"


def test_an_event_of_no_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.wire.sse.MAX_EVENT", 100)
    relay = DIALECT.relay(True)
    assert relay.feed(b"data: " + b"x" * 200) is None
    assert relay.feed(b"more\n") is None
    assert relay.seen.error is not None
    assert relay.flush() == b""


@pytest.mark.parametrize(
    ("status", "cause", "exception"),
    [
        (400, Cause.INVALID_REQUEST, cohere.BadRequestError),
        (401, Cause.AUTHENTICATION, cohere.UnauthorizedError),
        (403, Cause.PERMISSION, cohere.ForbiddenError),
        (404, Cause.NOT_FOUND, cohere.NotFoundError),
        (422, Cause.INVALID_REQUEST, cohere.UnprocessableEntityError),
        (429, Cause.RATE_LIMIT, cohere.TooManyRequestsError),
        (500, Cause.SERVER, cohere.InternalServerError),
        (503, Cause.UNAVAILABLE, cohere.ServiceUnavailableError),
        (504, Cause.TIMEOUT, cohere.GatewayTimeoutError),
        (529, Cause.OVERLOADED, cohere.ServiceUnavailableError),
        (402, Cause.QUOTA, SdkError),
        (502, Cause.SERVER, SdkError),
    ],
)
def test_the_official_client_raises_what_it_should(
    status: int, cause: Cause, exception: type[Exception]
) -> None:
    error = ApiError(status=status, cause=cause, message="because", request_id="r")
    shown, headers, body = DIALECT.render_error(error)
    assert headers["x-request-id"] == "r"
    with pytest.raises(exception) as caught:
        client(body, headers["content-type"], shown).chat(**ASK, request_options=ONCE)
    assert caught.value.body == {"message": "because", "id": "r"}
    with pytest.raises(exception):
        streamed = client(body, headers["content-type"], shown)
        list(streamed.chat_stream(**ASK, request_options=ONCE))
    again = DIALECT.parse_error(status, {}, body)
    assert (again.cause, again.message, again.request_id) == (cause, "because", "r")


def test_an_invalid_token_is_a_401_to_others_and_a_498_to_cohere_s_own() -> None:
    error = DIALECT.parse_error(498, {}, b'{"message":"invalid api token"}')
    assert (error.status, error.cause) == (401, Cause.AUTHENTICATION)
    status, headers, body = DIALECT.render_error(error)
    assert status == 498
    with pytest.raises(cohere.InvalidTokenError):
        client(body, headers["content-type"], status).chat(**ASK, request_options=ONCE)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"message":"invalid request: x"}', "invalid request: x"),
        (b'{"error":{"message":"m"}}', "m"),
        (b'{"detail":[{"msg":"a"},{"msg":"b"}]}', "a; b"),
        (b'{"data":"no"}', "no"),
        (b'"text"', "text"),
        (b"[]", "no message"),
        (b"", "no message"),
        (b"{}", "no message"),
        (b"<html><head><title>Bad  Gateway</title>", "HTML page: Bad Gateway"),
        (b"<!DOCTYPE html>", "an HTML page"),
        (b"\xff\x00plain\n words", "plain words"),
        (b'{"message":' + b"[" * 50 + b"]" * 50 + b"}", "[[["),
    ],
)
def test_every_error_body_says_something(body: bytes, words: str) -> None:
    error = DIALECT.parse_error(500, {"x-request-id": "h"}, body)
    assert words in error.message
    assert (error.status, error.cause, error.request_id) == (500, Cause.SERVER, "h")


def test_a_message_is_bounded_and_a_full_context_named() -> None:
    error = DIALECT.parse_error(400, {}, b'{"message":"' + b"x" * 9000 + b'"}')
    assert len(error.message) == 2000
    full = DIALECT.parse_error(400, {}, b'{"message":"too many tokens: 9"}')
    assert full.cause is Cause.CONTEXT


@given(st.binary(max_size=60), st.integers(400, 599))
@settings(max_examples=60, deadline=None)
def test_no_error_body_raises(body: bytes, status: int) -> None:
    error: Any = DIALECT.parse_error(status, {}, body)
    assert error.message
