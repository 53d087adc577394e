"""Responses streams that providers send, as deltas."""

from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from providers.errors import Cause
from providers.neutral.chat import (
    Finish,
    Image,
    Native,
    Part,
    Refusal,
    Signature,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.deltas import End, Failed, Used, WholePart
from providers.neutral.media import Data
from providers.usage import Usage
from tests.answers import assembled
from tests.providers.dialects.openai.responses.wire import SOURCE, parsed, stream, told


def provider(*items: dict[str, Any], status: str = "completed", **members: Any) -> dict[str, Any]:
    response = {"id": "resp_1", "object": "response", "created_at": 5, "model": "gpt"}
    return {**response, "status": status, "output": [*items], **members}


CREATED = {"type": "response.created", "response": provider(status="in_progress")}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Hi", "annotations": []}],
}
CALL = {"id": "fc_1", "type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a":1}'}


def test_items_that_were_not_streamed_are_taken_from_the_end() -> None:
    ended = {"type": "response.completed", "response": provider(MESSAGE, CALL)}
    for wire in (told(CREATED, ended), told(ended)):
        deltas = parsed([wire])
        assert assembled(deltas) == [
            Text(text="Hi"),
            ToolCall(id="c", name="f", arguments='{"a":1}'),
        ]
        assert deltas[-1] == End(finish=Finish.TOOL_CALLS)


def test_items_that_all_have_the_number_0_are_told_once() -> None:
    wire = told(
        CREATED,
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**MESSAGE, "content": []},
        },
        {
            "type": "response.output_text.delta",
            "output_index": 0,
            "content_index": 0,
            "delta": "Hi",
        },
        {"type": "response.output_item.done", "output_index": 0, "item": MESSAGE},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**CALL, "arguments": ""},
        },
        {"type": "response.output_item.done", "output_index": 0, "item": CALL},
        {"type": "response.completed", "response": provider(MESSAGE, CALL)},
    )
    assert assembled(parsed([wire])) == [
        Text(text="Hi"),
        ToolCall(id="c", name="f", arguments='{"a":1}'),
    ]


DONE_ONLY: list[tuple[dict[str, Any], Part]] = [
    ({"type": "response.output_text.done", "text": "Hi"}, Text(text="Hi")),
    ({"type": "response.refusal.done", "refusal": "no"}, Refusal(text="no")),
    (
        {
            "type": "response.output_text.annotation.added",
            "annotation": {
                "type": "url_citation",
                "url": "https://a.test/",
                "title": "A",
                "start_index": 0,
                "end_index": 2,
            },
        },
        Text(text="", citations=(SOURCE,)),
    ),
]


@pytest.mark.parametrize(("event", "part"), DONE_ONLY)
def test_what_is_told_without_deltas_is_told_all_the_same(
    event: dict[str, Any], part: Part
) -> None:
    wire = told(
        CREATED,
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**MESSAGE, "content": []},
        },
        {"output_index": 0, "content_index": 0, **event},
        {"type": "response.output_item.done", "output_index": 0, "item": MESSAGE},
        {"type": "response.completed", "response": provider(MESSAGE)},
    )
    deltas = parsed([wire])
    assert assembled(deltas) == [part]
    finish = Finish.REFUSAL if isinstance(part, Refusal) else Finish.STOP
    assert deltas[-1] == End(finish=finish)


@pytest.mark.parametrize("arguments", ['{"a":1}', ""])
def test_arguments_that_come_at_once_are_told_once(arguments: str) -> None:
    call = {**CALL, "arguments": arguments}
    done = {"type": "response.function_call_arguments.done", "arguments": arguments}
    wire = told(
        CREATED,
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**CALL, "arguments": ""},
        },
        {"output_index": 0, **done},
        {"type": "response.output_item.done", "output_index": 0, "item": call},
        {"type": "response.completed", "response": provider(call)},
    )
    whole = ToolCall(id="c", name="f", arguments=arguments or "{}")
    assert assembled(parsed([wire])) == [whole]


def test_a_custom_tools_call_waits_for_its_end_and_for_the_client() -> None:
    call = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c", "name": "n", "input": "x"}
    wire = told(
        CREATED,
        {"type": "response.output_item.added", "output_index": 0, "item": {**call, "input": ""}},
        {"type": "response.custom_tool_call_input.delta", "output_index": 0, "delta": "x"},
        {"type": "response.output_item.done", "output_index": 0, "item": call},
        {"type": "response.completed", "response": provider(call)},
    )
    whole = [delta.value for delta in parsed([wire]) if isinstance(delta, WholePart)]
    assert whole == [Native(dialect="openai.responses", value=call)]
    assert parsed([wire])[-1] == End(finish=Finish.TOOL_CALLS)


def test_a_drawn_picture_is_a_picture() -> None:
    drawn = {
        "type": "image_generation_call",
        "id": "ig_1",
        "status": "completed",
        "result": "AAAA",
        "output_format": "webp",
    }
    wire = told(CREATED, {"type": "response.completed", "response": provider(drawn)})
    whole = [delta.value for delta in parsed([wire]) if isinstance(delta, WholePart)]
    assert whole == [Image(source=Data(base64="AAAA", media_type="image/webp"))]


def test_open_reasoning_is_told_with_what_lets_it_go_back() -> None:
    item = {"id": "rs_1", "type": "reasoning", "summary": []}
    full = {**item, "content": [{"type": "reasoning_text", "text": "hm"}]}
    wire = told(
        CREATED,
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {
            "type": "response.reasoning_text.delta",
            "output_index": 0,
            "content_index": 0,
            "delta": "hm",
        },
        {"type": "response.output_item.done", "output_index": 0, "item": full},
        {"type": "response.completed", "response": provider(full)},
    )
    signature = Signature(origin="openai", value="rs_1:")
    assert assembled(parsed([wire])) == [Thinking(text="hm", signature=signature)]


def test_a_summary_in_parts_is_one_thought_with_its_encrypted_content() -> None:
    item = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gAAA"}
    said = {"type": "response.reasoning_summary_text.delta", "output_index": 0}
    wire = told(
        CREATED,
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {**said, "summary_index": 0, "delta": "a"},
        {**said, "summary_index": 1, "delta": "b"},
        {
            "type": "response.reasoning_text.delta",
            "output_index": 0,
            "content_index": 0,
            "delta": "raw",
        },
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": provider(item)},
    )
    signature = Signature(origin="openai", value="rs_1:gAAA")
    assert assembled(parsed([wire])) == [Thinking(text="a\n\nb", signature=signature)]


def test_hidden_reasoning_is_a_redacted_thought() -> None:
    item = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gAAA"}
    wire = told(
        CREATED,
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": provider(item)},
    )
    redacted = Signature(origin="openai", value="rs_1:gAAA")
    whole = [delta.value for delta in parsed([wire]) if isinstance(delta, WholePart)]
    assert whole == [Thinking(redacted=redacted, id="rs_1")]


FAILURES: list[tuple[dict[str, Any], Cause, str]] = [
    (
        {"type": "error", "code": "rate_limit_exceeded", "message": "slow", "param": None},
        Cause.RATE_LIMIT,
        "slow",
    ),
    (
        {"type": "error", "error": {"type": "server_error", "message": "boom"}},
        Cause.SERVER,
        "boom",
    ),
    (
        {
            "type": "response.failed",
            "response": provider(
                status="failed", error={"code": "server_error", "message": "boom"}
            ),
        },
        Cause.SERVER,
        "boom",
    ),
    ({"type": "response.failed", "response": None}, Cause.SERVER, "status 500"),
]


@pytest.mark.parametrize(("event", "cause", "message"), FAILURES)
def test_a_failure_in_mid_stream_is_told(event: dict[str, Any], cause: Cause, message: str) -> None:
    last = parsed([told(CREATED, event)])[-1]
    assert isinstance(last, Failed)
    assert last.error.cause is cause
    assert message in last.error.message


def test_usage_of_a_failed_answer_is_kept() -> None:
    usage = {"input_tokens": 5, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 3}}
    failed = provider(status="failed", error={"message": "boom"}, usage=usage)
    deltas = parsed([told(CREATED, {"type": "response.failed", "response": failed})])
    assert deltas[1] == Used(usage=Usage(input=5, output=2, cache_read=3))
    assert isinstance(deltas[2], Failed)


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        told(CREATED),
        b"data: {\n\n",
        b"data: [1]\n\n",
        told(CREATED)[:40],
    ],
)
def test_a_stream_that_ends_early_or_is_no_json_fails(wire: bytes) -> None:
    deltas = parsed([wire])
    assert [type(delta) for delta in deltas].count(Failed) == 1
    assert isinstance(deltas[-1], Failed)
    assert deltas[-1].error.status == 502


ITEMS = ["message", "reasoning", "function_call", "refusal", "image_generation_call"]
ITEMS += ["custom_tool_call"]
junk = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.sampled_from([*ITEMS, "", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "content", "summary", "output", "usage", "error"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
KINDS = st.sampled_from(
    [
        "created",
        "output_item.added",
        "output_item.done",
        "output_text.delta",
        "output_text.done",
        "output_text.annotation.added",
        "refusal.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "reasoning_summary_text.delta",
        "reasoning_text.delta",
        "completed",
        "failed",
        "unknown",
    ]
)
MEMBERS = ["item", "part", "delta", "text", "response", "output_index", "content_index", "logprobs"]
odd_events = st.builds(
    lambda kind, members: {**members, "type": f"response.{kind}"},
    KINDS,
    st.dictionaries(st.sampled_from(MEMBERS), junk),
)


@example([{"type": "response.output_item.done", "item": {"type": []}}])
@example([{"type": "response.output_item.done", "item": {}}])
@example([{"type": "response.output_item.done", "item": {"type": "custom_tool_call"}}])
@given(st.lists(odd_events, max_size=6))
def test_malformed_events_never_raise_and_what_they_say_can_be_told(
    odd: list[dict[str, Any]],
) -> None:
    deltas = parsed([b"data: " + orjson.dumps(event) + b"\n\n" for event in odd])
    assert isinstance(deltas[-1], End | Failed)
    stream(deltas)
