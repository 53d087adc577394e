"""An Ollama stream on its way to an Ollama client, and the errors of both sides."""

import ollama
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.bridging.dialect import Relay
from providers.dialects.ollama.chat import DIALECT
from providers.errors import ApiError, Cause
from providers.neutral.chat import Finish
from providers.usage import Usage
from tests.providers.dialects import streaming
from tests.providers.dialects.ollama.chat.wire import ASK, END, client, line
from tests.strategies import cuts

CALL = [{"function": {"name": "f", "arguments": {"a": {"b": "cccccc"}}}}]
WHOLE = line(content="hello there") + line(content=' "done":true "error"') + END


def relayed(pieces: list[bytes]) -> tuple[bytes, Relay]:
    return streaming.relayed(DIALECT, pieces)


@given(cuts(WHOLE))
@settings(max_examples=60, deadline=None)
def test_the_bytes_pass_and_the_end_is_seen(pieces: list[bytes]) -> None:
    out, relay = relayed(pieces)
    assert out == WHOLE
    assert relay.seen.usage == Usage(input=7, output=3)
    assert (relay.seen.finish, relay.seen.model) == (Finish.STOP, "m")
    assert relay.seen.error is None


def test_what_was_generated_is_estimated() -> None:
    relay = DIALECT.relay(True)
    counts = []
    for piece in (
        line(),
        line(content="hello there"),
        line(thinking="some more words of the answer"),
    ):
        relay.feed(piece)
        counts.append(relay.seen.generated)
    assert counts[0] == 0
    assert 2 <= counts[1] <= 3
    assert 8 <= counts[2] <= 12
    relay.feed(line(tool_calls=CALL))
    assert relay.seen.generated > counts[2]


def test_calls_are_the_reason() -> None:
    _, relay = relayed([line(content="a"), line(tool_calls=CALL), END])
    assert relay.seen.finish is Finish.TOOL_CALLS
    assert DIALECT.watch({"message": {"tool_calls": CALL}}).finish is Finish.TOOL_CALLS


@given(st.integers(0, len(WHOLE) - len(END)))
@settings(max_examples=60, deadline=None)
def test_a_cut_stream_ends_with_an_error(length: int) -> None:
    out, relay = relayed([WHOLE[:length]])
    assert out.split(b"\n")[-2].startswith(b'{"error":"the provider\'s stream ended')
    assert relay.seen.error is not None
    assert relay.seen.finish is Finish.ERROR


def test_an_end_without_its_newline_is_the_end() -> None:
    out, relay = relayed([line(content="a"), END[:-1]])
    assert out.endswith(END[:-1])
    assert relay.seen.usage == Usage(input=7, output=3)


def test_a_failure_is_seen() -> None:
    failed = b'{"error":"boom"}\n'
    out, relay = relayed([line(content="a"), failed])
    assert out.endswith(failed)
    assert relay.seen.error is not None
    assert relay.seen.error.message == "boom"
    _, relay = relayed([line(), b'{"error"\n"error"\n', END])
    assert relay.seen.error is None
    assert DIALECT.watch({"error": "boom"}).finish is Finish.ERROR


def test_only_the_model_is_changed_for_the_same_dialect() -> None:
    assert DIALECT.edits({"model": "a"}, "a", True) == {}
    assert DIALECT.edits({"model": "a"}, "b", True) == {"model": "b"}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 503, 529])
@pytest.mark.parametrize("streamed", [False, True])
def test_the_official_client_raises_status_and_words(status: int, streamed: bool) -> None:
    error = ApiError(status=status, cause=Cause.SERVER, message="because", request_id="r")
    shown, headers, body = DIALECT.render_error(error)
    assert headers["x-request-id"] == "r"
    with pytest.raises(ollama.ResponseError) as caught:
        list(client(body, headers["content-type"], shown).chat(**ASK, stream=streamed))
    assert (caught.value.status_code, caught.value.error) == (status, "because")
    again = DIALECT.parse_error(shown, dict(headers), body)
    assert (again.status, again.message, again.request_id) == (status, "because", "r")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error":"model not found"}', "model not found"),
        (b'{"error":{"message":"m"}}', "m"),
        (b'{"detail":[{"msg":"a"},{"msg":"b"}]}', "a; b"),
        (b'"text"', "text"),
        (b"[]", "no message"),
        (b"", "no message"),
        (b"{}", "no message"),
        (b"<html><h1>Bad  Gateway</h1>", "HTML page: Bad Gateway"),
        (b"<!DOCTYPE html>", "an HTML page"),
        (b"404 page not found", "404 page not found"),
        (b"\xff\x00plain\n words", "plain words"),
        (b'{"error":' + b"[" * 50 + b"]" * 50 + b"}", "[[["),
    ],
)
def test_every_error_body_says_something(body: bytes, words: str) -> None:
    error = DIALECT.parse_error(404, {}, body)
    assert words in error.message
    assert (error.status, error.cause) == (404, Cause.NOT_FOUND)
    assert len(DIALECT.parse_error(500, {}, b'{"error":"' + b"x" * 9000 + b'"}').message) == 2000


@given(st.binary(max_size=60), st.integers(400, 599))
@settings(max_examples=60, deadline=None)
def test_no_error_body_raises(body: bytes, status: int) -> None:
    assert DIALECT.parse_error(status, {}, body).message
