"""The official SDK, and our own dialect, before the simulator's Messages API."""

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import pytest

from extproc.lab.simulator import RunningSimulator
from providers.dialects.anthropic.messages import DIALECT
from providers.errors import Cause
from providers.neutral.chat import (
    ChatRequest,
    Finish,
    JsonOutput,
    Message,
    Reasoning,
    Role,
    Signature,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)
from providers.neutral.deltas import End, Failed, TextDelta, Used

WEATHER: Any = {
    "name": "weather",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city", "days"],
    },
}


@pytest.fixture
def claude(sim: RunningSimulator) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=sim.url, api_key="key", max_retries=0) as made:
        yield made


def ask(text: str = "hello there", **orders: Any) -> dict[str, Any]:
    order = f" [[sim: {json.dumps(orders)}]]" if orders else ""
    return {"model": "m", "max_tokens": 99, "messages": [{"role": "user", "content": text + order}]}


def test_a_whole_answer_follows_from_the_request(claude):
    message = claude.messages.create(**ask(cached_tokens=2), system="be brief")
    assert [block.text for block in message.content] == ["m heard: hello there"]
    assert message.stop_reason == "end_turn"
    usage = message.usage
    assert usage.input_tokens + usage.cache_read_input_tokens == message_tokens(claude)
    assert (usage.cache_read_input_tokens, usage.output_tokens) == (2, 4)


def message_tokens(claude: anthropic.Anthropic) -> int:
    order = ask(cached_tokens=2)
    del order["max_tokens"]
    return claude.messages.count_tokens(**order, system="be brief").input_tokens


def test_a_stream_holds_thoughts_text_and_final_usage(claude):
    thinking = {"type": "enabled", "budget_tokens": 1024}
    with claude.messages.stream(
        **ask(reasoning=2) | {"max_tokens": 2000}, thinking=thinking
    ) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()
    assert text == "m heard: hello there"
    assert [block.type for block in message.content] == ["thinking", "text"]
    assert message.content[0].signature
    assert message.usage.output_tokens == 6
    assert message.usage.output_tokens_details.thinking_tokens == 2


def test_a_tool_is_called_and_its_result_is_told(claude):
    first = ask(call_tool=True)
    called = claude.messages.create(**first, tools=[WEATHER])
    call = called.content[0]
    assert (called.stop_reason, call.name) == ("tool_use", "weather")
    turns = [
        *first["messages"],
        {"role": "assistant", "content": called.content},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "rain"}],
        },
    ]
    told = claude.messages.create(model="m", max_tokens=99, messages=turns, tools=[WEATHER])
    assert told.content[0].text == "m was told: rain"


@pytest.mark.parametrize(
    ("orders", "exception"),
    [
        ({"status": 429}, anthropic.RateLimitError),
        ({"status": 529}, anthropic.InternalServerError),
        ({"status": 401}, anthropic.AuthenticationError),
    ],
)
def test_errors_have_the_shape_of_the_api(claude, orders, exception):
    with pytest.raises(exception) as caught:
        claude.messages.create(**ask(**orders))
    assert caught.value.status_code == orders["status"]
    assert caught.value.body["type"] == "error"


def test_an_error_in_mid_stream_is_raised(claude):
    with (
        pytest.raises(anthropic.APIStatusError, match="mid-stream"),
        claude.messages.stream(**ask(error_after=4)) as stream,
    ):
        stream.until_done()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": []}, "at least one message"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "first message"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": " "}]}]}, "non-white"),
        ({"thinking": {"type": "enabled", "budget_tokens": 9}}, "1024"),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, "greater than"),
        ({"tool_choice": {"type": "any"}}, "providing tools"),
        ({"guided_regex": "x"}, "guided_regex"),
        ({"temperature": 1.5}, "temperature"),
        (
            {
                "messages": [
                    {"role": "user", "content": "q"},
                    {
                        "role": "assistant",
                        "content": [
                            {"type": "thinking", "thinking": "t", "signature": "foreign"},
                            {"type": "text", "text": "a"},
                        ],
                    },
                    {"role": "user", "content": "r"},
                ]
            },
            "Invalid `signature`",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": "q"},
                    {
                        "role": "assistant",
                        "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {}}],
                    },
                    {"role": "user", "content": "r"},
                ]
            },
            "without `tool_result`",
        ),
    ],
)
def test_what_anthropic_refuses_is_refused(web, change, words):
    answer = web.post(
        "/v1/messages", json=ask() | change, headers={"anthropic-version": "2023-06-01"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert words in answer.json()["error"]["message"]


THOUGHTFUL = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}
MARKED = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}
CALL = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "a"}


def turns(*contents: Any) -> dict[str, Any]:
    """User's and assistant's turns, taking turns."""
    roles = ("user", "assistant")
    return {
        "messages": [
            {"role": roles[at % 2], "content": content} for at, content in enumerate(contents)
        ]
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (THOUGHTFUL | {"temperature": 0.5}, "temperature"),
        (THOUGHTFUL | {"top_k": 5}, "top_k"),
        (THOUGHTFUL | {"tools": [WEATHER], "tool_choice": {"type": "any"}}, "forces tool use"),
        (
            {"messages": [*turns("q", "a")["messages"], {"role": "system", "content": "s"}]},
            "system",
        ),
        (turns("q", [], "r"), "non-empty"),
        (turns("q", "a "), "trailing whitespace"),
        (turns("q", [{"type": "redacted_thinking", "data": "x"}], "r"), "Invalid `data`"),
        (turns([MARKED] * 5), "maximum of 4"),
        ({"tools": [WEATHER | {"name": "a.b"}]}, "pattern"),
        ({"tools": [WEATHER, WEATHER]}, "unique"),
        ({"tools": [WEATHER], "tool_choice": {"type": "tool", "name": "x"}}, "not found"),
        (turns([RESULT]), "unexpected"),
        (turns("q", [CALL], [{"type": "text", "text": "x"}, RESULT]), "come first"),
        (turns("q", [CALL | {"id": "a.b"}]), "tool_use.id"),
        (turns([RESULT | {"content": [{"type": "text", "text": ""}]}]), "non-whitespace"),
    ],
)
def test_rules_between_members_are_kept(web, change, words):
    answer = web.post(
        "/v1/messages", json=ask() | change, headers={"anthropic-version": "2023-06-01"}
    )
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


@pytest.mark.parametrize("stream", [False, True])
def test_tools_are_called_on_demand_and_thoughts_hidden(web, stream):
    body = ask(reasoning=2, call_tool="weather") | {
        "stream": stream,
        "max_tokens": 2000,
        "tools": [WEATHER],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "thinking": {"type": "enabled", "budget_tokens": 1024, "display": "omitted"},
    }
    answer = web.post("/v1/messages", json=body, headers={"anthropic-version": "2023-06-01"})
    assert "thought" not in answer.text
    assert "weather" in answer.text
    forced = ask() | {"tools": [WEATHER], "tool_choice": {"type": "tool", "name": "weather"}}
    for choice in ({"type": "any"}, {"type": "tool", "name": "weather"}, {"type": "none"}):
        body = forced | {"tool_choice": choice}
        told = web.post("/v1/messages", json=body, headers={"anthropic-version": "2023-06-01"})
        expected = "end_turn" if choice["type"] == "none" else "tool_use"
        assert told.json()["stop_reason"] == expected


def test_pictures_and_documents_cost_tokens_and_usage_can_be_left_out(web):
    url = {"type": "url", "url": "https://x.test/a"}
    body = ask(usage="none")
    body["messages"][0]["content"] = [
        {"type": "text", "text": body["messages"][0]["content"]},
        {"type": "image", "source": url},
        {"type": "document", "source": url},
    ]
    headers = {"anthropic-version": "2023-06-01"}
    assert "usage" not in web.post("/v1/messages", json=body, headers=headers).json()
    del body["max_tokens"]
    counted = web.post("/v1/messages/count_tokens", json=body, headers=headers).json()
    assert counted["input_tokens"] > 100


def test_beta_members_need_the_header(web):
    body = ask() | {"context_management": {"edits": []}}
    headers = {"anthropic-version": "2023-06-01"}
    beta = headers | {"anthropic-beta": "context-management-2025-06-27"}
    assert web.post("/v1/messages", json=body, headers=headers).status_code == 400
    assert web.post("/v1/messages", json=body | {"top_k": 1}, headers=beta).status_code == 200


async def test_the_async_client_streams_the_same_text(sim):
    async with (
        anthropic.AsyncAnthropic(base_url=sim.url, api_key="key") as claude,
        claude.messages.stream(**ask()) as stream,
    ):
        text = "".join([piece async for piece in stream.text_stream])
    assert text == "m heard: hello there"


def test_samplers_are_known_to_the_old_version_only(web):
    body = ask() | {"temperature": 0.5}
    statuses = [
        web.post("/v1/messages", json=body, headers={"anthropic-version": version}).status_code
        for version in ("2026-10-21", "2023-06-01")
    ]
    assert statuses == [400, 200]
    assert web.post("/v1/messages", json=ask()).status_code == 400


def test_vertex_paths_take_the_model_from_the_path(web):
    body = ask() | {"anthropic_version": "vertex-2023-10-16"}
    del body["model"]
    path = "/v1/projects/p/locations/l/publishers/anthropic/models/claude:rawPredict"
    answer = web.post(path, json=body)
    assert answer.json()["content"][0]["text"] == "claude heard: hello there"


# --- our dialect before it


def send(web: httpx.Client, request: ChatRequest) -> httpx.Response:
    body = DIALECT.render_request(request, [])
    return web.post("/v1/messages", json=body, headers=dict(DIALECT.request_headers))


def user(text: str) -> Message:
    return Message(role=Role.USER, parts=(Text(text=text),))


def test_what_the_dialect_sends_is_taken_and_the_answer_is_read(web):
    tool = Tool(name="weather", schema=WEATHER["input_schema"])
    request = ChatRequest(
        model="claude-sonnet-4-5",
        messages=(
            Message(role=Role.SYSTEM, parts=(Text(text="be brief"),)),
            user('weather? [[sim: {"call_tool": true, "reasoning": 2}]]'),
        ),
        tools=(tool,),
        temperature=2,
        reasoning=Reasoning(effort="low"),
    )
    answer = DIALECT.parse_response(send(web, request).raise_for_status().json())
    choice = answer.choices[0]
    thought, call = choice.parts
    assert choice.finish is Finish.TOOL_CALLS
    assert isinstance(thought, Thinking)
    assert isinstance(call, ToolCall)
    foreign = Thinking(text="x", signature=Signature(origin="gemini", value="AB"))
    turns = (
        *request.messages,
        Message(role=Role.ASSISTANT, parts=(thought, foreign, call)),
        Message(role=Role.TOOL, parts=(ToolResult(call_id=call.id, parts=(Text(text="rain"),)),)),
    )
    told = send(
        web,
        ChatRequest(
            model=request.model, messages=turns, tools=(tool,), reasoning=request.reasoning
        ),
    )
    parts = DIALECT.parse_response(told.raise_for_status().json()).choices[0].parts
    assert parts[-1] == Text(text="claude-sonnet-4-5 was told: rain")


def test_a_schema_is_obeyed(web):
    schema = {
        "type": "object",
        "properties": {"a": {"type": "integer"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    request = ChatRequest(model="m", messages=(user("go"),), output=JsonOutput(schema=schema))
    answer = DIALECT.parse_response(send(web, request).raise_for_status().json())
    text = answer.choices[0].parts[0]
    assert isinstance(text, Text)
    assert "a" in json.loads(text.text)


@pytest.mark.parametrize(
    "orders",
    [
        {},
        {"cut": "random", "seed": 3},
        {"crlf": True},
        {"no_space": True},
        {"comments": True},
        {"multiline": True},
        {"bom": True},
    ],
    ids=str,
)
def test_every_way_to_stream_is_read(web, orders):
    request = ChatRequest(
        model="m", messages=(user(f"hello [[sim: {json.dumps(orders)}]]"),), stream=True
    )
    parser = DIALECT.parser()
    deltas = parser.feed(send(web, request).raise_for_status().content) + parser.flush()
    text = "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
    assert text == "m heard: hello"
    used = [delta.usage.output for delta in deltas if isinstance(delta, Used)]
    assert used == [3]
    assert End(finish=Finish.STOP) in deltas


@pytest.mark.parametrize(
    ("orders", "cause"),
    [
        ({"error_after": 4}, Cause.SERVER),
        ({"error_after": 4, "error_type": "overloaded_error"}, Cause.OVERLOADED),
    ],
)
def test_a_failure_in_mid_stream_is_read(web, orders, cause):
    request = ChatRequest(
        model="m", messages=(user(f"hello [[sim: {json.dumps(orders)}]]"),), stream=True
    )
    parser = DIALECT.parser()
    last = (parser.feed(send(web, request).content) + parser.flush())[-1]
    assert isinstance(last, Failed)
    assert last.error.cause is cause


@pytest.mark.parametrize("body", ["own", "html", "empty", "plain", "json", "mislabelled"])
def test_every_error_body_is_read(web, body):
    orders = json.dumps({"status": 529, "body": body})
    answer = send(web, ChatRequest(model="m", messages=(user(f"x [[sim: {orders}]]"),)))
    error = DIALECT.parse_error(answer.status_code, dict(answer.headers), answer.content)
    assert (error.status, error.cause) == (529, Cause.OVERLOADED)
    assert error.message
    assert error.request_id


def test_a_format_by_its_name_of_2025_is_obeyed(sim: RunningSimulator) -> None:
    form = {"type": "json_schema", "schema": WEATHER["input_schema"]}
    body = {**ask(), "model": "m", "max_tokens": 100, "output_format": form}
    headers = {"anthropic-version": "2023-06-01"}
    url = f"{sim.url}/v1/messages"
    assert httpx.post(url, json=body, headers=headers, timeout=10).status_code == 400
    headers["anthropic-beta"] = "structured-outputs-2025-11-13"
    answer = httpx.post(url, json=body, headers=headers, timeout=10)
    assert json.loads(answer.json()["content"][0]["text"]).keys() >= {"city"}
