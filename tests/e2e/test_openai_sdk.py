"""The official openai SDK, unchanged, through a real Envoy."""

import openai
import pytest
from pydantic import BaseModel

from tests.e2e.conftest import MESSAGES, Gateway

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather somewhere",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def sent(gateway: Gateway) -> dict:
    return gateway.a.requests[-1].json


def test_a_whole_answer(gateway: Gateway):
    answer = gateway.client().chat.completions.create(model="small", messages=MESSAGES)
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens > 0
    request = gateway.a.requests[-1]
    assert request.path == "/v1/chat/completions"
    assert request.json["model"] == "gpt-4o-mini"
    assert request.header("authorization") == "Bearer sk-key-of-a"
    assert not [name for name, _ in request.headers if name.startswith("x-ai-")]


def test_a_streamed_answer_without_usage_unless_it_is_asked_for(gateway: Gateway):
    client = gateway.client()
    chunks = list(client.chat.completions.create(model="small", messages=MESSAGES, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert all(chunk.usage is None for chunk in chunks)
    assert sent(gateway)["stream_options"] == {"include_usage": True}
    asked = list(
        client.chat.completions.create(
            model="small",
            messages=MESSAGES,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert asked[-1].choices == []
    assert asked[-1].usage.total_tokens > 0


async def test_the_async_client_whole_and_streamed(gateway: Gateway):
    async with gateway.async_client() as client:
        whole = await client.chat.completions.create(model="other", messages=MESSAGES)
        assert whole.choices[0].message.content
        assert gateway.b.requests[-1].path == "/api/v1/chat/completions"
        stream = await client.chat.completions.create(model="other", messages=MESSAGES, stream=True)
        assert [chunk async for chunk in stream]


def test_tools_over_two_turns(gateway: Gateway):
    client = gateway.client()
    messages = [{"role": "user", "content": "weather in Oslo?"}]
    first = client.chat.completions.create(
        model="small", messages=messages, tools=[WEATHER], tool_choice="required"
    )
    call = first.choices[0].message.tool_calls[0]
    assert first.choices[0].finish_reason == "tool_calls"
    assert call.function.name == "weather"
    messages += [
        first.choices[0].message,
        {"role": "tool", "tool_call_id": call.id, "content": "rain"},
    ]
    second = client.chat.completions.create(model="small", messages=messages, tools=[WEATHER])
    assert second.choices[0].finish_reason == "stop"


def test_streamed_tools_through_the_stream_helper(gateway: Gateway):
    with gateway.client().chat.completions.stream(
        model="small", messages=MESSAGES, tools=[WEATHER], tool_choice="required"
    ) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion()
    assert final.choices[0].message.tool_calls[0].function.name == "weather"


class Answer(BaseModel):
    word: str
    number: int


def test_a_json_schema_is_parsed_into_its_model(gateway: Gateway):
    answer = gateway.client().chat.completions.parse(
        model="small", messages=MESSAGES, response_format=Answer
    )
    assert isinstance(answer.choices[0].message.parsed, Answer)


def test_raw_responses_have_headers_and_a_body(gateway: Gateway):
    raw = gateway.client().chat.completions.with_raw_response.create(
        model="small", messages=MESSAGES, extra_body={"top_k": 3}
    )
    assert raw.http_response.status_code == 200
    assert raw.headers["x-ai-dropped-params"] == "top_k"
    assert raw.parse().choices[0].message.content
    assert "top_k" not in sent(gateway)


def test_several_choices_and_log_probabilities_pass(gateway: Gateway):
    answer = gateway.client().chat.completions.create(
        model="small", messages=MESSAGES, n=2, logprobs=True, top_logprobs=1
    )
    assert len(answer.choices) == 2
    assert answer.choices[1].logprobs.content


def test_unknown_fields_and_exact_numbers_survive(gateway: Gateway):
    gateway.client().chat.completions.create(
        model="same",
        messages=MESSAGES,
        extra_headers={"x-sim-validate": "false"},
        extra_body={"future": {"big": 123456789012345678901234567890, "f": 0.1}},
    )
    assert b"123456789012345678901234567890" in gateway.a.requests[-1].body


@pytest.mark.parametrize("model", ["tough-nut", "any-17", "robust"])
def test_models_by_prefix_expression_and_name(gateway: Gateway, model: str):
    answer = gateway.client().chat.completions.create(model=model, messages=MESSAGES)
    assert answer.choices[0].message.content
    assert sent(gateway)["model"] == "gpt-4o"


def test_the_models_are_listed(gateway: Gateway):
    client = gateway.client()
    assert [model.id for model in client.models.list()] == ["small", "same", "other", "robust"]
    assert client.models.retrieve("small").owned_by == "a"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nothing")


def test_a_header_names_the_model(gateway: Gateway):
    answer = gateway.client().chat.completions.create(
        model="whatever", messages=MESSAGES, extra_headers={"x-ai-model": "small"}
    )
    assert answer.choices[0].message.content
    assert sent(gateway)["model"] == "gpt-4o-mini"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (422, openai.UnprocessableEntityError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
    ],
)
def test_errors_raise_what_the_sdk_has_for_them(gateway: Gateway, status: int, error: type):
    with pytest.raises(error) as caught:
        gateway.client().chat.completions.create(
            model="small",
            messages=MESSAGES,
            extra_headers={"x-sim": f'{{"status": {status}, "retry_after": 7}}'},
        )
    assert caught.value.status_code == status
    assert caught.value.body["message"]
    assert caught.value.response.headers["retry-after"] == "7"


def test_usage_reaches_the_access_log(gateway: Gateway):
    answer = gateway.client().chat.completions.create(
        model="small",
        messages=[{"role": "user", "content": "count me"}],
        extra_headers={"x-sim": '{"prompt_tokens": 1234, "cached_tokens": 200}'},
    )
    record = gateway.record(input_tokens=1234)
    assert record["output_tokens"] == answer.usage.completion_tokens
    assert record["cache_read_tokens"] == 200
    assert record["backend"] == "a"
    assert record["provider"] == "openai"
    assert record["request_model"] == "small"
    assert record["upstream_model"] == "gpt-4o-mini"
    assert record["status"] == 200
    assert record["stream"] is False
    assert record["estimated"] is False
    assert record["cost_nanousd"] == 1234 * 2_500 + record["output_tokens"] * 10_000
