"""A stream that passes: its bytes stay, or become an array, and what they say is known."""

from itertools import pairwise

import orjson
import pytest

from providers.dialects.gemini.generate_content import ARRAY, DIALECT
from providers.neutral.chat import Finish
from providers.neutral.deltas import End, Used
from providers.usage import Usage
from providers.wire import sse
from tests.providers.dialects.gemini.generate_content.test_streams import ERROR, parse
from tests.providers.dialects.gemini.wire import DONE, FULL, NEWEST, chunk, events


@pytest.mark.parametrize("size", [0, 1, 50])
@pytest.mark.parametrize("end", [b"\r\n\r\n", b"\n\n"])
def test_a_relay_passes_bytes_and_knows_what_they_say(size, end):
    data = events(*FULL, end=end)
    relay = DIALECT.relay(True)
    edges = [*range(0, len(data), size or len(data)), len(data)]
    assert all(relay.feed(data[one:two]) is None for one, two in pairwise(edges))
    assert relay.flush() == b""
    seen = relay.seen
    assert (seen.model, seen.finish, seen.error) == (NEWEST, Finish.TOOL_CALLS, None)
    assert seen.usage == Usage(input=5, output=11, reasoning=2)


@pytest.mark.parametrize("size", [0, 1, 50])
def test_a_relay_turns_events_into_an_array(size):
    data = events(*FULL)
    relay = ARRAY.relay(True)
    edges = [*range(0, len(data), size or len(data)), len(data)]
    out = b"".join(relay.feed(data[one:two]) or b"" for one, two in pairwise(edges))
    assert orjson.loads(out + relay.flush()) == list(FULL)
    assert relay.seen.finish is Finish.TOOL_CALLS


def test_a_cut_stream_is_closed_with_an_error():
    data = events(chunk({"text": "x" * 40}), chunk({"text": "y"}))[:-9]
    relay, array = DIALECT.relay(True), ARRAY.relay(True)
    assert relay.feed(data) is None
    assert relay.seen.generated == 10
    event = relay.flush()
    assert event.startswith(b'\n\ndata: {"error":')
    assert relay.seen.error is not None
    chunks = orjson.loads((array.feed(data) or b"") + array.flush())
    assert [next(iter(one)) for one in chunks] == ["candidates", "error"]


def test_an_error_that_passes_is_seen():
    for dialect in (DIALECT, ARRAY):
        relay = dialect.relay(True)
        relay.feed(events(chunk({"text": "x"}), ERROR))
        relay.flush()
        assert relay.seen.error is not None
        assert relay.seen.error.message == "busy"
        assert relay.seen.finish is Finish.ERROR


def test_a_relay_goes_blind_before_an_endless_chunk(monkeypatch):
    monkeypatch.setattr(sse, "MAX_EVENT", 100)
    relay, array = DIALECT.relay(True), ARRAY.relay(True)
    endless = b"data: " + b"x" * 200
    assert relay.feed(endless) is None
    assert relay.feed(events(DONE)) is None
    assert relay.flush() == b""
    assert relay.seen.error is not None
    told = (array.feed(endless) or b"") + (array.feed(events(DONE)) or b"") + array.flush()
    assert "larger" in orjson.loads(told)[0]["error"]["message"]


def test_a_relay_passes_what_it_cannot_read():
    relay = DIALECT.relay(True)
    assert relay.feed(b"data: nonsense\r\n\r\n" + events(DONE)) is None
    assert relay.seen.finish is Finish.STOP
    assert relay.flush() == b""


def test_a_last_chunk_without_its_blank_line_counts():
    data = events(chunk({"text": "x"}), DONE).removesuffix(b"\r\n\r\n")
    relay, array = DIALECT.relay(True), ARRAY.relay(True)
    assert relay.feed(data) is None
    assert relay.flush() == b""
    assert len(orjson.loads((array.feed(data) or b"") + array.flush())) == 2
    assert isinstance(parse(data)[-1], End)


def test_a_count_of_the_prompt_alone_is_not_yet_the_providers_word():
    def so_far(*parts, **counts):
        usage = {"promptTokenCount": 8, "totalTokenCount": 8} | counts
        return {"candidates": [{"content": {"parts": list(parts)}}], "usageMetadata": usage}

    prompt = so_far({"text": "x" * 40}, {"text": "y", "thought": True})
    parser, relay = DIALECT.parser(), DIALECT.relay(True)
    begin, *_ = parser.feed(events(prompt))
    assert begin.usage == Usage(input=8, estimated=True)
    relay.feed(events(prompt))
    assert (relay.seen.usage, relay.seen.generated) == (begin.usage, 11)
    more = events(so_far({"text": "z"}, candidatesTokenCount=3))
    assert parser.feed(more)[-1] == Used(usage=Usage(input=8, output=3))
    relay.feed(more)
    assert relay.seen.usage == Usage(input=8, output=3)


def test_what_the_last_chunk_counts_is_the_providers_word():
    last = chunk({"text": ""}, finishReason="SAFETY")
    last |= {"usageMetadata": {"promptTokenCount": 8}}
    parser, relay = DIALECT.parser(), DIALECT.relay(True)
    deltas = parser.feed(events(last)) + parser.flush()
    assert [each.usage for each in deltas if isinstance(each, Used)] == [Usage(input=8)]
    relay.feed(events(last))
    assert relay.seen.usage == Usage(input=8)
