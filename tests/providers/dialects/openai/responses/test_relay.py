"""A Responses stream that passes by: not a byte is changed, and what it says is known."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.bridging.dialect import Seen
from providers.dialects.openai.responses import DIALECT
from providers.errors import Cause
from providers.neutral.chat import Finish
from providers.neutral.deltas import AnyDelta, Begin, End, TextDelta, Used
from providers.usage import Usage
from tests.answers import streams
from tests.providers.dialects import streaming
from tests.providers.dialects.openai.responses.wire import client, events, stream, told
from tests.strategies import cuts

BEGIN = Begin(id="resp_9", model="m", created=7)
USED = Used(usage=Usage(input=5, output=7, cache_read=2, reasoning=3))
WIRE = stream([BEGIN, TextDelta(text="Hello you", part=0), End(finish=Finish.STOP), USED])


def relayed(pieces: list[bytes]) -> tuple[bytes, Seen]:
    out, relay = streaming.relayed(DIALECT, pieces)
    return out, relay.seen


@given(st.data())
def test_the_usage_is_seen_however_the_stream_is_cut(data: st.DataObject) -> None:
    out, seen = relayed(data.draw(cuts(WIRE)))
    assert out == WIRE
    assert (seen.usage, seen.model, seen.finish) == (USED.usage, "m", Finish.STOP)
    assert seen.error is None


@given(streams())
def test_any_stream_passes_unchanged(told_stream: tuple[Any, list[AnyDelta]]) -> None:
    response, deltas = told_stream
    wire = stream(deltas)
    out, seen = relayed([wire[at : at + 97] for at in range(0, len(wire), 97)])
    assert out == wire
    assert seen.usage == response.usage


def test_what_was_generated_is_estimated_while_it_runs() -> None:
    relay = DIALECT.relay(True)
    relay.feed(stream([BEGIN])[: stream([BEGIN]).index(b"event: response.completed")])
    delta = {"type": "response.output_text.delta", "delta": "eight ch", "sequence_number": 5}
    wire = b"event: response.output_text.delta\ndata: " + orjson.dumps(delta) + b"\n\n"
    relay.feed(wire)
    relay.feed(wire + wire)
    assert relay.seen.generated == 6


@pytest.mark.parametrize("marker", ["response.completed", '"error"', "event: error"])
def test_a_model_that_speaks_of_the_protocol_does_not_end_the_stream(marker: str) -> None:
    deltas: list[AnyDelta] = [BEGIN, TextDelta(text=marker, part=0)]
    wire = stream([*deltas, End(finish=Finish.LENGTH), USED])
    out, seen = relayed([event + b"\n\n" for event in wire[:-2].split(b"\n\n")])
    assert out == wire
    assert (seen.finish, seen.error, seen.usage) == (Finish.LENGTH, None, USED.usage)


def test_a_cut_stream_ends_as_a_failed_answer_with_the_same_id() -> None:
    whole = WIRE[: WIRE.index(b"event: response.output_text.done")]
    out, seen = relayed([whole])
    last = events(out)[-1]
    assert last["type"] == "response.failed"
    assert last["response"]["id"] == "resp_9"
    assert seen.error is not None
    assert (seen.error.status, seen.finish) == (502, Finish.ERROR)
    manager = client(out, "text/event-stream").responses.stream(model="m", input="hi")
    with manager as stream_of_sdk:
        assert [event.type for event in stream_of_sdk][-1] == "response.failed"


def test_a_stream_that_is_cut_inside_an_event_closes_it_first() -> None:
    out, seen = relayed([WIRE[:-5]])
    assert out.startswith(WIRE[:-5] + b"\n\nevent: response.failed\n")
    assert seen.error is not None


def test_an_empty_stream_ends_with_an_error_event() -> None:
    out, seen = relayed([])
    assert events(out)[0]["type"] == "error"
    assert seen.error is not None


FAILURES: list[tuple[dict[str, Any], Cause]] = [
    ({"type": "error", "code": "rate_limit_exceeded", "message": "slow"}, Cause.RATE_LIMIT),
    (
        {
            "type": "response.failed",
            "response": {
                "id": "resp_9",
                "status": "failed",
                "error": {"code": "server_error", "message": "boom"},
                "usage": {"input_tokens": 5, "output_tokens": 1},
            },
        },
        Cause.SERVER,
    ),
    ({"type": "response.failed", "response": {"id": "resp_9"}}, Cause.SERVER),
]


@pytest.mark.parametrize(("event", "cause"), FAILURES)
def test_a_providers_failure_is_seen_and_passes(event: dict[str, Any], cause: Cause) -> None:
    wire = told({"type": "response.created", "response": {"id": "resp_9", "model": "m"}}, event)
    out, seen = relayed([wire])
    assert out == wire
    assert seen.error is not None
    assert (seen.error.cause, seen.finish) == (cause, Finish.ERROR)
    if "usage" in str(event):
        assert seen.usage == Usage(input=5, output=1)
