"""Whole OpenAI chat answers: what they say survives, and the SDK takes them."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from openai.types.chat import ChatCompletion

from providers.dialects.openai.chat import DIALECT
from providers.errors import BadAnswer
from providers.neutral.chat import (
    Audio,
    ChatResponse,
    Choice,
    Citation,
    Finish,
    Image,
    Native,
    Refusal,
    Signature,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.media import Data
from providers.usage import Usage
from tests.answers import chat_responses
from tests.providers.dialects.openai.chat.wire import PICTURE, PLAIN, SOURCE, client, render


@given(chat_responses())
@settings(max_examples=60, deadline=None)
def test_a_whole_answer_survives(response: ChatResponse) -> None:
    body = render(response)
    assert DIALECT.parse_response(body) == response
    ChatCompletion.model_validate(body, strict=True)


FULL = ChatResponse(
    id="c",
    model="m",
    created=1,
    choices=(
        Choice(
            parts=(
                Thinking(text="hm", signature=Signature(origin="anthropic", value="s")),
                Text(text="hello", citations=(SOURCE,)),
                Audio(
                    source=Data(base64="AAAA", media_type="audio/wav"),
                    id="a",
                    transcript="t",
                    expires_at=5,
                ),
                Image(source=PICTURE),
                ToolCall(
                    id="x",
                    name="f",
                    arguments="{}",
                    signature=Signature(origin="gemini", value="g"),
                ),
                Native(
                    dialect="openai.chat",
                    value={"id": "y", "type": "custom", "custom": {"name": "n", "input": "i"}},
                ),
            ),
            finish=Finish.TOOL_CALLS,
            logprobs={"content": [], "refusal": None},
            native={"openai.chat": {"content_filter_results": {"hate": {"filtered": False}}}},
        ),
        Choice(parts=(Refusal(text="no"),), finish=Finish.REFUSAL, index=1),
    ),
    usage=Usage(input=5, output=7, cache_read=2, reasoning=3),
    service_tier="default",
    native={"openai.chat": {"system_fingerprint": "fp"}},
)


def test_every_kind_of_part_survives() -> None:
    body = render(FULL)
    assert DIALECT.parse_response(body) == FULL
    ChatCompletion.model_validate(body)


def test_what_another_dialect_alone_said_is_not_shown() -> None:
    choice = Choice(
        parts=(Native(dialect="x.chat", value={"id": "a"}), Text(text="hi")),
        finish=Finish.STOP,
        native={"safetyRatings": []},
    )
    body = render(ChatResponse(id="", model="", choices=(choice,), native={"x": 1}))
    assert "x" not in body
    assert body["choices"][0].keys() == {"index", "message", "logprobs", "finish_reason"}
    assert body["choices"][0]["message"]["content"] == "hi"


def test_what_the_provider_does_not_say_comes_from_the_exchange() -> None:
    body = render(ChatResponse(id="", model="", choices=(Choice(),)))
    assert (body["id"], body["model"], body["created"]) == ("chatcmpl-1", "shown", 1_700_000_000)
    assert body["choices"][0]["message"]["content"] == ""


def test_citations_move_with_their_text() -> None:
    parts = (Text(text="abc", citations=(SOURCE,)), Text(text="de", citations=(SOURCE,)))
    body = render(ChatResponse(id="c", model="m", choices=(Choice(parts=parts),)))
    message = body["choices"][0]["message"]
    assert message["content"] == "abcde"
    starts = [item["url_citation"]["start_index"] for item in message["annotations"]]
    assert starts == [0, 3]


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        (
            {"content": "a", "reasoning_content": "b"},
            (Thinking(text="b", signature=PLAIN), Text(text="a")),
        ),
        (
            {"content": "a", "reasoning": "b"},
            (
                Thinking(text="b", signature=Signature(origin="openai", value="reasoning")),
                Text(text="a"),
            ),
        ),
        (
            {"content": None, "function_call": {"name": "f", "arguments": ""}},
            (ToolCall(id="call_0", name="f", arguments="{}"),),
        ),
        (
            {"tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]},
            (ToolCall(id="call_0", name="f", arguments='{"a":1}'),),
        ),
        ({"content": 5, "tool_calls": 6, "images": [7], "audio": "x"}, ()),
    ],
    ids=["deepseek", "openrouter", "legacy", "no ids", "garbage"],
)
def test_vendors_forms_of_a_message_are_understood(
    message: dict[str, Any], parts: tuple[Any, ...]
) -> None:
    body = {"choices": [{"message": message, "finish_reason": "stop"}]}
    assert DIALECT.parse_response(body).choices[0].parts == parts


def test_perplexitys_sources_become_citations() -> None:
    body = {
        "citations": ["https://a.test/"],
        "search_results": [{"title": "A", "url": "https://a.test/"}],
        "choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}],
    }
    (text,) = DIALECT.parse_response(body).choices[0].parts
    assert text == Text(text="hi", citations=(Citation(url="https://a.test/", title="A"),))


@pytest.mark.parametrize(
    "body", [{}, {"choices": []}, {"choices": 5}, {"error": {"message": "no"}}]
)
def test_an_answer_without_choices_is_a_bad_answer(body: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer):
        DIALECT.parse_response(body)


def test_a_call_is_the_finish_where_the_provider_says_stop() -> None:
    call = {"id": "a", "function": {"name": "f", "arguments": "{}"}}
    body = {"choices": [{"message": {"tool_calls": [call]}, "finish_reason": "stop"}]}
    assert DIALECT.parse_response(body).choices[0].finish is Finish.TOOL_CALLS


def test_the_sdk_reads_a_whole_answer() -> None:
    answer = orjson.dumps(render(FULL))
    completion = client(answer, "application/json").chat.completions.create(
        model="m", messages=[{"role": "user", "content": "hi"}]
    )
    message = completion.choices[0].message
    assert message.content == "hello"
    assert message.tool_calls is not None
    assert [call.id for call in message.tool_calls] == ["x", "y"]
    assert completion.usage is not None
    assert completion.usage.prompt_tokens_details is not None
    assert completion.usage.prompt_tokens_details.cached_tokens == 2
