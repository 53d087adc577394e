"""The official SDK, and our own dialect, before the simulator's generateContent."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
from google import genai
from google.genai import errors, types

from extproc.lab.simulator import RunningSimulator
from providers.dialects.gemini.generate_content import DIALECT
from providers.errors import Cause
from providers.neutral.chat import (
    ChatRequest,
    Finish,
    JsonOutput,
    Message,
    Reasoning,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from providers.neutral.deltas import End, Failed, TextDelta, Used

WEATHER = Tool(
    name="weather",
    schema={
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city", "days"],
    },
)
NEWEST = "gemini-3-flash"


@pytest.fixture
def gemini(sim: RunningSimulator) -> Iterator[genai.Client]:
    with httpx.Client(timeout=10) as carrier:
        options = types.HttpOptions(base_url=sim.url, httpx_client=carrier)
        yield genai.Client(api_key="key", http_options=options)


def words(text: str = "hello there", **orders: Any) -> str:
    return text + (f" [[sim: {json.dumps(orders)}]]" if orders else "")


def test_a_whole_answer_follows_from_the_request(gemini):
    got = gemini.models.generate_content(model="m", contents=words(cached_tokens=2))
    assert got.text == "m heard: hello there"
    assert got.candidates[0].finish_reason is types.FinishReason.STOP
    usage = got.usage_metadata
    counted = gemini.models.count_tokens(model="m", contents=words(cached_tokens=2))
    assert usage.prompt_token_count == counted.total_tokens
    assert (usage.cached_content_token_count, usage.candidates_token_count) == (2, 4)


def test_a_stream_holds_thoughts_text_and_final_usage(gemini):
    config = types.GenerateContentConfig(
        thinking_config=types.ThinkingConfig(include_thoughts=True)
    )
    stream = gemini.models.generate_content_stream(
        model="m", contents=words(reasoning=2), config=config
    )
    chunks = list(stream)
    parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts]
    assert "".join(part.text for part in parts if part.thought) == " thought0 thought1"
    assert "".join(part.text for part in parts if not part.thought) == "m heard: hello there"
    assert any(part.thought_signature for part in parts)
    usage = chunks[-1].usage_metadata
    assert (usage.candidates_token_count, usage.thoughts_token_count) == (4, 2)


@pytest.mark.parametrize(
    ("orders", "kind"),
    [({"status": 429}, errors.ClientError), ({"status": 503}, errors.ServerError)],
)
def test_errors_have_the_shape_of_the_api(gemini, orders, kind):
    with pytest.raises(kind) as caught:
        gemini.models.generate_content(model="m", contents=words(**orders))
    assert caught.value.code == orders["status"]
    assert caught.value.status in {"RESOURCE_EXHAUSTED", "UNAVAILABLE"}


def test_an_error_in_mid_stream_is_raised(gemini):
    stream = gemini.models.generate_content_stream(model="m", contents=words(error_after=2))
    with pytest.raises(errors.APIError, match="mid-stream"):
        list(stream)


def call(sim: RunningSimulator, request: ChatRequest) -> httpx.Response:
    """Our own dialect as the client."""
    path = next(end.path for end in DIALECT.upstream if end.stream is request.stream)
    url = f"{sim.url}/v1beta{path.replace('{model}', request.model)}"
    body = orjson.dumps(DIALECT.render_request(request, []))
    headers = {"content-type": "application/json"}
    return httpx.post(url, content=body, headers=headers, timeout=10)


def ask(*messages: Message, **members: Any) -> ChatRequest:
    return ChatRequest(**{"model": NEWEST, "messages": messages, **members})


def said(text: str) -> Message:
    return Message(role=Role.USER, parts=(Text(text=text),))


@pytest.mark.parametrize("signed", [True, False])
def test_our_own_dialect_goes_through_three_turns_with_tools(sim, signed):
    first = said(words("weather?", call_tool=True, reasoning=1))
    thinking = {"tools": (WEATHER,), "reasoning": Reasoning(enabled=True)}
    answer = DIALECT.parse_response(call(sim, ask(first, **thinking)).json())
    choice = answer.choices[0]
    called = choice.parts[-1]
    assert isinstance(called, ToolCall)
    assert called.signature is not None
    assert choice.finish is Finish.TOOL_CALLS
    echoed = choice.parts
    if not signed:
        echoed = (ToolCall(id=called.id, name=called.name, arguments=called.arguments),)
    result = ToolResult(call_id=called.id, name=called.name, parts=(Text(text="rain"),))
    turns = (
        first,
        Message(role=Role.ASSISTANT, parts=echoed),
        Message(role=Role.TOOL, parts=(result,)),
    )
    told = DIALECT.parse_response(call(sim, ask(*turns, **thinking)).json())
    assert told.choices[0].parts[-1].text == f"{NEWEST} was told: rain"
    assert isinstance(told.choices[0].parts[0], Thinking)


def test_our_own_dialect_reads_a_stream(sim):
    got = call(sim, ask(said("hello"), stream=True))
    parser = DIALECT.parser()
    deltas = parser.feed(got.content) + parser.flush()
    text = "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
    assert text == f"{NEWEST} heard: hello"
    assert [delta.finish for delta in deltas if isinstance(delta, End)] == [Finish.STOP]
    used = [delta.usage for delta in deltas if isinstance(delta, Used)]
    assert (used[-1].input, used[-1].output) == (5, 3)


def test_our_own_dialect_sees_a_cut_stream_and_an_error_in_it(sim):
    for orders in ({"error_after": 2}, {"drop": "mid", "after": 2}):
        parser = DIALECT.parser()
        request = ask(said(words(**orders)), stream=True)
        url = f"{sim.url}/v1beta/models/m:streamGenerateContent?alt=sse"
        body = DIALECT.render_request(request, [])
        deltas = []
        try:
            with httpx.stream("POST", url, json=body, timeout=10) as got:
                for piece in got.iter_raw():
                    deltas += parser.feed(piece)
        except httpx.RemoteProtocolError:
            assert "drop" in orders
        deltas += parser.flush()
        assert isinstance(deltas[-1], Failed)
        assert not any(isinstance(delta, End) for delta in deltas)


def test_structured_output_follows_the_schema(sim):
    schema = WEATHER.schema
    answer = DIALECT.parse_response(
        call(sim, ask(said("hi"), output=JsonOutput(schema=schema))).json()
    )
    assert json.loads(answer.choices[0].parts[0].text).keys() == {"city", "days"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"contents": []}, "not specified"),
        ({"contents": [{"role": "user", "parts": []}]}, "must not be empty"),
        ({"contents": [{"role": "system", "parts": [{"text": "x"}]}]}, "valid role"),
        ({"contents": [{"parts": [{"txt": "x"}]}]}, "oneof|Unknown name"),
        ({"contents": [{"parts": [{"text": 5}]}]}, "Invalid value"),
        ({"generationConfig": {"temperature": 3}}, "temperature"),
        ({"generationConfig": {"responseSchema": {"type": "OBJECT"}}}, "response_mime_type"),
        ({"toolConfig": {"functionCallingConfig": {"allowedFunctionNames": ["x"]}}}, "ANY"),
        (
            {
                "contents": [
                    {"parts": [{"text": "x"}]},
                    {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
                    {"parts": [{"text": "x"}]},
                ]
            },
            "number of function response parts",
        ),
    ],
)
def test_what_google_refuses_is_refused(sim, body, message):
    whole = {"contents": [{"role": "user", "parts": [{"text": "x"}]}]} | body
    got = httpx.post(f"{sim.url}/v1beta/models/m:generateContent", json=whole, timeout=10)
    error = DIALECT.parse_error(got.status_code, dict(got.headers), got.content)
    assert (got.status_code, error.cause) == (400, Cause.INVALID_REQUEST)
    assert error.code == "INVALID_ARGUMENT"
    assert any(word in error.message for word in message.split("|")), error.message


@pytest.mark.parametrize(("mode", "called"), [(ToolMode.NAMED, ["weather"]), (ToolMode.NONE, [])])
def test_a_choice_among_tools_is_obeyed(sim, mode, called):
    choice = ToolChoice(mode=mode, name="weather" if called else None)
    tools = (Tool(name="other"), WEATHER)
    request = ask(said(words("x", call_tool=True)), tools=tools, tool_choice=choice)
    answer = DIALECT.parse_response(call(sim, request).json())
    parts = answer.choices[0].parts
    assert [part.name for part in parts if isinstance(part, ToolCall)] == called


def test_a_picture_costs_tokens(gemini):
    picture = types.Part.from_bytes(data=b"x", mime_type="image/png")
    got = gemini.models.generate_content(model="m", contents=["hello", picture])
    assert got.usage_metadata.prompt_token_count == 4 + 1 + 85


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"x-goog-api-key": "k"}, "", 200),
        ({"authorization": "Bearer k"}, "", 200),
        ({}, "?key=k", 200),
        ({}, "", 401),
    ],
)
def test_a_key_is_found_where_google_looks_for_it(headers, query, status):
    body = {"contents": [{"parts": [{"text": "x"}]}]}
    with RunningSimulator(keys=frozenset({"k"})) as sim:
        url = f"{sim.url}/v1beta/models/m:generateContent{query}"
        got = httpx.post(url, json=body, headers=headers, timeout=10)
    assert got.status_code == status


def test_gemini_3_refuses_an_unsigned_call_of_the_current_turn(sim):
    turns = [
        {"role": "user", "parts": [{"text": "x"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}]},
    ]
    url = f"{sim.url}/v1beta/models/{NEWEST}:generateContent"
    got = httpx.post(url, json={"contents": turns}, timeout=10)
    assert "thought_signature" in got.json()["error"]["message"]
    later = [*turns, {"role": "model", "parts": [{"text": "y"}]}, turns[0]]
    assert httpx.post(url, json={"contents": later}, timeout=10).status_code == 200


def test_a_turn_that_was_kept_chunk_by_chunk_is_one(sim):
    signed = {"functionCall": {"name": "f"}, "thoughtSignature": "c2lt"}
    chunks = [signed, {"functionCall": {"name": "f"}}, {"text": ""}]
    result = {"functionResponse": {"name": "f", "response": {}}}
    turns = [
        {"role": "user", "parts": [{"text": "x"}]},
        *({"role": "model", "parts": [chunk]} for chunk in chunks),
        {"role": "user", "parts": [result, result]},
    ]
    url = f"{sim.url}/v1beta/models/{NEWEST}:generateContent"
    assert httpx.post(url, json={"contents": turns}, timeout=10).status_code == 200
    turns[-1]["parts"].pop()
    assert httpx.post(url, json={"contents": turns}, timeout=10).status_code == 400


def test_enumerations_may_be_numbers(sim: RunningSimulator):
    declaration = {"name": "f", "parameters": {"type": 6, "properties": {"type": {"type": 1}}}}
    body = {
        "contents": [{"parts": [{"text": "hi"}]}],
        "tools": [{"functionDeclarations": [declaration]}],
        "toolConfig": {"functionCallingConfig": {"mode": 2}},
        "safetySettings": [{"category": 7, "threshold": 4}],
    }
    answer = httpx.post(f"{sim.url}/v1beta/models/m:generateContent", json=body, timeout=10)
    (part,) = answer.json()["candidates"][0]["content"]["parts"]
    assert part["functionCall"]["name"] == "f"


def test_a_negative_bound_is_no_number_of_an_enumeration(sim: RunningSimulator) -> None:
    schema = {"type": "OBJECT", "properties": {"n": {"type": "INTEGER", "minimum": -5}}}
    tool = {"functionDeclarations": [{"name": "f", "description": "", "parameters": schema}]}
    body = {"contents": [{"parts": [{"text": "hello"}]}], "tools": [tool]}
    answer = httpx.post(f"{sim.url}/v1beta/models/m:generateContent", json=body, timeout=10)
    assert answer.status_code == 200, answer.text


def test_a_function_response_alone_is_counted(sim: RunningSimulator) -> None:
    part = {"functionResponse": {"name": "f", "response": {"output": "teal"}}}
    body = {"contents": [{"role": "user", "parts": [part]}]}
    url = f"{sim.url}/v1beta/models/m"
    assert httpx.post(f"{url}:countTokens", json=body, timeout=10).status_code == 200
    assert httpx.post(f"{url}:generateContent", json=body, timeout=10).status_code == 400
