"""Whole answers and errors, as the official SDK sees what is written."""

import sys
from collections.abc import Callable
from typing import Any

import anthropic
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.bridging.dialect import Context
from providers.dialects.anthropic.messages import DIALECT
from providers.errors import ApiError, BadAnswer, Cause, FailedAnswer
from providers.neutral.chat import (
    Audio,
    ChatResponse,
    Choice,
    Citation,
    Finish,
    Native,
    Refusal,
    Signature,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.media import Data
from providers.usage import Usage

CONTEXT = Context(model="asked", id="msg_made", now=1_700_000_000)
FOREIGN = Signature(origin="gemini", value="AB")

# The SDK's HTTP library changed its name on the way to version 2.
HTTP = sys.modules[anthropic.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]]


def client(status: int, headers: Any, body: bytes) -> anthropic.Anthropic:
    """The SDK, to which every request is answered so."""
    transport = HTTP.MockTransport(
        lambda request: HTTP.Response(status, headers=dict(headers), content=body)
    )
    return anthropic.Anthropic(
        api_key="k",
        base_url="http://gateway.test",
        max_retries=0,
        http_client=HTTP.Client(transport=transport),
    )


def read(response: ChatResponse) -> anthropic.types.Message:
    body = DIALECT.render_response(response, CONTEXT)
    sdk = client(200, {"content-type": "application/json"}, orjson.dumps(body))
    message = sdk.messages.create(
        model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
    )
    return anthropic.types.Message.model_validate_json(message.model_dump_json(), strict=True)


def answer(*parts: Any, finish: Finish = Finish.STOP, **fields: Any) -> ChatResponse:
    choice = Choice(parts=parts, finish=finish, **fields)
    usage = Usage(input=10, output=4, cache_read=3, cache_write=2, reasoning=1)
    return ChatResponse(id="msg_1", model="claude", choices=(choice,), usage=usage)


def test_a_text_is_read_with_its_usage() -> None:
    message = read(answer(Text(text="hello")))
    assert (message.id, message.model, message.role) == ("msg_1", "asked", "assistant")
    assert [block.model_dump(exclude_none=True) for block in message.content] == [
        {"type": "text", "text": "hello"}
    ]
    assert message.stop_reason == "end_turn"
    usage = message.usage
    assert (usage.input_tokens, usage.output_tokens) == (5, 4)
    assert (usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (3, 2)
    assert usage.output_tokens_details is not None
    assert usage.output_tokens_details.thinking_tokens == 1


def test_thoughts_calls_and_signatures_of_others_are_read() -> None:
    message = read(
        answer(
            Thinking(text="hm", signature=FOREIGN),
            Thinking(redacted=Signature(origin="anthropic", value="xyz")),
            ToolCall(id="t1", name="f", arguments='{"a":1}', signature=FOREIGN),
            ToolCall(id="t2", name="f", arguments="{}"),
            finish=Finish.TOOL_CALLS,
        )
    )
    assert [block.model_dump(exclude_none=True) for block in message.content] == [
        {"type": "thinking", "thinking": "hm", "signature": "ai.extproc/gemini/AB"},
        {"type": "redacted_thinking", "data": "xyz"},
        {"type": "thinking", "thinking": "", "signature": "ai.extproc/gemini/next:AB"},
        {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
        {"type": "tool_use", "id": "t2", "name": "f", "input": {}},
    ]
    assert message.stop_reason == "tool_use"


def test_what_the_sdk_read_comes_back_as_it_was() -> None:
    parts = (
        Thinking(text="hm", signature=FOREIGN),
        Text(text="so", signature=FOREIGN),
        ToolCall(id="t1", name="f", arguments='{"a":1}', signature=FOREIGN),
    )
    turn = read(answer(*parts)).to_param()
    content = [block.model_dump(exclude_none=True) for block in turn["content"]]
    request = DIALECT.parse_request(
        {"model": "m", "messages": [{"role": "assistant", "content": content}]}, "", False
    )
    assert request.messages[0].parts == parts


def test_citations_of_others_are_read() -> None:
    cited = (
        Citation(url="https://x.test", title="X", quote="q"),
        Citation(title="Doc", quote="words"),
    )
    block = read(answer(Text(text="a", citations=cited))).content[0]
    assert isinstance(block, anthropic.types.TextBlock)
    assert [citation.type for citation in block.citations or ()] == [
        "web_search_result_location",
        "web_search_result_location",
    ]
    assert [citation.cited_text for citation in block.citations or ()] == ["q", "words"]


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        (Finish.STOP, "end_turn"),
        (Finish.STOP_SEQUENCE, "stop_sequence"),
        (Finish.LENGTH, "max_tokens"),
        (Finish.TOOL_CALLS, "tool_use"),
        (Finish.CONTENT_FILTER, "refusal"),
        (Finish.REFUSAL, "refusal"),
        (Finish.PAUSE, "pause_turn"),
        (Finish.ERROR, "max_tokens"),
    ],
)
def test_every_finish_has_a_stop_reason(finish: Finish, reason: str) -> None:
    assert read(answer(Refusal(text="no"), finish=finish)).stop_reason == reason


def test_a_call_is_a_reason_to_stop_and_its_id_has_the_alphabet_of_the_api() -> None:
    message = read(answer(ToolCall(id="call.1", name="f", arguments="{}"), finish=Finish.STOP))
    assert message.stop_reason == "tool_use"
    call = message.content[0]
    assert isinstance(call, anthropic.types.ToolUseBlock)
    assert "." not in call.id


def test_a_stop_sequence_is_named() -> None:
    message = read(answer(Text(text="a"), finish=Finish.STOP_SEQUENCE, stop_sequence="END"))
    assert message.stop_sequence == "END"


def test_what_cannot_be_shown_is_left_out_and_sound_is_written_down() -> None:
    sound = Audio(source=Data(base64="AA==", media_type="audio/wav"), transcript="spoken")
    body = DIALECT.render_response(
        answer(sound, Native(dialect="gemini.generate_content", value={"x": 1})), CONTEXT
    )
    assert body["content"] == [{"type": "text", "text": "spoken"}]


def test_an_answer_without_names_gets_those_of_the_exchange() -> None:
    body = DIALECT.render_response(ChatResponse(id="", model="", choices=()), CONTEXT)
    assert (body["id"], body["model"], body["content"]) == ("msg_made", "asked", [])


# --- the provider's side

WHOLE = {
    "id": "msg_01",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-4-8",
    "content": [
        {"type": "thinking", "thinking": "hm", "signature": "EqQB"},
        {
            "type": "text",
            "text": "hi",
            "citations": [
                {
                    "type": "web_search_result_location",
                    "url": "https://x.test",
                    "title": "X",
                    "cited_text": "q",
                    "encrypted_index": "ab",
                }
            ],
        },
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "q"}},
        {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": [1, 2.5, None]}},
    ],
    "stop_reason": "model_context_window_exceeded",
    "stop_sequence": None,
    "container": {"id": "c", "expires_at": "2026-01-01T00:00:00Z"},
    "usage": {
        "input_tokens": 5,
        "cache_creation_input_tokens": 2,
        "cache_read_input_tokens": 3,
        "output_tokens": 9,
        "output_tokens_details": {"thinking_tokens": 4},
        "service_tier": "priority",
    },
}


def test_a_whole_answer_is_parsed_and_written_again() -> None:
    response = DIALECT.parse_response(WHOLE)
    assert response.usage == Usage(input=10, output=9, cache_read=3, cache_write=2, reasoning=4)
    assert response.service_tier == "priority"
    assert response.choices[0].finish is Finish.LENGTH
    assert DIALECT.render_response(response, CONTEXT) == {**WHOLE, "model": CONTEXT.model}


def test_an_explained_refusal_is_heard() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "not that"}
    body = {**WHOLE, "content": [], "stop_reason": "refusal", "stop_details": details}
    choice = DIALECT.parse_response(body).choices[0]
    assert (choice.parts, choice.finish) == ((Refusal(text="not that"),), Finish.REFUSAL)
    assert choice.native["stop_details"] == details


def test_watching_says_what_parsing_says() -> None:
    seen, response = DIALECT.watch(WHOLE), DIALECT.parse_response(WHOLE)
    assert (seen.usage, seen.model, seen.finish) == (
        response.usage,
        response.model,
        response.choices[0].finish,
    )
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    failure = DIALECT.watch(error).error
    assert failure is not None
    assert (failure.status, failure.cause) == (529, Cause.OVERLOADED)


@pytest.mark.parametrize(
    "body",
    [
        {"content": None},
        {"content": [{"type": "text"}]},
        {"content": ["x"]},
    ],
)
def test_an_answer_that_is_none_is_a_bad_answer(body: Any) -> None:
    with pytest.raises(BadAnswer):
        DIALECT.parse_response(body)


@pytest.mark.parametrize(
    ("body", "words"), [({"x": 1}, "holds no content"), ({"detail": "busy"}, "^busy$")]
)
def test_what_is_no_answer_is_told_in_its_words_if_it_has_any(body: Any, words: str) -> None:
    with pytest.raises(BadAnswer, match=words):
        DIALECT.parse_response(body)


def test_an_error_of_status_200_has_the_status_that_it_stands_for() -> None:
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    with pytest.raises(FailedAnswer) as caught:
        DIALECT.parse_response(body)
    error = caught.value.as_api_error()
    assert (error.status, error.cause, error.message) == (529, Cause.OVERLOADED, "busy")


# --- errors


@pytest.mark.parametrize(
    ("status", "cause", "exception", "kind"),
    [
        (400, Cause.INVALID_REQUEST, anthropic.BadRequestError, "invalid_request_error"),
        (401, Cause.AUTHENTICATION, anthropic.AuthenticationError, "authentication_error"),
        (403, Cause.PERMISSION, anthropic.PermissionDeniedError, "permission_error"),
        (404, Cause.NOT_FOUND, anthropic.NotFoundError, "not_found_error"),
        (413, Cause.TOO_LARGE, anthropic.APIStatusError, "request_too_large"),
        (429, Cause.RATE_LIMIT, anthropic.RateLimitError, "rate_limit_error"),
        (429, Cause.QUOTA, anthropic.RateLimitError, "billing_error"),
        (500, Cause.SERVER, anthropic.InternalServerError, "api_error"),
        (502, Cause.SERVER, anthropic.InternalServerError, "api_error"),
        (503, Cause.UNAVAILABLE, anthropic.InternalServerError, "api_error"),
        (503, Cause.OVERLOADED, anthropic.InternalServerError, "overloaded_error"),
        (529, Cause.OVERLOADED, anthropic.InternalServerError, "overloaded_error"),
        (504, Cause.TIMEOUT, anthropic.InternalServerError, "timeout_error"),
    ],
)
def test_the_sdk_raises_the_right_exception(
    status: int, cause: Cause, exception: type[anthropic.APIStatusError], kind: str
) -> None:
    error = ApiError(
        status=status,
        cause=cause,
        message='say "no" \n & <b>',
        code="some_code",
        param="messages[0]",
        request_id="req_1",
    )
    with pytest.raises(exception) as caught:
        client(*DIALECT.render_error(error)).messages.create(
            model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
        )
    raised = caught.value
    assert raised.status_code == (529 if cause is Cause.OVERLOADED else status)
    assert raised.request_id == "req_1"
    body: Any = raised.body
    assert body["error"]["type"] == kind
    assert body["error"]["message"] == 'messages[0]: say "no" \n & <b>'
    assert body["error"]["details"] == {"error_code": "some_code"}
    assert body["request_id"] == "req_1"


@pytest.mark.parametrize("status", [0, 200, 302, 799])
def test_a_status_that_is_no_error_becomes_that_of_the_cause(status: int) -> None:
    error = ApiError(status=status, cause=Cause.RATE_LIMIT, message="x")
    assert DIALECT.render_error(error)[0] == 429


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (
            529,
            {"request-id": "req_h"},
            {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
            ApiError(status=529, cause=Cause.OVERLOADED, message="Overloaded", request_id="req_h"),
        ),
        (
            400,
            {},
            {
                "type": "error",
                "error": {
                    "type": "invalid_request_error",
                    "message": "too long",
                    "details": {"error_code": "prompt_too_long"},
                },
                "request_id": "req_b",
            },
            ApiError(
                status=400,
                cause=Cause.INVALID_REQUEST,
                message="too long",
                code="prompt_too_long",
                request_id="req_b",
            ),
        ),
        (
            400,
            {"x-amzn-errortype": "ValidationException:http://x", "x-amzn-requestid": "r"},
            {"message": "no such model"},
            ApiError(
                status=400, cause=Cause.INVALID_REQUEST, message="no such model", request_id="r"
            ),
        ),
        (
            429,
            {},
            [{"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED"}}],
            ApiError(status=429, cause=Cause.RATE_LIMIT, message="quota"),
        ),
        (503, {}, {"error": "down"}, ApiError(status=503, cause=Cause.UNAVAILABLE, message="down")),
    ],
)
def test_errors_of_every_cloud_are_understood(
    status: int, headers: Any, body: Any, expected: ApiError
) -> None:
    assert DIALECT.parse_error(status, headers, orjson.dumps(body)) == expected


def test_markup_becomes_its_title_and_nothing_a_sentence() -> None:
    page = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head>"
    assert DIALECT.parse_error(502, {}, page).message == "502 Bad Gateway"
    assert DIALECT.parse_error(502, {}, b"").message == "the provider answered with status 502"
    assert len(DIALECT.parse_error(500, {}, b"x" * 10_000).message) == 2_000


@given(st.integers(400, 599), st.binary(max_size=60))
def test_no_error_body_raises(status: int, body: bytes) -> None:
    error = DIALECT.parse_error(status, {}, body)
    assert error.status == status
    assert error.message


VALUES = st.recursive(
    st.none() | st.integers(-9, 999) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "type", "message", "details", "status", "code"]), inner
        )
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("parse", [DIALECT.parse_error])
@given(value=VALUES)
def test_no_json_error_raises(parse: Callable[..., ApiError], value: Any) -> None:
    assert parse(500, {}, orjson.dumps(value)).cause in Cause
