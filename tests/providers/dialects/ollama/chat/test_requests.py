"""Requests in Ollama's format: what is read, what is sent, and that both agree."""

from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given, settings

from providers.bridging.fidelity import Feature
from providers.dialects.ollama.chat import DIALECT
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import (
    ChatRequest,
    Document,
    Image,
    JsonOutput,
    Message,
    NativeTool,
    Part,
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
from providers.neutral.media import PlainText
from tests.providers.dialects.ollama.chat.wire import PICTURE, call, parse, rendered
from tests.providers.dialects.talk import asked, assistant, user
from tests.strategies import chat_requests

PLAIN = Signature(origin="ollama", value="thinking")
ROUND = frozenset(
    {
        *(Feature.MAX_TOKENS, Feature.TEMPERATURE, Feature.TOP_P, Feature.TOP_K, Feature.STOP),
        *(Feature.SEED, Feature.PRESENCE_PENALTY, Feature.FREQUENCY_PENALTY, Feature.TOOLS),
        *(Feature.SYSTEM, Feature.JSON_MODE, Feature.IMAGE_DATA),
    }
)
"""What comes back as it was, but for texts that are joined and types that are guessed."""


def joined(message: Message) -> Message:
    """The message as this format says it: one text, then pictures, then calls."""
    texts = [part.text for part in message.parts if isinstance(part, Text)]
    pictures = [Image(source=PICTURE) for part in message.parts if isinstance(part, Image)]
    rest = tuple(map(canonical, message.parts))
    said: list[Part] = [Text(text="\n".join(texts))] if texts else []
    return Message(role=message.role, parts=(*said, *pictures, *filter(None, rest)))


def canonical(part: Part) -> Part | None:
    match part:
        case ToolCall(arguments=text):
            value = orjson.dumps(orjson.loads(text)).decode()
            return msgspec.structs.replace(part, arguments=value)
        case ToolResult(parts=parts):
            text = "\n".join(inner.text for inner in parts if isinstance(inner, Text))
            return msgspec.structs.replace(part, parts=(Text(text=text),))
    return None


def same_pictures(message: Message) -> Message:
    parts = (Image(source=PICTURE) if isinstance(p, Image) else p for p in message.parts)
    return msgspec.structs.replace(message, parts=tuple(parts))


@given(chat_requests(ROUND, "ollama"))
@settings(max_examples=80, deadline=None)
def test_what_is_sent_says_what_was_asked(request: ChatRequest) -> None:
    body, dropped = rendered(request)
    again = DIALECT.parse_request(body, "", False)
    expected = tuple(map(joined, request.messages))
    request = msgspec.structs.replace(request, messages=expected, tool_choice=None)
    found = tuple(map(same_pictures, again.messages))
    assert msgspec.structs.replace(again, messages=found) == request
    assert dropped == []


def test_every_member_is_read() -> None:
    schema = {"type": "object"}
    request = parse(
        stream=False,
        tools=[{"type": "function", "function": {"name": "f", "parameters": schema}}],
        format=schema,
        think="high",
        keep_alive="5m",
        logprobs=True,
        top_logprobs=2,
        options={
            "temperature": 0.5,
            "top_p": 0.5,
            "top_k": 7,
            "min_p": 0.1,
            "seed": 3,
            "num_predict": 9,
            "repeat_penalty": 1.1,
            "presence_penalty": 0.2,
            "frequency_penalty": 0.3,
            "stop": ["x"],
            "num_ctx": 4096,
        },
    )
    assert request == asked(
        user(),
        temperature=0.5,
        top_p=0.5,
        top_k=7,
        min_p=0.1,
        seed=3,
        max_tokens=9,
        repetition_penalty=1.1,
        presence_penalty=0.2,
        frequency_penalty=0.3,
        stop=("x",),
        logprobs=True,
        top_logprobs=2,
        tools=(Tool(name="f", schema=schema),),
        output=JsonOutput(schema=schema),
        reasoning=Reasoning(enabled=True, effort="high", show=True),
        extras={"keep_alive": "5m", "options": {"num_ctx": 4096}},
    )
    body, dropped = rendered(request)
    assert body["options"]["num_ctx"] == 4096
    assert body["keep_alive"] == "5m"
    assert dropped == []
    assert DIALECT.parse_request(body, "", False) == request


def test_a_stream_is_what_silence_asks_for() -> None:
    assert parse().stream
    assert parse(stream=None).stream
    assert not parse(stream=False).stream
    assert rendered(asked(user()))[0]["stream"] is False


def test_whoever_lets_ollama_think_is_shown_the_thoughts() -> None:
    assert parse(think=True).reasoning == Reasoning(enabled=True, show=True)
    assert parse(think="low").reasoning == Reasoning(enabled=True, effort="low", show=True)
    assert parse(think="none").reasoning == Reasoning(enabled=False)


def test_other_forms_are_read() -> None:
    request = parse(options={"stop": "x", "num_predict": -1}, format="json", tools=[], think=False)
    assert (request.stop, request.max_tokens, request.output) == (("x",), None, JsonOutput())
    assert request.reasoning == Reasoning(enabled=False)
    assert parse(format="").output is None
    hello = {"messages": [{"role": "User", "content": "hi"}]}
    path = DIALECT.parse_request(hello, "path", False)
    assert (path.model, path.messages[0].role) == ("path", Role.USER)


@pytest.mark.parametrize("limit", [0, -1, -2])
def test_a_limit_that_is_none_limits_nothing(limit: int) -> None:
    assert parse(options={"num_predict": limit}).max_tokens is None


@pytest.mark.parametrize("members", [{"messages": []}, {"messages": None, "keep_alive": 0}])
def test_a_model_cannot_be_loaded_through_other_dialects(members: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="loads and unloads") as caught:
        parse(**members)
    assert caught.value.param == "messages"


def test_results_find_their_calls_by_name_and_order() -> None:
    messages = [
        {"role": "assistant", "thinking": "hm", "tool_calls": [call("f"), call("g"), call("f")]},
        {"role": "tool", "tool_name": "g", "content": "1"},
        {"role": "tool", "tool_name": "f", "content": "2"},
        {"role": "tool", "content": "3"},
        {"role": "assistant", "tool_calls": [call("f", a=1)]},
        {"role": "tool", "name": "f", "content": "4"},
        {"role": "tool", "tool_name": "h", "content": "5"},
    ]
    first, results, second, more = parse(messages=messages).messages
    assert [part.id for part in first.parts[1:]] == ["call_0", "call_1", "call_2"]
    assert first.parts[0] == Thinking(text="hm", signature=PLAIN)
    assert [(part.call_id, part.name) for part in results.parts] == [
        ("call_1", "g"),
        ("call_0", "f"),
        ("call_2", "f"),
    ]
    assert second.parts == (ToolCall(id="call_3", name="f", arguments='{"a":1}'),)
    assert [(part.call_id, part.name) for part in more.parts] == [("call_3", "f"), ("call_h", "h")]


def test_ids_are_kept_where_the_client_knows_them() -> None:
    messages = [
        {"role": "assistant", "tool_calls": [{"id": "x", **call("f")}, {"id": "y", **call("f")}]},
        {"role": "tool", "tool_call_id": "y", "content": "1"},
        {"role": "tool", "tool_name": "f", "content": "2"},
    ]
    calls, results = parse(messages=messages).messages
    assert [part.call_id for part in results.parts] == ["y", "x"]
    body, _ = rendered(asked(calls, results))
    assert [call["id"] for call in body["messages"][0]["tool_calls"]] == ["x", "y"]
    assert [message.get("tool_call_id") for message in body["messages"][1:]] == ["y", "x"]
    assert [message.get("tool_name") for message in body["messages"][1:]] == ["f", "f"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("", {}), ('{"a":1}', {"a": 1}), ("[1]", {"arguments": [1]}), ("{oh", {"arguments": "{oh"})],
)
def test_arguments_are_always_an_object(text: str, value: Any) -> None:
    body, _ = rendered(asked(assistant(ToolCall(id="c", name="f", arguments=text))))
    assert body["messages"][0]["tool_calls"][0]["function"]["arguments"] == value


def test_texts_and_documents_are_one_text_with_pictures_beside_it() -> None:
    paper = Document(source=PlainText(text="p"))
    body, _ = rendered(asked(user(Text(text="a"), Image(source=PICTURE), paper)))
    expected = {"role": "user", "content": "a\np", "images": [PICTURE.base64]}
    assert body["messages"] == [expected]


def test_pictures_are_known_by_their_first_bytes() -> None:
    images = ["iVBORw0KGgo=", "/9j/4AAQ", "R0lGODlh", "UklGRg==", "AAAA"]
    uris = [*images, "data:image/gif;base64,R0lGODlh", "_9j_\nAA"]
    request = parse(messages=[{"role": "user", "images": uris}])
    types = [part.source.media_type.partition("/")[2] for part in request.messages[0].parts]
    assert types == ["png", "jpeg", "gif", "webp", "png", "gif", "jpeg"]
    assert request.messages[0].parts[-1].source.base64 == "/9j/AA=="


def test_a_tools_picture_is_shown_by_the_user() -> None:
    result = ToolResult(call_id="c", name="f", parts=(Text(text="r"), Image(source=PICTURE)))
    body, _ = rendered(asked(Message(role=Role.TOOL, parts=(result,))))
    tool, shown = body["messages"]
    assert (tool["content"], shown["content"]) == ("r", "The result of f:")
    assert shown["images"] == [PICTURE.base64]


def test_developers_are_the_system_and_foreign_thoughts_are_left_out() -> None:
    foreign = Thinking(text="x", signature=Signature(origin="gemini", value="s"))
    own = Thinking(text="y", signature=PLAIN)
    developer = Message(role=Role.DEVELOPER, parts=(Text(text="d"),))
    body, dropped = rendered(asked(developer, assistant(foreign, foreign, own, Text(text="t"))))
    assert body["messages"] == [
        {"role": "system", "content": "d"},
        {"role": "assistant", "content": "t", "thinking": "y"},
    ]
    assert dropped == [Feature.THINKING]


TOOLS = (Tool(name="f", schema={"type": "object"}), Tool(name="g", description="d"))


def test_a_choice_is_said_by_what_is_offered() -> None:
    none = ToolChoice(mode=ToolMode.NONE)
    assert "tools" not in rendered(asked(user(), tools=TOOLS, tool_choice=none))[0]
    allowed = ToolChoice(mode=ToolMode.AUTO, allowed=("g",))
    body, _ = rendered(asked(user(), tools=TOOLS, tool_choice=allowed))
    parameters = {"type": "object", "properties": {}}
    function = {"name": "g", "description": "d", "parameters": parameters}
    assert body["tools"] == [{"type": "function", "function": function}]
    for choice in (ToolChoice(mode=ToolMode.REQUIRED), ToolChoice(mode=ToolMode.NAMED, name="f")):
        with pytest.raises(Unsupported):
            rendered(asked(user(), tools=TOOLS, tool_choice=choice))
    with pytest.raises(Unsupported):
        rendered(asked(user(), tools=(NativeTool(dialect="gemini", value={}),)))


@pytest.mark.parametrize(
    ("model", "reasoning", "think", "dropped"),
    [
        ("gpt-oss:20b", Reasoning(effort="low"), "low", []),
        ("gpt-oss:20b", Reasoning(effort="xhigh"), "high", ["reasoning.effort"]),
        ("gpt-oss:20b", Reasoning(effort="max"), "high", ["reasoning.effort"]),
        ("qwen3", Reasoning(effort="low"), "low", []),
        ("qwen3", Reasoning(effort="minimal"), "low", ["reasoning.effort"]),
        ("qwen3", Reasoning(effort="max"), "max", []),
        ("qwen3", Reasoning(effort="ultra"), True, ["reasoning.effort"]),
        ("qwen3", Reasoning(effort="none"), False, []),
        ("qwen3", Reasoning(budget=0), False, []),
        ("qwen3", Reasoning(budget=99), True, ["reasoning.budget"]),
        ("qwen3", Reasoning(budget=-1), True, []),
        ("qwen3", Reasoning(enabled=True), True, []),
        ("qwen3", Reasoning(show=True), True, []),
        ("qwen3", Reasoning(show=False), None, ["reasoning.show"]),
        ("qwen3", Reasoning(effort="low", show=False), "low", ["reasoning.show"]),
    ],
)
def test_how_much_to_think_is_said(
    model: str, reasoning: Reasoning, think: Any, dropped: list[str]
) -> None:
    request = ChatRequest(model=model, messages=(user(),), reasoning=reasoning)
    body, lost = rendered(request)
    assert body.get("think") == think
    assert lost == dropped


def test_logprobs_are_asked_for_where_the_likeliest_are() -> None:
    body, _ = rendered(asked(user(), top_logprobs=2))
    assert (body["logprobs"], body["top_logprobs"]) == (True, 2)


def test_members_of_null_say_nothing() -> None:
    request = parse(keep_alive=None, format=None, options={"num_ctx": None, "temperature": None})
    assert (request.extras, request.temperature) == ({}, None)


def test_unknown_extras_are_named() -> None:
    _, dropped = rendered(asked(user(), extras={"guided_regex": "x", "options": 5}))
    assert dropped == ["guided_regex", "options"]
