"""Whole answers in Cohere's format, read, written, and taken by the official client."""

from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given, settings

from providers.dialects.cohere.chat import DIALECT
from providers.errors import BadAnswer
from providers.neutral.chat import (
    Audio,
    ChatResponse,
    Choice,
    Citation,
    Finish,
    Refusal,
    Signature,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.media import Data
from providers.usage import Usage
from tests.answers import chat_responses
from tests.providers.dialects.cohere.chat.wire import ASK, client, render

PLAIN = Signature(origin="cohere", value="thinking")
CALL = ToolCall(id="c", name="f", arguments='{"a":1}')


def answer(*parts: Any, finish: Finish = Finish.STOP, **members: Any) -> ChatResponse:
    usage = members.pop("usage", Usage(input=7, output=3, cache_read=2))
    choice = Choice(parts=parts, finish=finish, **members)
    return ChatResponse(id="i", model="", choices=(choice,), usage=usage)


def comparable(response: ChatResponse) -> ChatResponse:
    """Without what the format has no place for."""
    choice = response.choices[0]
    parts = [
        msgspec.structs.replace(part, signature=PLAIN) if isinstance(part, Thinking) else part
        for part in choice.parts
        if not (isinstance(part, Thinking) and part.redacted)
    ]
    usage = response.usage
    assert usage is not None
    return msgspec.structs.replace(
        response,
        model="",
        created=0,
        usage=msgspec.structs.replace(usage, cache_write=0, reasoning=0),
        choices=(msgspec.structs.replace(choice, parts=tuple(parts)),),
    )


@given(chat_responses("cohere").map(comparable))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_again(response: ChatResponse) -> None:
    body = render(response)
    if not response.choices[0].parts:
        assert body["message"]["content"] == [{"type": "text", "text": ""}]
        return
    assert DIALECT.parse_response(body) == response


def test_the_official_client_reads_thoughts_words_and_counts() -> None:
    cited = Citation(url="https://a.test/", title="A", quote="q", start=0, end=2)
    response = answer(Thinking(text="hm", signature=PLAIN), Text(text="hello", citations=(cited,)))
    got = client(orjson.dumps(render(response))).chat(**ASK)
    assert got.id == "i"
    assert got.finish_reason == "COMPLETE"
    assert [block.type for block in got.message.content] == ["thinking", "text"]
    assert got.message.content[1].text == "hello"
    assert got.message.citations[0].text == "he"
    assert got.message.citations[0].content_index == 1
    assert got.message.citations[0].sources[0].document["url"] == "https://a.test/"
    assert (got.usage.tokens.input_tokens, got.usage.tokens.output_tokens) == (7, 3)
    assert got.usage.cached_tokens == 2


def test_the_official_client_reads_calls_after_a_plan() -> None:
    response = answer(Text(text="I look."), CALL, finish=Finish.TOOL_CALLS)
    got = client(orjson.dumps(render(response))).chat(**ASK)
    assert got.finish_reason == "TOOL_CALL"
    assert got.message.tool_plan == "I look."
    assert got.message.tool_calls[0].function.arguments == '{"a":1}'
    assert got.message.content is None


def test_citations_move_with_their_text_into_the_plan() -> None:
    cited = Citation(title="T", start=0, end=1)
    texts = (Text(text="ab"), Text(text="cd", citations=(cited,)))
    message = render(answer(*texts, CALL, finish=Finish.TOOL_CALLS))["message"]
    assert message["tool_plan"] == "abcd"
    assert (message["citations"][0]["start"], message["citations"][0]["text"]) == (2, "c")


def test_foreign_signatures_are_sealed_for_the_client_to_echo() -> None:
    foreign = Signature(origin="anthropic", value="s")
    gemini = Signature(origin="gemini", value="g")
    parts = (
        Thinking(text="a", signature=foreign),
        Thinking(redacted=foreign),
        Text(text="t", signature=gemini),
        msgspec.structs.replace(CALL, signature=gemini),
    )
    message = render(answer(*parts))["message"]
    echoed = DIALECT.parse_request({"model": "m", "messages": [message]}, "", False)
    assert echoed.messages[0].parts == parts


def test_a_refusal_and_a_transcript_are_words() -> None:
    body = render(answer(Refusal(text="no"), finish=Finish.REFUSAL))
    assert body["message"]["content"] == [{"type": "text", "text": "no"}]
    assert body["finish_reason"] == "ERROR_TOXIC"
    sound = Audio(source=Data(base64="AAAA", media_type="audio/wav"), transcript="la")
    assert render(answer(sound))["message"]["content"] == [{"type": "text", "text": "la"}]


def test_an_answer_of_cohere_is_read() -> None:
    body = {
        "id": "x",
        "finish_reason": "TOOL_CALL",
        "message": {
            "role": "assistant",
            "tool_plan": "I will search.",
            "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": ""}}],
            "citations": [{"start": 0, "end": 1, "text": "I", "type": "PLAN", "sources": []}],
        },
        "usage": {"billed_units": {"input_tokens": 5, "output_tokens": 6}},
        "logprobs": [{"text": "I", "token_ids": [1, 2], "logprobs": [-0.5, -0.25]}],
    }
    response = DIALECT.parse_response(body)
    choice = response.choices[0]
    plan, call = choice.parts
    assert plan.text == "I will search."
    assert (plan.citations[0].start, plan.citations[0].end) == (0, 1)
    assert call == ToolCall(id="call_0", name="f", arguments="{}")
    assert choice.finish is Finish.TOOL_CALLS
    assert response.usage == Usage(input=5, output=6)
    assert choice.logprobs["content"][0]["logprob"] == -0.75
    assert render(response)["logprobs"] == [{"text": "I", "token_ids": [], "logprobs": [-0.75]}]


def test_each_source_is_a_citation() -> None:
    sources = [
        {"type": "document", "id": "d", "document": {"title": "T", "snippet": "S"}},
        {"type": "tool", "id": "t", "tool_output": {"url": "https://a.test/", "content": "C"}},
        {"type": "tool", "id": "u", "tool_output": {"temperature": "20C"}},
    ]
    cited = {"start": 0, "end": 2, "text": "he", "sources": sources, "content_index": 0}
    message = {"content": [{"type": "text", "text": "hello"}], "citations": [cited]}
    parts = DIALECT.parse_response({"message": message}).choices[0].parts
    first, second, third = parts[0].citations
    assert (first.title, first.quote, first.start, first.end) == ("T", "S", 0, 2)
    assert (second.title, second.url, second.quote) == ("t", "https://a.test/", "C")
    assert (third.title, third.quote) == ("u", '{"temperature":"20C"}')


@pytest.mark.parametrize("body", [{}, {"message": 5}, {"message": "gone"}])
def test_what_is_no_answer_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer):
        DIALECT.parse_response(body)


@pytest.mark.parametrize(("reason", "status"), [("ERROR", 500), ("TIMEOUT", 504)])
def test_a_failure_says_what_failed(reason: str, status: int) -> None:
    body: dict[str, Any] = {"id": "x", "finish_reason": reason, "message": {"content": []}}
    (choice,) = DIALECT.parse_response(body).choices
    assert choice.finish is Finish.ERROR
    assert choice.error is not None
    assert (choice.error.status, "gave up" in choice.error.message) == (status, True)
    (choice,) = DIALECT.parse_response({**body, "error": "boom"}).choices
    assert choice.error is not None
    assert "boom" in choice.error.message


def test_watching_tells_usage_and_finish() -> None:
    body = render(answer(CALL, finish=Finish.TOOL_CALLS))
    seen = DIALECT.watch(body)
    assert (seen.usage, seen.finish) == (Usage(input=7, output=3, cache_read=2), Finish.TOOL_CALLS)
    assert seen.error is None
    failed = DIALECT.watch({"finish_reason": "ERROR"})
    assert failed.finish is Finish.ERROR
    assert failed.error is not None
    assert DIALECT.watch({}).finish is None


def test_only_the_model_is_changed_for_the_same_dialect() -> None:
    assert DIALECT.edits({"model": "a"}, "a", True) == {}
    assert DIALECT.edits({"model": "a"}, "b", True) == {"model": "b"}
