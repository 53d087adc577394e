"""Responses streams: what the SDK demands of ours."""

from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.lib.streaming.responses import ResponseStreamManager
from pydantic import BaseModel

from providers.dialects.openai.responses import DIALECT
from providers.errors import ApiError, Cause
from providers.neutral.chat import (
    ChatResponse,
    Choice,
    Finish,
    Image,
    Part,
    Refusal,
    Signature,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.deltas import (
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
from providers.neutral.media import Data
from providers.neutral.web_search import Searched
from providers.usage import Usage
from tests.answers import assembled, streams
from tests.providers.dialects.openai.responses.wire import (
    CONTEXT,
    SOURCE,
    answer,
    client,
    events,
    parsed,
    stream,
)
from tests.strategies import cuts

BEGIN = Begin(id="resp_9", model="m", created=7)
STOP = End(finish=Finish.STOP)
BROKEN = Failed(error=ApiError(status=529, cause=Cause.OVERLOADED, message="too busy"))


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
    Searched(
        queries=("q",),
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
    choice = Choice(parts=(part,), finish=Finish.STOP)
    response = ChatResponse(id=CONTEXT.id, model="m", created=7, choices=(choice,))
    whole = WholePart(value=part, part=0)
    begin = Begin(id=CONTEXT.id, model="m", created=7)
    ways: list[list[AnyDelta]] = [replay(response), [begin, whole, STOP], [whole, STOP]]
    for deltas in ways:
        data = stream(deltas)
        consistent(data)
        output = final(data)["output"]
        assert output == answer(response)["output"]
        again = DIALECT.parse_response(final(data)).choices[0].parts
        if isinstance(part, ToolCall):  # its signature stands in a thought, for the next turn
            history = {"model": "m", "input": output}
            again = DIALECT.parse_request(history, "", False).messages[0].parts
        assert [*again] == [part]


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


def test_a_text_that_was_ended_goes_on_as_another_part_of_the_message() -> None:
    deltas: list[AnyDelta] = [BEGIN, TextDelta(text="a", part=0), PartEnd(part=0)]
    data = stream([*deltas, TextDelta(text="b", part=1), PartEnd(part=1), STOP])
    consistent(data)
    assert [part["text"] for part in final(data)["output"][0]["content"]] == ["a", "b"]


def test_the_sdk_reads_a_plain_stream_to_its_end() -> None:
    data = stream([BEGIN, TextDelta(text="Hi", part=0), STOP])
    plain = client(data, "text/event-stream").responses.create(model="m", input="hi", stream=True)
    assert isinstance(plain, openai.Stream)
    assert [event.type for event in plain][-1] == "response.completed"
