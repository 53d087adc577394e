"""Clients of InvokeModel: frames instead of server-sent events, and AWS's errors."""

from typing import Any

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Context, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, ENTRANCES
from providers.dialects.anthropic.invoke import DIALECT
from providers.dialects.anthropic.messages import hosted
from providers.errors import ApiError, Cause
from providers.wire import aws_event_stream as frames

CONTEXT = Context(model="shown", id="made", now=1)
BODY = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "hi"}],
}
EVENTS: list[dict[str, Any]] = [
    {
        "type": "message_start",
        "message": {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-4-5",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 3, "output_tokens": 1},
        },
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "so"}},
    {"type": "content_block_stop", "index": 0},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 2},
    },
    {"type": "message_stop"},
]


def sse(events: list[dict[str, Any]]) -> bytes:
    return b"".join(
        b"event: %b\ndata: %b\n\n" % (each["type"].encode(), orjson.dumps(each)) for each in events
    )


def messages(data: bytes) -> list[frames.Message]:
    return [frames.decode(each) for each in frames.Splitter().feed(data)]


def ask(target: Any) -> Sent:
    call = Call(data=orjson.dumps(BODY), body=BODY, model="m", stream=True, path_model="shown")
    sent = bridge(DIALECT, target, Quirks()).request(call)
    assert isinstance(sent, Sent)
    return sent


def test_the_form_is_found_and_is_no_dialect_of_its_own() -> None:
    assert DIALECT in ENTRANCES.values()
    assert DIALECT.name == "anthropic.messages"
    assert DIALECTS["anthropic.messages"] is not DIALECT


def test_anthropic_is_asked_for_a_stream_in_the_body() -> None:
    body = orjson.loads(ask(DIALECTS["anthropic.messages"]).body or b"")
    assert (body["model"], body["stream"]) == ("m", True)
    assert "anthropic_version" not in body


@pytest.mark.parametrize("size", [1, 50, 10_000])
def test_events_are_framed(size: int) -> None:
    relay = bridge(DIALECT, DIALECTS["anthropic.messages"], Quirks()).stream(CONTEXT)
    ping = b'event: ping\ndata: {"type": "ping"}\n\n'
    wire = sse(EVENTS[:2]) + ping + sse(EVENTS[2:])
    pieces = [wire[at : at + size] for at in range(0, len(wire), size)]
    told = messages(b"".join(relay.feed(each) or b"" for each in pieces) + relay.flush())
    assert {each.headers[":event-type"] for each in told} == {"chunk"}
    kinds = [orjson.loads(frames.unwrap(each.payload))["type"] for each in told]
    assert kinds == [each["type"] for each in EVENTS]
    assert relay.seen.usage is not None


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("overloaded_error", "serviceUnavailableException"),
        ("rate_limit_error", "throttlingException"),
    ],
)
def test_a_stream_that_fails_ends_with_an_exception(kind: str, shown: str) -> None:
    error = {"type": "error", "error": {"type": kind, "message": "too much"}}
    relay = bridge(DIALECT, DIALECTS["anthropic.messages"], Quirks()).stream(CONTEXT)
    told = messages((relay.feed(sse([*EVENTS[:2], error])) or b"") + relay.flush())
    assert told[-1].headers[":exception-type"] == shown
    assert orjson.loads(told[-1].payload)["message"] == "too much"


def test_bedrocks_own_stream_passes_as_it_is() -> None:
    assert ask(hosted.BEDROCK).body is not None
    wire = b"".join(frames.wrap(orjson.dumps(each)) for each in EVENTS)
    relay = bridge(DIALECT, hosted.BEDROCK, Quirks()).stream(CONTEXT)
    assert relay.feed(wire) is None
    assert relay.flush() == b""
    assert relay.seen.finish == "stop"
    cut = bridge(DIALECT, hosted.BEDROCK, Quirks()).stream(CONTEXT)
    cut.feed(frames.wrap(orjson.dumps(EVENTS[0])))
    assert ":exception-type" in messages(cut.flush())[0].headers


def test_errors_are_those_of_aws() -> None:
    error = ApiError(status=404, cause=Cause.NOT_FOUND, message="none")
    status, headers, body = DIALECT.render_error(error)
    assert (status, headers["x-amzn-errortype"]) == (404, "ResourceNotFoundException")
    assert orjson.loads(body) == {"message": "none"}
