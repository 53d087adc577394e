"""The simulator's Ollama API, asked by the official client and by our dialect."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import ollama
import pytest

from providers.dialects.ollama.chat import DIALECT
from providers.errors import Cause
from providers.neutral.chat import (
    ChatRequest,
    Finish,
    Image,
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
from providers.neutral.media import Data

WEATHER: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
TOOL: dict[str, Any] = {"type": "function", "function": {"name": "weather", "parameters": WEATHER}}


@pytest.fixture
def llama(sim) -> Iterator[ollama.Client]:
    with ollama.Client(sim.url, timeout=10) as made:
        yield made


def ask(text: str = "hello there", **orders: Any) -> dict[str, Any]:
    order = f" [[sim: {json.dumps(orders)}]]" if orders else ""
    return {"model": "m", "messages": [{"role": "user", "content": text + order}]}


def test_a_whole_answer_follows_from_the_request(llama):
    answer = llama.chat(**ask(reasoning=1), think=True, logprobs=True, top_logprobs=2)
    assert (answer.message.content, answer.message.thinking) == (
        "m heard: hello there",
        " thought0",
    )
    assert (answer.done, answer.done_reason, answer.eval_count) == (True, "stop", 5)
    assert answer.created_at.startswith("2023-11-14T22:13:20")
    assert [each.token for each in answer.logprobs[0].top_logprobs] == ["m", "m1"]
    quiet = llama.chat(**ask(reasoning=1, usage="none"), think=False)
    assert (quiet.message.thinking, quiet.eval_count) == (None, None)


def test_a_stream_says_the_same(llama):
    parts = list(llama.chat(**ask(reasoning=1), stream=True, options={"num_predict": 3}))
    assert "".join(part.message.content for part in parts) == "m heard:"
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    assert parts[-1].done_reason == "length"


@pytest.mark.parametrize("streamed", [False, True])
def test_a_tool_is_called_and_its_result_is_told(llama, streamed):
    first = ask(call_tool=True)
    called = llama.chat(**first, tools=[TOOL], stream=streamed)
    message = next(part.message for part in called) if streamed else called.message
    assert message.tool_calls[0].function.name == "weather"
    result = {"role": "tool", "tool_name": "weather", "content": "rain"}
    turns = [*first["messages"], message, result]
    told = llama.chat(model="m", messages=turns, tools=[TOOL])
    assert told.message.content == "m was told: rain"


def test_errors_are_raised_by_the_client(llama):
    with pytest.raises(ollama.ResponseError) as caught:
        llama.chat(**ask(status=404))
    assert caught.value.status_code == 404
    with pytest.raises(ollama.ResponseError):
        list(llama.chat(**ask(error_after=2), stream=True))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": ""}, "model is required"),
        ({"messages": 5}, "cannot unmarshal"),
        ({"messages": [5]}, "cannot unmarshal"),
        ({"messages": [{"content": "x"}]}, "role"),
        ({"messages": [{"role": "king", "content": "x"}]}, "invalid role"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "content"),
        ({"messages": [{"role": "user", "images": ["#"]}]}, "base64"),
        ({"options": {"temperature": "hot"}}, "temperature"),
        ({"options": {"seed": 1.5}}, "seed"),
        ({"format": "xml"}, "format"),
        ({"think": "much"}, "invalid think value"),
        ({"top_logprobs": 50}, "top_logprobs"),
        ({"temperature": 1}, "temperature"),
    ],
)
def test_what_ollama_refuses_is_refused(web, change, words):
    answer = web.post("/api/chat", json=ask() | change)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


# --- our dialect before it


def send(web: httpx.Client, request: ChatRequest) -> httpx.Response:
    return web.post("/api/chat", json=DIALECT.render_request(request, []))


def user(*parts: Any) -> Message:
    return Message(role=Role.USER, parts=parts)


def test_what_the_dialect_sends_is_taken_and_the_answer_is_read(web):
    tool = Tool(name="weather", schema=WEATHER)
    picture = Image(source=Data(base64="iVBORw0KGgo=", media_type="image/png"))
    question = user(picture, Text(text='weather? [[sim: {"call_tool": true, "reasoning": 2}]]'))
    request = ChatRequest(
        model="gpt-oss",
        messages=(Message(role=Role.SYSTEM, parts=(Text(text="be brief"),)), question),
        tools=(tool,),
        temperature=2,
        stop=("x",),
        reasoning=Reasoning(effort="low"),
        extras={"keep_alive": "5m", "options": {"num_ctx": 4096}},
    )
    answer = DIALECT.parse_response(send(web, request).raise_for_status().json())
    choice = answer.choices[0]
    thought, call = choice.parts
    assert choice.finish is Finish.TOOL_CALLS
    assert answer.created == 1_700_000_000
    assert isinstance(thought, Thinking)
    assert isinstance(call, ToolCall)
    foreign = Thinking(text="x", signature=Signature(origin="gemini", value="AB"))
    rain = ToolResult(call_id=call.id, name=call.name, parts=(Text(text="rain"), picture))
    turns = (
        user(Text(text="weather?")),
        Message(role=Role.ASSISTANT, parts=(thought, foreign, call)),
        Message(role=Role.TOOL, parts=(rain,)),
    )
    told = send(web, ChatRequest(model="m", messages=turns, tools=(tool,)))
    parts = DIALECT.parse_response(told.raise_for_status().json()).choices[0].parts
    assert parts[-1] == Text(text="m heard: The result of weather:")


def test_a_schema_is_obeyed(web):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    for output in (JsonOutput(), JsonOutput(schema=schema)):
        request = ChatRequest(model="m", messages=(user(Text(text="go")),), output=output)
        answer = DIALECT.parse_response(send(web, request).raise_for_status().json())
        assert json.loads(answer.choices[0].parts[0].text)


@pytest.mark.parametrize("orders", [{}, {"cut": "random", "seed": 3}, {"crlf": True}], ids=str)
def test_every_way_to_stream_is_read(web, orders):
    text = Text(text=f"hello [[sim: {json.dumps(orders)}]]")
    request = ChatRequest(model="m", messages=(user(text),), stream=True)
    answer = send(web, request).raise_for_status()
    assert answer.headers["content-type"] == DIALECT.stream_type
    parser, relay = DIALECT.parser(), DIALECT.relay(True)
    deltas = parser.feed(answer.content) + parser.flush()
    assert "".join(each.text for each in deltas if isinstance(each, TextDelta)) == "m heard: hello"
    assert [each.usage.output for each in deltas if isinstance(each, Used)] == [3]
    assert End(finish=Finish.STOP) in deltas
    assert (relay.feed(answer.content), relay.flush()) == (None, b"")
    assert relay.seen.usage is not None
    assert relay.seen.usage.output == 3


def test_a_failure_in_mid_stream_is_read(web):
    text = Text(text='hello [[sim: {"error_after": 2}]]')
    request = ChatRequest(model="m", messages=(user(text),), stream=True)
    parser = DIALECT.parser()
    last = (parser.feed(send(web, request).content) + parser.flush())[-1]
    assert isinstance(last, Failed)
    assert last.error.cause is Cause.SERVER


@pytest.mark.parametrize("body", ["own", "html", "empty", "plain", "json", "mislabelled"])
def test_every_error_body_is_read(web, body):
    orders = json.dumps({"status": 503, "body": body})
    answer = send(web, ChatRequest(model="m", messages=(user(Text(text=f"x [[sim: {orders}]]")),)))
    error = DIALECT.parse_error(answer.status_code, dict(answer.headers), answer.content)
    assert (error.status, error.cause) == (503, Cause.UNAVAILABLE)
    assert error.message
