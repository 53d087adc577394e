"""Streams, passed on."""

import anthropic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Context
from providers.bridging.quirks import Quirks
from providers.dialects.anthropic.messages import DIALECT
from providers.errors import ApiError, Cause
from providers.neutral.chat import Finish
from providers.usage import Usage
from tests.providers.dialects.anthropic.messages.wire import FULL, START, block, pieces, read, sse
from tests.strategies import cuts


@given(st.lists(st.integers(0, 10_000), max_size=12))
def test_a_relay_changes_nothing_and_sees_all(cuts: list[int]) -> None:
    relay = DIALECT.relay(True)
    assert [relay.feed(piece) for piece in pieces(FULL, cuts)] == [None] * (len(cuts) + 1)
    assert relay.flush() == b""
    seen = relay.seen
    assert seen.usage == Usage(input=8, output=20, cache_read=3)
    assert (seen.model, seen.finish, seen.error) == ("claude", Finish.TOOL_CALLS, None)


def test_a_relay_estimates_while_the_provider_is_silent() -> None:
    relay = DIALECT.relay(True)
    relay.feed(sse(START))
    assert relay.seen.usage == Usage(input=8, output=1, cache_read=3, estimated=True)
    for _ in range(10):
        piece = {"type": "text_delta", "text": "some words, forty characters in length.."}
        relay.feed(sse({"type": "content_block_delta", "index": 0, "delta": piece}))
    # Each is eight tokens of GPT-4o's.
    assert 80 <= relay.seen.generated <= 100
    relay.flush()
    expected = Usage(input=8, output=relay.seen.generated, cache_read=3, estimated=True)
    assert relay.seen.usage == expected


@pytest.mark.parametrize("character", ["é", "ह", "\U00010000", "\U0010ffff", "퟿", "ࠀ"])
def test_a_character_cut_in_passing_is_made_whole(character: str) -> None:
    whole = sse(
        START,
        *block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": character}),
    )
    for length in range(1, len(character.encode())):
        relay = DIALECT.relay(True)
        cut = whole[: whole.index(character.encode()) + length]
        relay.feed(cut)
        (cut + relay.flush()).decode()


@given(st.integers(1, FULL.index(b"event: message_delta")))
def test_a_stream_cut_in_passing_ends_in_an_error_that_the_sdk_raises(length: int) -> None:
    relay = DIALECT.relay(True)
    relay.feed(FULL[:length])
    tail = relay.flush()
    assert relay.seen.error is not None
    with pytest.raises(anthropic.APIStatusError):
        read(FULL[:length] + tail)


def test_an_error_in_passing_is_seen_and_none_is_added() -> None:
    error = {"type": "error", "error": {"type": "rate_limit_error", "message": "slow"}}
    relay = DIALECT.relay(True)
    relay.feed(sse(START, error))
    assert relay.flush() == b""
    assert relay.seen.error == ApiError(status=429, cause=Cause.RATE_LIMIT, message="slow")


FIRST = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message",'
    b'"role":"assistant","model":"claude-opus-4-5-20251101","content":[],'
    b'"usage":{"input_tokens":3,"output_tokens":1}}}\n\n'
)
REST = b'event: ping\ndata: {"type":"ping","model":"kept"}\n\n'


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_mapped_model_has_the_clients_name_however_it_is_cut(
    end: bytes, data: st.DataObject
) -> None:
    first, rest = FIRST.replace(b"\n", end), (REST + REST).replace(b"\n", end)
    cut = data.draw(cuts(first + rest))
    crossing = bridge(DIALECT, DIALECT, Quirks())
    context = Context(model='opus "mine"', mapped=True, id="i", now=1)
    relay = crossing.stream(context)
    fed = [(piece, relay.feed(piece)) for piece in cut]
    out = b"".join(piece if said is None else said for piece, said in fed)
    changed = first.replace(b"claude-opus-4-5-20251101", b'opus \\"mine\\"')
    assert out == changed + rest
    assert relay.seen.model == "claude-opus-4-5-20251101"


def test_a_whole_answer_of_a_mapped_model_has_the_clients_name() -> None:
    crossing = bridge(DIALECT, DIALECT, Quirks())
    body = b'{"id": "m", "model": "claude-opus-4-5", "usage": {"input_tokens": 3.0}}'
    mapped = Context(model="mine", mapped=True, id="i", now=1)
    said, seen = crossing.whole(body, mapped)
    assert said == body.replace(b"claude-opus-4-5", b"mine")
    assert seen.model == "claude-opus-4-5"
    assert crossing.whole(body, Context(model="mine", id="i", now=1))[0] is None
