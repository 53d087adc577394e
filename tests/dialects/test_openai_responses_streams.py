"""Responses streams: what the SDK demands of ours, and what providers send us."""

from typing import Any

import openai
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.lib.streaming.responses import ResponseStreamManager
from pydantic import BaseModel

from providers.chat import (
    ChatResponse,
    Choice,
    Citation,
    Data,
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
from providers.deltas import (
    AnyDelta,
    ArgumentsDelta,
    AudioDelta,
    Begin,
    CitationDelta,
    End,
    Failed,
    PartEnd,
    Ping,
    RefusalDelta,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
    replay,
)
from providers.dialects.openai_responses import DIALECT
from providers.errors import ApiError, Cause
from providers.usage import Usage
from tests.dialects.openai_responses_wire import (
    CONTEXT,
    answer,
    client,
    events,
    parsed,
    stream,
    told,
)
from tests.strategies import assembled, cuts, streams

BEGIN = Begin(id="resp_9", model="m", created=7)
STOP = End(finish=Finish.STOP)
BROKEN = Failed(error=ApiError(status=529, cause=Cause.OVERLOADED, message="too busy"))
SOURCE = Citation(url="https://a.test/", title="A", start=0, end=2)


def kinds(data: bytes) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events(data)]


def final(data: bytes) -> dict[str, Any]:
    response: dict[str, Any] = events(data)[-1]["response"]
    return response


def consistent(data: bytes) -> None:
    """An item is the same in added, done and the final answer, and each item added is done."""
    found = events(data)
    assert [event["type"] for event in found[:2]] == ["response.created", "response.in_progress"]
    lifecycle = [event["response"] for event in found if "response" in event]
    assert len({response["id"] for response in lifecycle}) == 1
    added = [event for event in found if event["type"] == "response.output_item.added"]
    done = [event for event in found if event["type"] == "response.output_item.done"]
    identity = [
        (each["output_index"], each["item"]["type"], each["item"].get("id")) for each in added
    ]
    finished = [
        (each["output_index"], each["item"]["type"], each["item"].get("id")) for each in done
    ]
    assert [place for place, _, _ in identity] == list(range(len(added)))
    assert sorted(finished) == sorted(identity)
    output = lifecycle[-1]["output"]
    assert output == [each["item"] for each in sorted(done, key=lambda each: each["output_index"])]
    assert len({id for _, _, id in identity}) == len(identity)


def sdk(data: bytes) -> ResponseStreamManager[Any]:
    return client(data, "text/event-stream").responses.stream(model="m", input="hi")


def test_a_text_is_told_in_the_official_order() -> None:
    deltas: list[AnyDelta] = [BEGIN, TextDelta(text="Hi", part=0), TextDelta(text="!", part=0)]
    data = stream([*deltas, STOP, Used(usage=Usage(input=3, output=2))])
    assert kinds(data) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    consistent(data)
    assert final(data)["usage"]["total_tokens"] == 5


@pytest.mark.parametrize("ends", [True, False])
def test_a_thought_two_texts_and_parallel_calls_are_told_whole(ends: bool) -> None:
    deltas: list[AnyDelta] = [
        BEGIN,
        ThinkingDelta(text="hm", part=0),
        SignatureDelta(signature=Signature(origin="anthropic", value="sig"), part=0),
        TextDelta(text="a", part=1),
        CitationDelta(citation=SOURCE, part=1),
        TextDelta(text="b", part=2),
        ToolCallBegin(id="c1", name="f", part=3),
        ToolCallBegin(id="c2", name="g", part=4),
        ArgumentsDelta(text='{"a":', part=3),
        ArgumentsDelta(text="{}", part=4),
        ArgumentsDelta(text="1}", part=3),
        End(finish=Finish.TOOL_CALLS),
    ]
    if ends:
        deltas[-1:-1] = [PartEnd(part=3), PartEnd(part=4)]
    data = stream(deltas)
    consistent(data)
    output = final(data)["output"]
    assert [item["type"] for item in output] == [
        "reasoning",
        "message",
        "function_call",
        "function_call",
    ]
    assert [part["text"] for part in output[1]["content"]] == ["a", "b"]
    assert output[1]["content"][0]["annotations"][0]["url"] == "https://a.test/"
    assert [item["arguments"] for item in output[2:]] == ['{"a":1}', "{}"]


def test_the_sdk_assembles_what_was_told() -> None:
    data = stream(
        [
            BEGIN,
            ThinkingDelta(text="hm", part=0),
            TextDelta(text="Hello", part=1),
            ToolCallBegin(id="c1", name="f", part=2),
            End(finish=Finish.TOOL_CALLS),
            Used(usage=Usage(input=3, output=2, reasoning=1)),
        ]
    )
    with sdk(data) as told_by_sdk:
        text = "".join(
            event.delta for event in told_by_sdk if event.type == "response.output_text.delta"
        )
        response = told_by_sdk.get_final_response()
    assert text == response.output_text == "Hello"
    call = response.output[2]
    assert call.type == "function_call"
    assert (call.call_id, call.arguments) == ("c1", "{}")
    assert response.usage is not None
    assert response.usage.output_tokens_details.reasoning_tokens == 1


def test_the_sdk_parses_structured_output_of_a_stream() -> None:
    class City(BaseModel):
        name: str

    data = stream([BEGIN, TextDelta(text='{"name":"Paris"}', part=0), STOP])
    talk = client(data, "text/event-stream").responses.stream(
        model="m", input="hi", text_format=City
    )
    with talk as told_by_sdk:
        assert told_by_sdk.get_final_response().output_parsed == City(name="Paris")


@given(streams())
def test_any_stream_is_what_the_sdk_takes(told_stream: tuple[ChatResponse, list[AnyDelta]]) -> None:
    response, deltas = told_stream
    data = stream(deltas)
    consistent(data)
    with sdk(data) as told_by_sdk:
        seen = [event.type for event in told_by_sdk]
    assert seen[0] == "response.created"
    words = [part.text for part in response.choices[0].parts if isinstance(part, Text)]
    last = final(data)["output"]
    said = [part["text"] for item in last for part in item.get("content", ())]
    assert said == words


@given(streams(), st.data())
def test_a_stream_survives_render_and_parse_however_it_is_cut(
    told_stream: tuple[ChatResponse, list[AnyDelta]], data: st.DataObject
) -> None:
    response, deltas = told_stream
    wire = stream(deltas)
    whole = parsed([wire])
    assert [each for each in parsed(data.draw(cuts(wire))) if type(each) is not Ping] == [
        each for each in whole if type(each) is not Ping
    ]
    assert assembled(whole) == list(response.choices[0].parts)
    assert [each.finish for each in whole if isinstance(each, End)] == [response.choices[0].finish]
    assert [each.usage for each in whole if isinstance(each, Used)] == [response.usage]


PARTS: list[Part] = [
    Text(text="Hi", citations=(SOURCE,)),
    Refusal(text="no"),
    Thinking(text="hm", signature=Signature(origin="anthropic", value="s")),
    Thinking(text="", signature=Signature(origin="gemini", value="s")),
    Thinking(redacted=Signature(origin="anthropic", value="r")),
    ToolCall(id="c", name="f", arguments="{}", signature=Signature(origin="gemini", value="g")),
    Image(source=Data(base64="AAAA", media_type="image/png")),
    Native(
        dialect="openai.responses",
        value={
            "id": "ws_1",
            "type": "web_search_call",
            "status": "completed",
            "action": {"type": "search", "query": "q"},
        },
    ),
]


@pytest.mark.parametrize("part", PARTS)
def test_a_streamed_part_ends_like_the_whole_answer(part: Part) -> None:
    response = ChatResponse(
        id="resp_9", model="m", created=7, choices=(Choice(parts=(part,), finish=Finish.STOP),)
    )
    whole = WholePart(value=part, part=0)
    ways: list[list[AnyDelta]] = [replay(response), [BEGIN, whole, STOP], [whole, STOP]]
    for deltas in ways:
        data = stream(deltas)
        consistent(data)
        output = final(data)["output"]
        assert [item | {"id": ""} for item in output] == [
            item | {"id": ""} for item in answer(response)["output"]
        ]
        again = [*DIALECT.parse_response(final(data)).choices[0].parts]
        assert again == [part]


def test_logprobs_are_told_with_their_text() -> None:
    likely = {"token": "Hi", "logprob": -0.1, "bytes": None, "top_logprobs": []}
    data = stream([BEGIN, TextDelta(text="Hi", part=0, logprobs={"content": [likely]}), STOP])
    consistent(data)
    shown = {**likely, "bytes": []}
    assert final(data)["output"][0]["content"][0]["logprobs"] == [shown]
    texts = [each for each in parsed([data]) if isinstance(each, TextDelta)]
    assert texts[0].logprobs == {"content": [shown]}


@pytest.mark.parametrize(
    ("finish", "status", "reason"),
    [
        (Finish.STOP, "completed", None),
        (Finish.STOP_SEQUENCE, "completed", None),
        (Finish.PAUSE, "completed", None),
        (Finish.LENGTH, "incomplete", "max_output_tokens"),
        (Finish.CONTENT_FILTER, "incomplete", "content_filter"),
        (Finish.REFUSAL, "incomplete", "content_filter"),
        (Finish.ERROR, "failed", None),
    ],
)
def test_every_end_has_its_event(finish: Finish, status: str, reason: str | None) -> None:
    data = stream([BEGIN, TextDelta(text="x", part=0), End(finish=finish)])
    consistent(data)
    assert kinds(data)[-1] == status
    assert final(data)["status"] == status
    details = final(data)["incomplete_details"]
    assert (details and details["reason"]) == reason


def test_a_refusal_completes_the_answer() -> None:
    data = stream([BEGIN, RefusalDelta(text="no", part=0), End(finish=Finish.REFUSAL)])
    assert "refusal.done" in kinds(data)
    assert final(data)["status"] == "completed"


def test_a_failure_closes_what_is_open_and_fails() -> None:
    data = stream([BEGIN, ToolCallBegin(id="c", name="f", part=0), BROKEN, STOP])
    consistent(data)
    assert kinds(data)[-1] == "failed"
    assert final(data)["error"] == {"code": "server_error", "message": "too busy"}
    with pytest.raises(RuntimeError), sdk(data) as told_by_sdk:
        told_by_sdk.get_final_response()


def test_a_failure_before_anything_still_begins_the_answer() -> None:
    assert kinds(stream([BROKEN])) == ["created", "in_progress", "failed"]


def test_only_the_first_choice_is_told() -> None:
    deltas: list[AnyDelta] = [BEGIN, TextDelta(text="a", part=0)]
    deltas += [TextDelta(text="b", part=0, choice=1), STOP, End(finish=Finish.STOP, choice=1)]
    assert final(stream(deltas))["output"][0]["content"][0]["text"] == "a"


def test_spoken_words_are_told_as_text() -> None:
    data = stream([BEGIN, AudioDelta(part=0, base64="AAAA", transcript="Hi"), STOP])
    assert final(data)["output"][0]["content"][0]["text"] == "Hi"


def test_a_ping_is_a_comment() -> None:
    assert DIALECT.renderer(CONTEXT).feed([Ping()]) == b": ping\n\n"
    assert parsed([b": ping\n\n"])[0] == Ping()


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


def test_a_text_that_was_ended_goes_on_as_another_part_of_the_message() -> None:
    deltas: list[AnyDelta] = [BEGIN, TextDelta(text="a", part=0), PartEnd(part=0)]
    data = stream([*deltas, TextDelta(text="b", part=1), PartEnd(part=1), STOP])
    consistent(data)
    assert [part["text"] for part in final(data)["output"][0]["content"]] == ["a", "b"]


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


@given(st.lists(odd_events, max_size=6))
def test_malformed_events_never_raise_and_what_they_say_can_be_told(
    odd: list[dict[str, Any]],
) -> None:
    deltas = parsed([b"data: " + orjson.dumps(event) + b"\n\n" for event in odd])
    assert isinstance(deltas[-1], End | Failed)
    stream(deltas)


def test_the_sdk_reads_a_plain_stream_to_its_end() -> None:
    data = stream([BEGIN, TextDelta(text="Hi", part=0), STOP])
    plain = client(data, "text/event-stream").responses.create(model="m", input="hi", stream=True)
    assert isinstance(plain, openai.Stream)
    assert [event.type for event in plain][-1] == "response.completed"
