"""The official SDK before the simulator."""

import json
from base64 import b64encode

import openai
import pydantic
import pytest

ASK = [{"role": "user", "content": "hello there"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}
CLOCK = {"type": "function", "function": {"name": "clock"}}


def say(**orders: object) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"hello [[sim: {json.dumps(orders)}]]"}]


def test_a_whole_answer_follows_from_the_request(client):
    first = client.chat.completions.create(model="m", messages=ASK)
    assert first.choices[0].message.content == "m heard: hello there"
    assert first.choices[0].finish_reason == "stop"
    assert (first.usage.prompt_tokens, first.usage.completion_tokens) == (6, 4)
    assert first.usage.total_tokens == 10
    assert client.chat.completions.create(model="m", messages=ASK) == first


async def test_the_async_client_streams_the_same_text(sim):
    async with openai.AsyncOpenAI(base_url=f"{sim.url}/v1", api_key="key") as client:
        stream = await client.chat.completions.create(model="m", messages=ASK, stream=True)
        chunks = [chunk async for chunk in stream]
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == "m heard: hello there"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert len({chunk.id for chunk in chunks}) == 1


def test_usage_is_streamed_only_when_asked_and_then_in_a_chunk_of_its_own(client):
    def chunks(**more):
        return list(client.chat.completions.create(model="m", messages=ASK, stream=True, **more))

    assert all("usage" not in chunk.model_fields_set for chunk in chunks())
    *others, last = chunks(stream_options={"include_usage": True})
    assert (last.choices, last.usage.total_tokens) == ([], 10)
    assert all("usage" in each.model_fields_set and each.usage is None for each in others)


@pytest.mark.parametrize(
    ("mode", "told"), [("last", [10]), ("each", [6, 7, 8, 9, 10, 10]), ("none", [])]
)
def test_usage_can_be_told_as_other_vendors_do(client, mode, told):
    stream = client.chat.completions.create(
        model="m",
        messages=ASK,
        stream=True,
        extra_headers={"x-sim-usage": mode},
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert [chunk.usage.total_tokens for chunk in chunks if chunk.usage] == told
    assert chunks[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    "choice", ["required", {"type": "function", "function": {"name": "weather"}}]
)
def test_a_demanded_tool_is_called_with_arguments_that_fit(client, choice):
    answer = client.chat.completions.create(
        model="m", messages=ASK, tools=[WEATHER, CLOCK], tool_choice=choice
    )
    (call,) = answer.choices[0].message.tool_calls
    assert call.function.name == "weather"
    assert json.loads(call.function.arguments) == {"city": "sim", "days": 1}
    assert answer.choices[0].finish_reason == "tool_calls"
    assert answer.choices[0].message.content is None


def test_streamed_tool_calls_are_what_the_whole_answer_has(client):
    ask = {
        "model": "m",
        "messages": say(call_tool=["weather", "clock"], arguments={"city": "Malmö"}),
        "tools": [WEATHER, CLOCK],
    }
    with client.chat.completions.stream(**ask) as stream:
        streamed = stream.get_final_completion().choices[0].message.tool_calls
    whole = client.chat.completions.create(**ask).choices[0].message.tool_calls
    assert [call.function.arguments for call in streamed] == ['{"city":"Malmö"}'] * 2
    assert [call.function.name for call in whole] == ["weather", "clock"]
    assert {call.function.arguments for call in whole} == {'{"city":"Malmö"}'}


def test_without_parallel_calls_only_the_first_tool_is_called(client):
    answer = client.chat.completions.create(
        model="m",
        messages=say(call_tool=["clock", "weather"]),
        tools=[WEATHER, CLOCK],
        parallel_tool_calls=False,
    )
    assert [call.function.name for call in answer.choices[0].message.tool_calls] == ["clock"]


def test_after_the_tool_results_the_answer_tells_them(client):
    messages = say(call_tool="clock", rounds=2)
    for told in ("noon", "later"):
        asked = client.chat.completions.create(model="m", messages=messages, tools=[CLOCK])
        message = asked.choices[0].message
        messages += [
            message.model_dump(include={"role", "tool_calls"}),
            {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": told},
        ]
    last = client.chat.completions.create(model="m", messages=messages, tools=[CLOCK])
    assert last.choices[0].message.content == "m was told: noon / later"


class City(pydantic.BaseModel):
    name: str
    population: int


def test_structured_output_is_an_instance_of_the_schema(client):
    answer = client.chat.completions.parse(model="m", messages=ASK, response_format=City)
    assert answer.choices[0].message.parsed == City(name="sim", population=1)


def test_json_mode_answers_an_object(client):
    answer = client.chat.completions.create(
        model="m",
        messages=[{"role": "user", "content": "json please"}],
        response_format={"type": "json_object"},
    )
    assert json.loads(answer.choices[0].message.content) == {"model": "m"}


def test_n_choices_and_logprobs(client):
    ask = {"model": "m", "messages": ASK, "n": 2, "logprobs": True, "top_logprobs": 2}
    answer = client.chat.completions.create(**ask)
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert answer.choices[0].message.content != answer.choices[1].message.content
    tokens = answer.choices[0].logprobs.content
    assert "".join(token.token for token in tokens) == "m heard: hello there"
    assert len(tokens[0].top_logprobs) == 2
    assert answer.usage.completion_tokens == 9
    streamed = list(client.chat.completions.create(**ask, stream=True))
    assert {chunk.choices[0].index for chunk in streamed} == {0, 1}
    assert streamed[1].choices[0].logprobs.content[0].token == "m"


def test_a_refusal_stands_in_its_own_field(client):
    ask = {"model": "m", "messages": say(refusal="Never mind.")}
    message = client.chat.completions.create(**ask).choices[0].message
    assert (message.content, message.refusal) == (None, "Never mind.")
    chunks = client.chat.completions.create(**ask, stream=True)
    assert "".join(each.choices[0].delta.refusal or "" for each in chunks) == "Never mind."


def test_stop_and_the_token_limit_end_the_answer(client):
    messages = say(text="one two three four")

    def answer(**more):
        made = client.chat.completions.create(model="m", messages=messages, **more)
        return made.choices[0].message.content, made.choices[0].finish_reason

    assert answer(stop=["e tw"]) == ("on", "stop")
    assert answer(max_completion_tokens=2) == ("one two", "length")
    assert answer(max_tokens=4) == ("one two three four", "stop")


def test_reasoning_is_counted_and_shown_in_the_field_that_is_named(client):
    messages = say(reasoning=3, reasoning_field="reasoning_content", cached_tokens=2)
    answer = client.chat.completions.create(model="m", messages=messages)
    assert answer.usage.completion_tokens_details.reasoning_tokens == 3
    assert answer.usage.completion_tokens == 3 + 3
    assert answer.usage.prompt_tokens_details.cached_tokens == 2
    assert answer.choices[0].message.reasoning_content == " thought0 thought1 thought2"


def test_audio_is_answered_when_asked_for(client):
    ask = {
        "model": "m",
        "messages": ASK,
        "modalities": ["text", "audio"],
        "audio": {"voice": "alloy", "format": "wav"},
    }
    audio = client.chat.completions.create(**ask).choices[0].message.audio
    assert audio.transcript == "m heard: hello there"
    chunks = client.chat.completions.create(**ask, stream=True)
    deltas = [chunk.choices[0].delta.model_dump().get("audio") or {} for chunk in chunks]
    assert "".join(each.get("transcript") or "" for each in deltas) == audio.transcript
    assert "".join(each.get("data") or "" for each in deltas) == audio.data


def test_attachments_cost_tokens(client):
    image = f"data:image/png;base64,{b64encode(b'png').decode()}"
    parts = [
        {"type": "text", "text": "what is this"},
        {"type": "image_url", "image_url": {"url": image}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
    ]
    answer = client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": parts}]
    )
    assert answer.usage.prompt_tokens == 4 + 3 + 85 + 16


def test_azure_paths_need_an_api_version_and_take_its_key(sim):
    made = openai.AzureOpenAI(
        azure_endpoint=sim.url, api_key="azure", api_version="2025-04-01-preview", max_retries=0
    )
    with made as client:
        answer = client.chat.completions.create(model="dep", messages=ASK)
    assert answer.choices[0].message.content == "dep heard: hello there"
    (seen,) = sim.requests
    assert seen.target.startswith("/openai/deployments/dep/chat/completions?api-version=2025")
    assert seen.header("api-key") == "azure"


def test_errors_reach_the_sdk_with_status_type_and_retry_after(client):
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(
            model="m",
            messages=say(status=429, retry_after=7, message="slow down", error_code="rate"),
        )
    assert caught.value.body["message"] == "slow down"
    assert (caught.value.type, caught.value.code) == ("requests", "rate")
    assert caught.value.response.headers["retry-after"] == "7"


def test_an_error_in_mid_stream_raises_in_the_sdk(client):
    stream = client.chat.completions.create(
        model="m", messages=say(error_after=2, message="burnt"), stream=True
    )
    got = []
    with pytest.raises(openai.APIError, match="burnt"):
        got.extend(stream)


def test_models_are_listed(client):
    assert [model.id for model in client.models.list()] == ["sim-small", "sim-large"]
    assert client.models.retrieve("sim-large").owned_by == "sim"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("other")
