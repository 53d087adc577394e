"""gemini.interactions: usage, streams wherever they are cut, and where ids stand."""

import orjson
import pytest

from providers.dialects.gemini.interactions import (
    ASKED,
    DIALECT,
    SHOWN,
    InteractionRelay,
    finished,
    parse_usage,
    watch,
)
from providers.errors import BadAnswer, Cause
from providers.neutral.chat import Finish
from providers.usage import Usage

USED = {
    "total_input_tokens": 7,
    "total_cached_tokens": 3,
    "total_output_tokens": 20,
    "total_thought_tokens": 22,
    "total_tool_use_tokens": 5,
    "total_tokens": 54,
}
USAGE = Usage(input=12, output=42, cache_read=3, reasoning=22)
ENDED = {"id": "v1_x", "status": "completed", "model": "gemini-2.5-flash", "usage": USED}


def event(kind: str, **members: object) -> bytes:
    data = orjson.dumps({**members, "event_type": kind})
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


STREAM = b"".join(
    (
        event("interaction.created", interaction={**ENDED, "status": "in_progress", "usage": None}),
        event("step.start", index=0, step={"type": "model_output"}),
        event("step.delta", index=0, delta={"type": "text", "text": "One two three four."}),
        event("step.stop", index=0),
        event("interaction.completed", interaction=ENDED),
        b"event: done\ndata: [DONE]\n\n",
    )
)


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        (None, None),
        ({}, None),
        (USED, USAGE),
        ({"total_input_tokens": 7}, Usage(input=7, estimated=True)),
        ({"total_output_tokens": 7}, Usage(output=7, estimated=True)),
        ({"total_input_tokens": -1, "total_output_tokens": "7"}, None),
    ],
)
def test_usage(raw: object, usage: Usage | None):
    assert parse_usage(raw) == usage


@pytest.mark.parametrize(
    ("status", "finish", "usage"),
    [
        ("completed", Finish.STOP, USAGE),
        ("requires_action", Finish.TOOL_CALLS, USAGE),
        ("incomplete", Finish.LENGTH, USAGE),
        ("failed", Finish.ERROR, USAGE),
        ("in_progress", None, Usage()),
        ("queued", None, Usage()),
    ],
)
def test_an_answer_that_is_still_made_has_used_nothing(status, finish, usage):
    seen = watch({**ENDED, "status": status})
    assert (seen.finish, seen.usage, seen.model) == (finish, usage, "gemini-2.5-flash")


def test_what_is_no_interaction_is_no_answer():
    with pytest.raises(BadAnswer):
        watch({"candidates": []})


def test_what_is_asked_for_again_is_charged_at_its_end():
    assert finished({**ENDED, "status": "in_progress"}).usage is None
    assert finished(ENDED).usage == USAGE
    assert finished({"event_type": "interaction.completed", "interaction": ENDED}).usage == USAGE
    assert finished({"event_type": "step.stop", "usage": USED}).usage is None


@pytest.mark.parametrize("size", [1, 7, 64, len(STREAM)])
def test_a_stream_is_understood_wherever_it_is_cut(size: int):
    relay = InteractionRelay(True)
    for at in range(0, len(STREAM), size):
        assert relay.feed(STREAM[at : at + size]) is None
    assert relay.flush() == b""
    assert (relay.seen.usage, relay.seen.finish) == (USAGE, Finish.STOP)
    assert relay.seen.model == "gemini-2.5-flash"


def test_a_stream_that_breaks_ends_with_an_error():
    relay = InteractionRelay(True)
    relay.feed(STREAM[: STREAM.index(b"event: step.stop")])
    end = relay.flush()
    assert end.startswith(b"event: error\ndata: ")
    assert orjson.loads(end.split(b"data: ")[1])["error"]["code"]
    assert relay.seen.finish is Finish.ERROR
    assert relay.seen.generated > 0


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("resource_exhausted", Cause.RATE_LIMIT),
        ("https://ai.google.dev/errors/unavailable", Cause.OVERLOADED),
        (None, Cause.SERVER),
    ],
)
def test_an_error_in_a_stream_is_taken_down(code: str | None, cause: Cause):
    relay = InteractionRelay(True)
    relay.feed(event("error", error={"code": code, "message": "no more"}))
    assert relay.flush() == b""
    error = relay.seen.error
    assert error is not None
    assert (error.cause, error.message) == (cause, "no more")


def test_an_error_says_its_code_as_a_word():
    error = DIALECT.parse_error(404, {"x-request-id": "r"}, b'{"error":{"message":"gone"}}')
    status, headers, body = DIALECT.render_error(error)
    assert (status, headers["x-request-id"]) == (404, "r")
    assert orjson.loads(body) == {"error": {"code": "not_found", "message": "gone"}}


def test_ids_stand_where_google_puts_them():
    uri = "https://generativelanguage.googleapis.com/v1beta/files/abc"
    asked = {
        "previous_interaction_id": "v1_a",
        "input": [
            {"type": "image", "uri": uri},
            {"type": "image", "uri": "https://example.com/fox.png"},
            {"type": "function_call", "id": "call_1", "arguments": {"uri": "x"}},
            {"type": "function_result", "call_id": "call_1", "result": [{"uri": "files/def"}]},
        ],
        "labels": {"uri": "x"},
        "tools": [{"type": "mcp_server", "uri": "x"}],
    }
    assert ASKED.within(asked) == {"v1_a", uri, "files/def"}
    assert ASKED.split(uri)[1] == "files/abc"
    shown = {
        **ENDED,
        "previous_interaction_id": "v1_a",
        "steps": [{"type": "function_call", "id": "call_1"}],
        "input": [{"id": "call_2"}],
    }
    assert SHOWN.within(shown) == {"v1_x", "v1_a"}
    assert SHOWN.within({"interaction": ENDED}) == {"v1_x"}
    assert SHOWN.within({"interaction_id": "v1_x", "status": "queued"}) == {"v1_x"}
    assert SHOWN.within({"index": 0, "step": {"type": "function_call", "id": "call_1"}}) == set()
