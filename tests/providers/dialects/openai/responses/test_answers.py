"""Whole Responses answers: what the SDK demands of ours, and what providers send us."""

import json
from typing import Any

import openai
import pytest
from hypothesis import given
from pydantic import BaseModel

from providers.dialects.openai.responses import DIALECT
from providers.errors import BadAnswer
from providers.neutral.chat import (
    Audio,
    ChatResponse,
    Choice,
    Citation,
    Finish,
    Image,
    Part,
    Refusal,
    Signature,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.media import Data
from providers.neutral.web_search import Searched
from providers.usage import Usage
from tests.answers import chat_responses
from tests.providers.dialects.openai.responses.wire import CONTEXT, answer, client

NAME = "openai.responses"
SOURCE = Citation(url="https://a.test/", title="A", quote="q", start=0, end=2)
SEARCH = {
    "id": "ws_1",
    "type": "web_search_call",
    "status": "completed",
    "action": {"type": "search", "query": "q"},
}


def of(*parts: Part, finish: Finish = Finish.STOP, **members: Any) -> ChatResponse:
    members = {"id": "resp_9", "model": "m", "created": 7, **members}
    return ChatResponse(choices=(Choice(parts=parts, finish=finish),), **members)


def told(*output: dict[str, Any], **members: Any) -> ChatResponse:
    body = {"id": "resp_1", "object": "response", "created_at": 5, "model": "gpt"}
    return DIALECT.parse_response({**body, "status": "completed", "output": [*output], **members})


def sdk(body: bytes, status: int = 200) -> openai.OpenAI:
    return client(body, "application/json", status)


MADE = Searched(queries=("q",), dialect=NAME, value=SEARCH)


PARTS: list[tuple[Part, ...]] = [
    (Text(text="Hi", citations=(SOURCE,)), Text(text="there")),
    (Text(text="Hi", signature=Signature(origin="gemini", value="s")),),
    (Refusal(text="no"),),
    (Thinking(text="hm"), Text(text="Hi")),
    (Thinking(text="hm", signature=Signature(origin="anthropic", value="s")),),
    (Thinking(text="hm", signature=Signature(origin="openai", value="reasoning")),),
    (Thinking(text="", signature=Signature(origin="gemini", value="s")),),
    (Thinking(redacted=Signature(origin="anthropic", value="r")),),
    (Thinking(text="hm", id="rs_1", signature=Signature(origin="openai", value="rs_1:gA")),),
    (Thinking(id="rs_1", redacted=Signature(origin="openai", value="rs_1:gA")),),
    (Thinking(text="hm", id="rs_1", signature=Signature(origin="openai", value="rs_1:")),),
    (Image(source=Data(base64="AAAA", media_type="image/png")),),
    (MADE, Text(text="found")),
    (Text(text="a"), MADE, Text(text="b")),
]


@pytest.mark.parametrize("parts", PARTS)
def test_parts_survive_the_way_to_a_client_and_back(parts: tuple[Part, ...]) -> None:
    output = answer(of(*parts))["output"]
    assert told(*output).choices[0].parts == parts
    echoed = DIALECT.parse_request({"model": "m", "input": output}, "", False)
    if not isinstance(parts[0], Image):
        assert [part for message in echoed.messages for part in message.parts] == [*parts]
    ids = [item["id"] for item in output]
    assert len(set(ids)) == len(ids)


@given(chat_responses())
def test_an_answer_survives_render_and_parse(response: ChatResponse) -> None:
    assert DIALECT.parse_response(answer(response)) == response


def test_calls_keep_their_ids_and_signatures() -> None:
    signature = Signature(origin="gemini", value="s")
    call = ToolCall(id="c1", name="f", arguments='{"a":1}', signature=signature)
    body = answer(of(call, finish=Finish.TOOL_CALLS))
    assert body["status"] == "completed"
    choice = told(*body["output"]).choices[0]
    assert choice.finish is Finish.TOOL_CALLS
    assert choice.parts[-1] == call
    again = DIALECT.parse_request({"model": "m", "input": body["output"]}, "", False)
    assert again.messages[0].parts == (call,)


def test_the_sdk_reads_text_tools_reasoning_and_usage() -> None:
    usage = Usage(input=10, output=5, cache_read=4, cache_write=1, reasoning=2)
    parts = (
        Thinking(text="hm", signature=Signature(origin="anthropic", value="s")),
        Text(text="Hello"),
        ToolCall(id="c1", name="f", arguments='{"a":1}'),
    )
    body = json.dumps(answer(of(*parts, finish=Finish.TOOL_CALLS, usage=usage)))
    response = sdk(body.encode()).responses.create(model="m", input="hi")
    assert response.output_text == "Hello"
    assert [item.type for item in response.output] == ["reasoning", "message", "function_call"]
    assert response.usage is not None
    assert response.usage.total_tokens == 15
    assert response.usage.input_tokens_details.cached_tokens == 4
    assert response.usage.output_tokens_details.reasoning_tokens == 2


def test_the_sdk_parses_structured_output() -> None:
    class City(BaseModel):
        name: str

    body = json.dumps(answer(of(Text(text='{"name":"Paris"}')))).encode()
    response = sdk(body).responses.parse(model="m", input="hi", text_format=City)
    assert response.output_parsed == City(name="Paris")


def test_what_the_provider_does_not_say_comes_from_the_exchange() -> None:
    body = answer(ChatResponse(id="", model="", choices=()))
    assert (body["id"], body["model"], body["created_at"]) == ("resp_1", "shown", CONTEXT.now)
    assert body["output"] == []


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
def test_every_finish_has_a_status(finish: Finish, status: str, reason: str | None) -> None:
    body = answer(of(Text(text="x"), finish=finish))
    assert body["status"] == status
    details = body["incomplete_details"]
    assert (details and details["reason"]) == reason
    assert (body["error"] is not None) is (status == "failed")


def test_a_refusal_in_words_completes_the_answer() -> None:
    body = answer(of(Refusal(text="no"), finish=Finish.REFUSAL))
    assert body["status"] == "completed"
    assert DIALECT.parse_response(body).choices[0].finish is Finish.REFUSAL


def test_only_the_first_choice_is_shown() -> None:
    choices = (Choice(parts=(Text(text="a"),)), Choice(parts=(Text(text="b"),), index=1))
    body = answer(ChatResponse(id="r", model="m", choices=choices))
    assert len(body["output"]) == 1


def test_spoken_words_are_shown_as_text() -> None:
    sound = Data(base64="AAAA", media_type="audio/wav")
    body = answer(of(Audio(source=sound, transcript="Hi"), Audio(source=sound)))
    assert [part["text"] for item in body["output"] for part in item["content"]] == ["Hi"]


def test_logprobs_survive() -> None:
    likely = {"token": "Hi", "logprob": -0.1, "bytes": [72, 105], "top_logprobs": []}
    choice = Choice(parts=(Text(text="Hi"),), finish=Finish.STOP, logprobs={"content": [likely]})
    response = ChatResponse(id="r", model="m", created=1, choices=(choice,))
    assert DIALECT.parse_response(answer(response)) == response


def test_annotations_of_files_stay_native() -> None:
    cited = {"type": "file_citation", "file_id": "f", "filename": "a.pdf", "index": 3}
    message = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "x", "annotations": [cited]}],
    }
    part = told(message).choices[0].parts[0]
    found = Citation(title="a.pdf", start=3, end=3, native=cited, dialect=NAME)
    assert part == Text(text="x", citations=(found,))
    assert answer(of(part))["output"][0]["content"][0]["annotations"] == [cited]


def test_a_providers_answer_is_read() -> None:
    call = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": ""}
    usage = {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 4},
        "output_tokens": 3,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 12,
    }
    response = told(call, usage=usage, service_tier="flex")
    assert response == ChatResponse(
        id="resp_1",
        model="gpt",
        created=5,
        service_tier="flex",
        usage=Usage(input=9, output=3, cache_read=4, reasoning=2),
        choices=(
            Choice(parts=(ToolCall(id="c", name="f", arguments="{}"),), finish=Finish.TOOL_CALLS),
        ),
    )


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("max_output_tokens", Finish.LENGTH), ("content_filter", Finish.CONTENT_FILTER)],
)
def test_an_incomplete_answer_says_why(reason: str, finish: Finish) -> None:
    response = told(status="incomplete", incomplete_details={"reason": reason})
    assert response.choices[0].finish is finish


BAD: list[dict[str, Any]] = [
    {},
    {"output": None},
    {"error": {"message": "boom"}},
    {"output": [], "status": "failed", "error": {"code": "server_error", "message": "boom"}},
]


@pytest.mark.parametrize("body", BAD)
def test_no_answer_is_a_bad_answer(body: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer, match="boom" if "error" in body else "output"):
        DIALECT.parse_response(body)


ODD: list[Any] = [
    [5, None],
    [{"type": "message", "content": 5}],
    [{"type": "message", "content": [{"type": "output_text", "text": 5, "annotations": 5}]}],
    [{"type": "reasoning", "summary": 5, "content": [5]}],
    [{"type": "function_call"}],
    [{"type": 5}],
    [{}],
]


@pytest.mark.parametrize("output", ODD)
def test_odd_items_do_no_harm(output: Any) -> None:
    response = DIALECT.parse_response({"output": output, "usage": [], "created_at": "x"})
    assert response.choices[0].finish in (Finish.STOP, Finish.TOOL_CALLS)


def test_a_whole_answer_says_what_it_used() -> None:
    body = answer(of(Text(text="x"), usage=Usage(input=3, output=2)))
    seen = DIALECT.watch(body)
    assert (seen.usage, seen.model, seen.finish) == (Usage(input=3, output=2), "m", Finish.STOP)


def test_a_failed_answer_says_so() -> None:
    failed = {"status": "failed", "error": {"code": "rate_limit_exceeded", "message": "slow"}}
    seen = DIALECT.watch({**failed, "output": []})
    assert seen.finish is Finish.ERROR
    assert seen.error is not None
    assert seen.error.message == "slow"
