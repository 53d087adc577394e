"""The official SDK before the simulator, by the Responses API."""

import json

import httpx
import openai
import pydantic
import pytest

from providers.dialects.openai.responses import DIALECT
from providers.neutral.chat import ChatRequest, Message, Reasoning, Role, Text, Thinking, ToolResult

WEATHER = {
    "type": "function",
    "name": "weather",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}
CLOCK = {"type": "function", "name": "clock", "parameters": {}, "strict": False}


def say(**orders: object) -> str:
    return f"hello [[sim: {json.dumps(orders)}]]"


def test_prompts_cost_what_they_hold(client):
    picture = {"type": "input_image", "detail": "auto", "image_url": "https://a.test/b.png"}
    paper = {"type": "input_file", "file_url": "https://a.test/b.pdf"}
    said = {"role": "user", "content": [{"type": "input_text", "text": "see"}, picture, paper]}
    answer = client.responses.create(
        model="m", instructions="be brief", input=[said], tools=[CLOCK], tool_choice="none"
    )
    assert answer.usage.input_tokens == (4 + 2) + (4 + 1 + 85 + 16) + 8


def test_a_picture_needs_no_detail(client):
    picture = {"type": "input_image", "image_url": "https://a.test/b.png"}
    answer = client.responses.create(model="m", input=[{"role": "user", "content": [picture]}])
    assert answer.status == "completed"


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        ("required", "weather"),
        ({"type": "function", "name": "clock"}, "clock"),
        (
            {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "clock"}],
            },
            "clock",
        ),
    ],
)
def test_a_tool_that_must_be_called_is_called(client, choice, name):
    answer = client.responses.create(
        model="m", input="hello", tools=[WEATHER, CLOCK], tool_choice=choice
    )
    assert answer.output[0].name == name


def test_a_json_object_is_answered_where_json_is_spoken_of(client):
    form = {"format": {"type": "json_object"}}
    answer = client.responses.create(model="m", input="hello, as json", text=form)
    assert isinstance(json.loads(answer.output_text), dict)


def test_azures_key_serves_too(web):
    answer = web.post(
        "/openai/v1/responses", json={"model": "m", "input": "hi"}, headers={"api-key": "k"}
    )
    assert answer.status_code == 200


def test_a_whole_answer_follows_from_the_request(client):
    first = client.responses.create(model="m", input="hello there")
    assert first.output_text == "m heard: hello there"
    assert (first.status, first.usage.input_tokens, first.usage.output_tokens) == (
        "completed",
        6,
        4,
    )
    assert client.responses.create(model="m", input="hello there") == first


def test_a_stream_tells_the_same_answer(client):
    whole = client.responses.create(model="m", input="hello there")
    with client.responses.stream(model="m", input="hello there") as stream:
        events = list(stream)
        final = stream.get_final_response()
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == final.output_text == whole.output_text
    assert [event.sequence_number for event in events] == list(range(len(events)))


@pytest.mark.parametrize("streamed", [False, True])
def test_tools_are_called_over_turns(client, streamed):
    def answer(items):
        tools = [WEATHER, CLOCK]
        if not streamed:
            return client.responses.create(model="m", input=items, tools=tools)
        with client.responses.stream(model="m", input=items, tools=tools) as stream:
            return stream.get_final_response()

    items = [{"role": "user", "content": say(call_tool=["weather", "clock"], rounds=2)}]
    for _ in range(2):
        response = answer(items)
        calls = [item for item in response.output if item.type == "function_call"]
        assert [call.name for call in calls] == ["weather", "clock"]
        assert "city" in json.loads(calls[0].arguments)
        # The SDK's stream helper adds a member that the API does not know.
        items += [
            item.model_dump(exclude={"parsed_arguments"}, exclude_unset=True)
            for item in response.output
        ]
        items += [
            {"type": "function_call_output", "call_id": call.call_id, "output": f"{call.name} ok"}
            for call in calls
        ]
    assert answer(items).output_text == "m was told: weather ok / clock ok / weather ok / clock ok"


def test_structured_output_fits_the_schema(client):
    class City(pydantic.BaseModel):
        name: str
        people: int

    response = client.responses.parse(model="m", input="hello", text_format=City)
    assert isinstance(response.output_parsed, City)


def test_reasoning_is_shown_and_echoed_when_asked(client):
    asked = {"reasoning": {"summary": "auto"}, "include": ["reasoning.encrypted_content"]}
    first = client.responses.create(model="m", input=say(reasoning=3), **asked)
    thought = first.output[0]
    assert thought.summary[0].text == " thought0 thought1 thought2"
    assert first.usage.output_tokens_details.reasoning_tokens == 3
    echoed = [*(item.to_dict() for item in first.output), {"role": "user", "content": "go on"}]
    assert client.responses.create(model="m", input=echoed).status == "completed"
    echoed[0]["id"] = "rs_other"
    with pytest.raises(openai.BadRequestError, match="item_id did not match"):
        client.responses.create(model="m", input=echoed)


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"input": []}, "input"),
        ({"temperature": 3}, "temperature"),
        ({"max_output_tokens": 5}, "max_output_tokens"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [{**WEATHER, "parameters": {"type": "object"}}]}, "tools[0].parameters"),
        ({"text": {"format": {"type": "json_object"}}}, "input"),
        ({"input": [{"role": "robot", "content": "x"}]}, "input[0].role"),
        (
            {"input": [{"type": "function_call_output", "call_id": "c", "output": "x"}]},
            "input",
        ),
        (
            {"input": [{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}]},
            "input",
        ),
        (
            {
                "input": [
                    {
                        "type": "message",
                        "id": "x",
                        "role": "assistant",
                        "status": "completed",
                        "content": [],
                    }
                ]
            },
            "input[0].id",
        ),
    ],
)
def test_what_openai_refuses_is_refused(client, members, param):
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(**{"model": "m", "input": "hello", **members})
    assert refused.value.param is not None
    assert refused.value.param.startswith(param.partition("[")[0])


def test_errors_and_accidents_are_ordered_as_in_chat(client):
    with pytest.raises(openai.RateLimitError):
        client.responses.create(model="m", input=say(status=429))
    stream = client.responses.create(model="m", input=say(error_after=3), stream=True)
    assert [event.type for event in stream][-1] == "error"


def test_length_and_refusals_have_their_form(client):
    cut = client.responses.create(model="m", input=say(tokens=40), max_output_tokens=16)
    assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    refused = client.responses.create(model="m", input=say(refusal=True))
    assert refused.output[0].content[0].type == "refusal"


def test_log_probabilities_come_when_included(client):
    response = client.responses.create(
        model="m", input="hello", include=["message.output_text.logprobs"], top_logprobs=2
    )
    assert len(response.output[0].content[0].logprobs[0].top_logprobs) == 2


@pytest.mark.parametrize("streamed", [False, True])
def test_a_translated_conversation_keeps_its_thoughts_and_calls(sim, streamed):
    """The encrypted content goes back under its own id, or the simulator would refuse it."""
    tool = DIALECT.parse_request({"model": "m", "tools": [WEATHER]}, "", False).tools[0]
    asked = ChatRequest(
        model="m",
        stream=streamed,
        tools=(tool,),
        reasoning=Reasoning(effort="low", show=True),
        messages=(Message(role=Role.USER, parts=(Text(text=say(reasoning=2, call_tool=True)),)),),
    )
    turn = answered(sim.url, asked)
    thought = turn.parts[0]
    assert isinstance(thought, Thinking)
    assert thought.text == " thought0 thought1"
    result = ToolResult(call_id=turn.parts[1].id, parts=(Text(text="sunny"),))
    again = ChatRequest(
        model="m",
        stream=streamed,
        tools=(tool,),
        messages=(*asked.messages, turn, Message(role=Role.TOOL, parts=(result,))),
    )
    assert answered(sim.url, again).parts[-1] == Text(text="m was told: sunny")


def answered(url: str, request: ChatRequest) -> Message:
    from tests.answers import assembled

    body = DIALECT.render_request(request, [])
    response = httpx.post(f"{url}/v1/responses", json=body)
    assert response.status_code == 200, response.text
    if not request.stream:
        choice = DIALECT.parse_response(response.json()).choices[0]
        return Message(role=Role.ASSISTANT, parts=choice.parts)
    parser = DIALECT.parser()
    deltas = parser.feed(response.content) + parser.flush()
    return Message(role=Role.ASSISTANT, parts=tuple(assembled(deltas)))


def test_codex_and_langchain_are_taken_as_openai_takes_them(web):
    told = [{"type": "input_text", "text": "be brief"}]
    said = [{"type": "output_text", "text": "hello"}]
    body = {
        "model": "m",
        "client_metadata": {"turn_id": "1"},
        "input": [
            {"type": "message", "id": "msg_1", "role": "developer", "content": told},
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": said},
            {"role": "user", "content": "and then?"},
        ],
    }
    assert web.post("/v1/responses", json=body).status_code == 200
    body["input"][1]["content"] = said
    assert web.post("/v1/responses", json=body).status_code == 400
