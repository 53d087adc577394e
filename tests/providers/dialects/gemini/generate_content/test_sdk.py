"""Google's own SDK before the dialect: what it sends is read, what it is told is understood."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import orjson
import pytest
from google import genai
from google.genai import errors, types

from providers.dialects.gemini.generate_content import ARRAY, DIALECT
from providers.errors import ApiError, Cause
from providers.neutral.chat import (
    ChatRequest,
    ChatResponse,
    Choice,
    Citation,
    Finish,
    Image,
    JsonOutput,
    Part,
    Role,
    Signature,
    Text,
    Thinking,
    ToolCall,
    ToolMode,
    ToolResult,
)
from providers.neutral.deltas import AnyDelta, Begin, Failed, TextDelta, replay
from providers.usage import Usage
from tests.providers.dialects.gemini.wire import CONTEXT, NEWEST

Answer = ChatResponse | ApiError | list[AnyDelta]
USED = Usage(input=10, output=7, cache_read=4, reasoning=2)


class Server:
    """Reads what the SDK sends with the dialect, and answers with the dialect."""

    def __init__(self) -> None:
        self.seen: list[ChatRequest] = []
        self.answers: list[Answer] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name, _, verb = request.url.path.removeprefix("/v1/models/").partition(":")
        stream = verb == "streamGenerateContent"
        assert not stream or request.url.params["alt"] == "sse"
        self.seen.append(DIALECT.parse_request(orjson.loads(request.content), name, stream))
        answer = self.answers.pop(0)
        if isinstance(answer, ApiError):
            status, headers, body = DIALECT.render_error(answer)
            return httpx.Response(status, headers=headers, content=body)
        if stream:
            deltas = replay(answer) if isinstance(answer, ChatResponse) else answer
            renderer = DIALECT.renderer(CONTEXT)
            data = renderer.feed(deltas) + renderer.flush()
            return httpx.Response(200, headers={"content-type": DIALECT.stream_type}, content=data)
        assert isinstance(answer, ChatResponse)
        return httpx.Response(200, json=DIALECT.render_response(answer, CONTEXT))


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def client(server: Server) -> Iterator[genai.Client]:
    with httpx.Client(transport=httpx.MockTransport(server)) as carrier:
        options = types.HttpOptions(
            base_url="https://gateway.test", api_version="v1", httpx_client=carrier
        )
        yield genai.Client(api_key="key", http_options=options)


def response(*parts: Part, finish: Finish = Finish.STOP, **members: Any) -> ChatResponse:
    choice = Choice(parts=parts, finish=finish, **members)
    return ChatResponse(id="id-1", model="m", choices=(choice,), usage=USED)


def test_a_whole_answer_is_understood(client, server):
    server.answers = [response(Thinking(text="hm"), Text(text="Hi."))]
    got = client.models.generate_content(model=NEWEST, contents="hello")
    assert got.text == "Hi."
    assert got.candidates[0].content.parts[0].thought
    assert got.candidates[0].finish_reason is types.FinishReason.STOP
    usage = got.usage_metadata
    assert (usage.prompt_token_count, usage.candidates_token_count) == (10, 5)
    assert (usage.thoughts_token_count, usage.cached_content_token_count) == (2, 4)
    assert (usage.total_token_count, got.response_id, got.model_version) == (17, "id-1", "m")
    asked = server.seen[0]
    assert (asked.model, asked.stream) == (NEWEST, False)
    assert asked.messages[0].parts == (Text(text="hello"),)


def test_a_stream_is_understood(client, server):
    server.answers = [response(Thinking(text="hm"), Text(text="Hi."), finish=Finish.LENGTH)]
    chunks = list(client.models.generate_content_stream(model=NEWEST, contents="hello"))
    assert "".join(chunk.text or "" for chunk in chunks) == "Hi."
    assert chunks[-1].candidates[0].finish_reason is types.FinishReason.MAX_TOKENS
    assert chunks[-1].usage_metadata.total_token_count == 17
    assert {chunk.response_id for chunk in chunks} == {"id-1"}
    assert server.seen[0].stream


def test_every_option_of_the_sdk_is_read(client, server):
    server.answers = [response(Text(text="{}"))]
    client.models.generate_content(
        model=NEWEST,
        contents="hello",
        config=types.GenerateContentConfig(
            system_instruction="be brief",
            temperature=0.5,
            top_p=0.9,
            top_k=20,
            candidate_count=2,
            max_output_tokens=50,
            stop_sequences=["END"],
            seed=3,
            presence_penalty=0.1,
            frequency_penalty=0.2,
            response_logprobs=True,
            logprobs=2,
            response_mime_type="application/json",
            response_schema={"type": "OBJECT", "properties": {"a": {"type": "STRING"}}},
            thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=512),
            media_resolution=types.MediaResolution.MEDIA_RESOLUTION_LOW,
            safety_settings=[
                types.SafetySetting(
                    category="HARM_CATEGORY_HARASSMENT", threshold="BLOCK_ONLY_HIGH"
                )
            ],
            labels={"team": "a"},
        ),
    )
    asked = server.seen[0]
    assert asked.messages[0].role is Role.SYSTEM
    assert (asked.temperature, asked.top_p, asked.top_k, asked.n) == (0.5, 0.9, 20, 2)
    assert (asked.max_tokens, asked.stop, asked.seed) == (50, ("END",), 3)
    assert (asked.presence_penalty, asked.frequency_penalty) == (0.1, 0.2)
    assert (asked.logprobs, asked.top_logprobs) == (True, 2)
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    assert asked.output == JsonOutput(schema=schema)
    assert asked.reasoning is not None
    assert (asked.reasoning.budget, asked.reasoning.show) == (512, True)
    assert set(asked.extras) == {"safetySettings", "labels"}


def test_a_picture_comes_in_the_standard_alphabet(client, server):
    server.answers = [response(Text(text="a dot"))]
    data = b"\xfb\xff\xfe\x00"
    part = types.Part.from_bytes(data=data, mime_type="image/png")
    client.models.generate_content(model=NEWEST, contents=["what is it?", part])
    image = server.seen[0].messages[0].parts[1]
    assert isinstance(image, Image)
    assert image.source.base64 == base64.b64encode(data).decode()
    assert image.source.media_type == "image/png"


@pytest.mark.parametrize("streamed", [False, True])
def test_tools_are_called_over_three_turns_with_their_signatures(client, server, streamed):
    signature = Signature(origin="gemini", value=base64.b64encode(b"thought").decode())
    foreign = Signature(origin="anthropic", value="sig/+==")
    first = ToolCall(id="call_1", name="weather", arguments='{"city":"Oslo"}', signature=signature)
    second = ToolCall(id="call_2", name="weather", arguments="{}")
    server.answers = [
        response(Thinking(text="hm", signature=foreign), first, second, finish=Finish.TOOL_CALLS),
        response(Text(text="Rain in Oslo.")),
    ]
    declaration = types.FunctionDeclaration(
        name="weather",
        description="The weather",
        parameters=types.Schema(
            type="OBJECT", properties={"city": types.Schema(type="STRING", nullable=True)}
        ),
    )
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[declaration])],
        tool_config=types.ToolConfig(
            function_calling_config=types.FunctionCallingConfig(mode="ANY")
        ),
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    chat = client.chats.create(model=NEWEST, config=config)
    send: Callable[..., Any] = chat.send_message_stream if streamed else chat.send_message
    got = list(send("weather?")) if streamed else [send("weather?")]
    calls = [call for each in got for call in each.function_calls or ()]
    assert [(call.id, call.args) for call in calls] == [
        ("call_1", {"city": "Oslo"}),
        ("call_2", {}),
    ]
    answers = [
        types.Part(
            function_response=types.FunctionResponse(
                id=call.id, name=call.name, response={"output": "rain"}
            )
        )
        for call in calls
    ]
    told = list(send(answers)) if streamed else [send(answers)]
    assert "".join(each.text or "" for each in told) == "Rain in Oslo."
    asked = server.seen[1]
    assert asked.tool_choice is not None
    assert asked.tool_choice.mode is ToolMode.REQUIRED
    assert asked.tools[0].schema["properties"]["city"]["type"] == ["string", "null"]
    parts = [part for message in asked.messages for part in message.parts]
    echoed = [part for part in parts if isinstance(part, ToolCall)]
    assert echoed == [first, second]
    thoughts = [part for part in parts if isinstance(part, Thinking)]
    assert thoughts[-1].signature == foreign
    assert [part for part in parts if isinstance(part, ToolResult)] == [
        ToolResult(call_id="call_1", name="weather", parts=(Text(text="rain"),)),
        ToolResult(call_id="call_2", name="weather", parts=(Text(text="rain"),)),
    ]


def test_sources_of_an_answer_are_shown_as_grounding(client, server):
    cited = Citation(url="https://a.test", title="A", start=0, end=5, quote="Blåbæ")
    server.answers = [response(Text(text="Blåbær.", citations=(cited,)))] * 2
    for got in (
        client.models.generate_content(model=NEWEST, contents="?"),
        list(client.models.generate_content_stream(model=NEWEST, contents="?"))[-1],
    ):
        grounding = got.candidates[0].grounding_metadata
        assert grounding.grounding_chunks[0].web.uri == "https://a.test"
        segment = grounding.grounding_supports[0].segment
        assert (segment.start_index or 0, segment.end_index, segment.text) == (0, 7, "Blåbæ")


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        (ApiError(status=429, cause=Cause.RATE_LIMIT, message="slow"), errors.ClientError, 429),
        (ApiError(status=401, cause=Cause.AUTHENTICATION, message="who"), errors.ClientError, 401),
        (ApiError(status=529, cause=Cause.OVERLOADED, message="busy"), errors.ServerError, 503),
        (ApiError(status=500, cause=Cause.SERVER, message="oops"), errors.ServerError, 500),
    ],
)
def test_errors_raise_what_they_are(client, server, error, kind, status):
    server.answers = [error, error]
    with pytest.raises(kind) as caught:
        client.models.generate_content(model=NEWEST, contents="hello")
    assert (caught.value.code, caught.value.message) == (status, error.message)
    with pytest.raises(kind):
        list(client.models.generate_content_stream(model=NEWEST, contents="hello"))


def test_an_error_in_mid_stream_raises(client, server):
    busy = ApiError(status=529, cause=Cause.OVERLOADED, message="busy")
    begun = [Begin(id="i", model="m"), TextDelta(text="Hi", part=0)]
    server.answers = [[*begun, Failed(error=busy)]]
    stream = client.models.generate_content_stream(model=NEWEST, contents="hello")
    assert next(stream).text == "Hi"
    with pytest.raises(errors.ServerError, match="busy"):
        list(stream)


def test_a_stream_as_an_array_holds_the_same_chunks():
    told = replay(response(Text(text="Hi."), ToolCall(id="a", name="f", arguments="{}")))
    as_events, as_array = DIALECT.renderer(CONTEXT), ARRAY.renderer(CONTEXT)
    events = as_events.feed(told) + as_events.flush()
    array = as_array.feed(told) + as_array.flush()
    expected = [orjson.loads(event[6:]) for event in events.split(b"\n\n") if event]
    assert orjson.loads(array) == expected
    assert ARRAY.stream_type == "application/json"
    for chunk in expected:
        types.GenerateContentResponse.model_validate(chunk)


def test_an_array_that_fails_is_still_an_array():
    renderer = ARRAY.renderer(CONTEXT)
    failed = Failed(error=ApiError(status=500, cause=Cause.SERVER, message="oops"))
    data = renderer.feed([Begin(id="i", model="m"), TextDelta(text="Hi", part=0), failed])
    chunks = orjson.loads(data + renderer.flush())
    assert chunks[1]["error"] == {"code": 500, "message": "oops", "status": "INTERNAL"}


@pytest.mark.parametrize("streamed", [False, True])
def test_the_sdk_calls_functions_by_itself(client, server, streamed):
    def weather(city: str) -> str:
        """The weather somewhere."""
        return f"rain in {city}"

    call = ToolCall(id="call_1", name="weather", arguments='{"city":"Oslo"}')
    server.answers = [
        response(Text(text="let "), Text(text="me see"), call, finish=Finish.TOOL_CALLS),
        response(Text(text="Rain.")),
    ]
    config = types.GenerateContentConfig(tools=[weather])
    chat = client.chats.create(model=NEWEST, config=config)
    if streamed:
        said = "".join(each.text or "" for each in chat.send_message_stream("weather?"))
    else:
        said = chat.send_message("weather?").text
    assert said.endswith("Rain.")
    asked = server.seen[1]
    assert [message.role for message in asked.messages] == [Role.USER, Role.ASSISTANT, Role.TOOL]
    assert asked.messages[1].parts[-1] == call
    assert asked.messages[2].parts == (
        ToolResult(call_id="call_1", name="weather", parts=(Text(text="rain in Oslo"),)),
    )
