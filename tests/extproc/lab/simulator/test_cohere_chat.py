"""The simulator's Cohere API, asked by the official client and by our dialect."""

import json
from collections.abc import Iterator
from typing import Any

import cohere
import httpx
import pytest

from providers.dialects.cohere.chat import DIALECT
from providers.errors import Cause
from providers.neutral.chat import (
    ChatRequest,
    Document,
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
    ToolChoice,
    ToolMode,
    ToolResult,
)
from providers.neutral.deltas import CitationDelta, End, Failed, TextDelta, Used
from providers.neutral.media import PlainText

WEATHER: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
TOOL: dict[str, Any] = {"type": "function", "function": {"name": "weather", "parameters": WEATHER}}


@pytest.fixture
def co(sim) -> Iterator[cohere.ClientV2]:
    with httpx.Client(timeout=10) as http:
        yield cohere.ClientV2(api_key="key", base_url=sim.url, httpx_client=http)


def ask(text: str = "hello there", **orders: Any) -> dict[str, Any]:
    order = f" [[sim: {json.dumps(orders)}]]" if orders else ""
    return {"model": "m", "messages": [{"role": "user", "content": text + order}]}


def test_a_whole_answer_follows_from_the_request(co):
    answer = co.chat(**ask(cached_tokens=2, reasoning=1), logprobs=True)
    assert [block.type for block in answer.message.content] == ["thinking", "text"]
    assert answer.message.content[1].text == "m heard: hello there"
    assert answer.finish_reason == "COMPLETE"
    assert (answer.usage.tokens.output_tokens, answer.usage.cached_tokens) == (5, 2)
    assert answer.logprobs[0].text == "m"


def test_a_stream_says_the_same(co):
    events = list(co.chat_stream(**ask(reasoning=1), documents=["paper"], logprobs=True))
    assert [events[0].type, events[-1].type] == ["message-start", "message-end"]
    words = [each.delta.message.content.text for each in events if each.type == "content-delta"]
    assert "".join(filter(None, words)) == "m heard: hello there"
    cited = next(each for each in events if each.type == "citation-start")
    assert cited.delta.message.citations.sources[0].document["text"] == "paper"
    assert events[-1].delta.usage.tokens.output_tokens == 5


@pytest.mark.parametrize("streamed", [False, True])
def test_a_tool_is_called_and_its_result_is_told(co, streamed):
    first = ask(call_tool=True)
    if streamed:
        events = list(co.chat_stream(**first, tools=[TOOL]))
        kinds = {each.type for each in events}
        assert {"tool-plan-delta", "tool-call-start", "tool-call-delta", "tool-call-end"} <= kinds
        return
    called = co.chat(**first, tools=[TOOL]).message
    turns = [
        *first["messages"],
        {"role": "assistant", "tool_calls": called.tool_calls, "tool_plan": called.tool_plan},
        {"role": "tool", "tool_call_id": called.tool_calls[0].id, "content": "rain"},
    ]
    told = co.chat(model="m", messages=turns, tools=[TOOL])
    assert told.message.content[0].text == "m was told: rain"


@pytest.mark.parametrize(
    ("status", "exception"),
    [(400, cohere.BadRequestError), (429, cohere.TooManyRequestsError)],
)
def test_errors_have_the_shape_of_the_api(co, status, exception):
    with pytest.raises(exception) as caught:
        co.chat(**ask(status=status), request_options={"max_retries": 0})
    assert caught.value.body["message"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"messages": []}, "must not be empty"),
        ({"messages": 5}, "messages"),
        ({"messages": [{"role": "king", "content": "x"}]}, "role"),
        ({"messages": [{"role": "user", "content": ""}]}, "empty in a turn"),
        ({"messages": [{"role": "user", "content": "x", "name": "n"}]}, "name"),
        (
            {"messages": [{"role": "system", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "thinking", "thinking": "x", "text": ""}]}
                ]
            },
            "messages",
        ),
        ({"messages": [{"role": "tool", "tool_call_id": "c", "content": "x"}]}, "not found"),
        ({"temperature": 1.5}, "temperature"),
        ({"safety_mode": "NO"}, "safety_mode"),
        ({"stop_sequences": list("abcdef")}, "stop_sequences"),
        ({"tool_choice": "REQUIRED"}, "needs tools"),
        (
            {"strict_tools": True, "tools": [{"function": {"name": "f", "parameters": {}}}]},
            "strict",
        ),
        ({"response_format": {"type": "json_object"}, "documents": ["d"]}, "RAG"),
        ({"response_format": {"type": "json_object"}, "tools": [TOOL]}, "tools"),
        ({"thinking": {"type": "enabled", "token_budget": 0}}, "token_budget"),
        ({"top_p": 0.5}, "top_p"),
        ({"model": None}, "model"),
    ],
)
def test_what_cohere_refuses_is_refused(web, change, words):
    answer = web.post("/v2/chat", json=ask() | change)
    assert answer.status_code == 400
    assert words in answer.json()["message"]


# --- our dialect before it


def send(web: httpx.Client, request: ChatRequest) -> httpx.Response:
    return web.post("/v2/chat", json=DIALECT.render_request(request, []))


def user(*parts: Any) -> Message:
    return Message(role=Role.USER, parts=parts)


def test_what_the_dialect_sends_is_taken_and_the_answer_is_read(web):
    tool = Tool(name="weather", schema=WEATHER, strict=True)
    question = user(Text(text='weather? [[sim: {"reasoning": 2}]]'))
    request = ChatRequest(
        model="command-a",
        messages=(Message(role=Role.SYSTEM, parts=(Text(text="be brief"),)), question),
        tools=(tool,),
        tool_choice=ToolChoice(mode=ToolMode.NAMED, name="weather"),
        temperature=2,
        top_p=1,
        reasoning=Reasoning(effort="low"),
    )
    answer = DIALECT.parse_response(send(web, request).raise_for_status().json())
    choice = answer.choices[0]
    thought, plan, call = choice.parts
    assert choice.finish is Finish.TOOL_CALLS
    assert isinstance(thought, Thinking)
    assert plan == Text(text="I will use the tools.")
    assert isinstance(call, ToolCall)
    foreign = Thinking(text="x", signature=Signature(origin="gemini", value="AB"))
    turns = (
        *request.messages,
        Message(role=Role.ASSISTANT, parts=(thought, foreign, plan, call)),
        Message(role=Role.TOOL, parts=(ToolResult(call_id=call.id, parts=(Text(text="rain"),)),)),
    )
    told = send(web, ChatRequest(model="command-a", messages=turns, tools=(tool,)))
    parts = DIALECT.parse_response(told.raise_for_status().json()).choices[0].parts
    assert parts[-1] == Text(text="command-a was told: rain")


def test_a_schema_is_obeyed_and_documents_are_cited(web):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    for output in (JsonOutput(), JsonOutput(schema=schema)):
        request = ChatRequest(model="m", messages=(user(Text(text="go")),), output=output)
        answer = DIALECT.parse_response(send(web, request).raise_for_status().json())
        assert json.loads(answer.choices[0].parts[0].text)
    paper = Document(source=PlainText(text="t"), name="T", cite=True)
    cited = ChatRequest(model="m", messages=(user(paper, Text(text="go")),))
    answer = DIALECT.parse_response(send(web, cited).raise_for_status().json())
    assert [each.title for each in answer.choices[0].parts[0].citations] == ["T"]


@pytest.mark.parametrize(
    "orders",
    [{}, {"cut": "random", "seed": 3}, {"crlf": True}, {"comments": True}, {"multiline": True}],
    ids=str,
)
def test_every_way_to_stream_is_read(web, orders):
    text = Text(text=f"hello [[sim: {json.dumps(orders)}]]")
    paper = Document(source=PlainText(text="t"), cite=True)
    request = ChatRequest(model="m", messages=(user(paper, text),), stream=True)
    data = send(web, request).raise_for_status().content
    parser, relay = DIALECT.parser(), DIALECT.relay(True)
    deltas = parser.feed(data) + parser.flush()
    assert "".join(each.text for each in deltas if isinstance(each, TextDelta)) == "m heard: hello"
    assert [each.usage.output for each in deltas if isinstance(each, Used)] == [3]
    assert any(isinstance(each, CitationDelta) for each in deltas)
    assert End(finish=Finish.STOP) in deltas
    assert (relay.feed(data), relay.flush()) == (None, b"")
    assert relay.seen.usage is not None
    assert relay.seen.usage.output == 3


def test_a_failure_in_mid_stream_is_read(web):
    for kind, cause in (("ERROR", Cause.SERVER), ("TIMEOUT", Cause.TIMEOUT)):
        orders = json.dumps({"error_after": 3, "error_type": kind})
        text = Text(text=f"hello [[sim: {orders}]]")
        request = ChatRequest(model="m", messages=(user(text),), stream=True)
        parser = DIALECT.parser()
        last = (parser.feed(send(web, request).content) + parser.flush())[-1]
        assert isinstance(last, Failed)
        assert last.error.cause is cause


@pytest.mark.parametrize("body", ["own", "html", "empty", "plain", "json", "mislabelled"])
def test_every_error_body_is_read(web, body):
    orders = json.dumps({"status": 503, "body": body})
    answer = send(web, ChatRequest(model="m", messages=(user(Text(text=f"x [[sim: {orders}]]")),)))
    error = DIALECT.parse_error(answer.status_code, dict(answer.headers), answer.content)
    assert (error.status, error.cause) == (503, Cause.UNAVAILABLE)
    assert error.message


def test_a_tools_result_is_taken_as_the_guides_write_it(co):
    asked = ask("weather?", call_tool=True, arguments={"city": "Rome"})
    call = co.chat(**asked, tools=[TOOL]).message
    document = {"type": "document", "document": {"data": json.dumps({"sky": "blue"})}}
    result = {"role": "tool", "tool_call_id": call.tool_calls[0].id, "content": [document]}
    messages = [*asked["messages"], call, result]
    answer = co.chat(model="m", messages=messages, tools=[TOOL])
    assert "blue" in answer.message.content[0].text
