"""Requests in Cohere's format: what is read, what is sent, and that both agree."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from providers.bridging.fidelity import Feature
from providers.dialects.cohere.chat import DIALECT
from providers.dialects.cohere.chat.request import lacks
from providers.errors import Unsupported
from providers.neutral.chat import (
    ChatRequest,
    Document,
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
    ToolChoice,
    ToolMode,
    ToolResult,
)
from providers.neutral.media import Data, PlainText, Url
from tests.providers.dialects.cohere.chat.wire import CALL, PICTURE, parse, rendered
from tests.providers.dialects.talk import asked, assistant, user
from tests.strategies import chat_requests

PLAIN = Signature(origin="cohere", value="thinking")
ROUND = frozenset(
    {
        *(Feature.MAX_TOKENS, Feature.TEMPERATURE, Feature.TOP_K, Feature.STOP, Feature.SEED),
        *(Feature.TOOLS, Feature.TOOL_CHOICE_NONE, Feature.TOOL_CHOICE_REQUIRED),
        *(Feature.SYSTEM, Feature.IMAGE_DATA, Feature.IMAGE_URL, Feature.IMAGE_DETAIL),
        Feature.REASONING_BUDGET,
    }
)
"""What comes back as it was; the rest is clamped, moved or said in other words."""


@given(chat_requests(ROUND, "cohere"))
@settings(max_examples=80, deadline=None)
def test_what_is_sent_says_what_was_asked(request: ChatRequest) -> None:
    body, dropped = rendered(request)
    if request.tool_choice == ToolChoice(mode=ToolMode.AUTO):
        request = msgspec.structs.replace(request, tool_choice=None)
    assert DIALECT.parse_request(body, "", False) == request
    assert dropped == []


def test_every_member_is_read() -> None:
    request = parse(
        stream=True,
        max_tokens=5,
        temperature=0.5,
        p=0.5,
        k=7,
        seed=3,
        frequency_penalty=0.1,
        presence_penalty=0.2,
        logprobs=True,
        stop_sequences=["x"],
        strict_tools=True,
        tools=[{"type": "function", "function": {"name": "f", "parameters": {"a": 1}}}],
        tool_choice="REQUIRED",
        response_format={"type": "json_object", "json_schema": {"type": "object"}},
        thinking={"type": "enabled", "token_budget": 9},
        safety_mode="STRICT",
        priority=1,
    )
    assert request == asked(
        user(),
        stream=True,
        max_tokens=5,
        temperature=0.5,
        top_p=0.5,
        top_k=7,
        seed=3,
        frequency_penalty=0.1,
        presence_penalty=0.2,
        logprobs=True,
        stop=("x",),
        tools=(Tool(name="f", schema={"a": 1}, strict=True),),
        tool_choice=ToolChoice(mode=ToolMode.REQUIRED),
        output=JsonOutput(schema={"type": "object"}),
        reasoning=Reasoning(enabled=True, budget=9),
        extras={"safety_mode": "STRICT", "priority": 1},
    )


def test_a_conversation_with_plan_calls_thoughts_and_documents_is_read() -> None:
    request = parse(
        messages=[
            {"role": "system", "content": [{"type": "text", "text": "s"}]},
            {"role": "user", "content": "q"},
            {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "hm"}],
                "tool_plan": "I look.",
                "tool_calls": [CALL],
            },
            {
                "role": "tool",
                "tool_call_id": "c",
                "content": [{"type": "document", "document": {"data": {"text": "d"}}}],
            },
            {"role": "tool", "tool_call_id": "c", "content": "r"},
            {"role": "assistant", "content": "done"},
            {"role": "user", "content": "more"},
        ],
        documents=["one", {"id": "2", "data": {"title": "T", "snippet": "two"}}],
    )
    call = ToolCall(id="c", name="f", arguments='{"a":1}')
    results = (
        ToolResult(call_id="c", name="f", parts=(Text(text="d"),)),
        ToolResult(call_id="c", name="f", parts=(Text(text="r"),)),
    )
    assert request.messages == (
        Message(role=Role.SYSTEM, parts=(Text(text="s"),)),
        user(Text(text="q")),
        assistant(Thinking(text="hm", signature=PLAIN), Text(text="I look."), call),
        Message(role=Role.TOOL, parts=results),
        assistant(Text(text="done")),
        user(
            Document(source=PlainText(text="one"), cite=True),
            Document(source=PlainText(text='{"title":"T","snippet":"two"}'), name="2", cite=True),
            Text(text="more"),
        ),
    )
    body, _ = rendered(request)
    assert body["messages"][2] == {
        "role": "assistant",
        "tool_calls": [CALL],
        "tool_plan": "I look.",
        "content": [{"type": "thinking", "thinking": "hm"}],
    }
    assert [message["role"] for message in body["messages"]][3:5] == ["tool", "tool"]


def test_foreign_thoughts_are_left_out_and_named_once() -> None:
    foreign = Signature(origin="anthropic", value="s")
    thoughts = [Thinking(text="a", signature=foreign), Thinking(redacted=foreign), Thinking()]
    body, dropped = rendered(asked(assistant(*thoughts, Text(text="x"))))
    assert body["messages"] == [{"role": "assistant", "content": "x"}]
    assert dropped == [Feature.THINKING]


def test_what_was_sealed_for_a_client_comes_back() -> None:
    sealed = "ai.extproc/anthropic/s"
    content = [
        {"type": "thinking", "thinking": "a", "signature": sealed},
        {"type": "thinking", "thinking": "", "redacted": sealed},
        {"type": "text", "text": "t", "signature": "ai.extproc/gemini/g"},
    ]
    calls = [{**CALL, "signature": "ai.extproc/gemini/g"}]
    request = parse(messages=[{"role": "assistant", "content": content, "tool_calls": calls}])
    issued = Signature(origin="anthropic", value="s")
    gemini = Signature(origin="gemini", value="g")
    assert request.messages[0].parts == (
        Thinking(text="a", signature=issued),
        Thinking(redacted=issued),
        Text(text="t", signature=gemini),
        ToolCall(id="c", name="f", arguments='{"a":1}', signature=gemini),
    )
    body, _ = rendered(request)
    assert b"signature" not in msgspec.json.encode(body)


def test_ranges_are_kept_and_named() -> None:
    body, dropped = rendered(
        asked(
            user(),
            temperature=1.5,
            top_p=1.0,
            top_k=900,
            frequency_penalty=-1,
            presence_penalty=2,
        )
    )
    assert (body["temperature"], body["p"], body["k"], body["presence_penalty"]) == (
        1,
        0.99,
        500,
        1,
    )
    assert "frequency_penalty" not in body
    assert dropped == ["temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty"]


def test_a_seed_is_not_negative() -> None:
    body, dropped = rendered(asked(user(), seed=-5))
    assert (body["seed"], dropped) == (0, ["seed"])


def test_the_system_speaks_once_where_it_comes_first() -> None:
    system, developer = (
        Message(role=role, parts=(Text(text=role),)) for role in (Role.SYSTEM, Role.DEVELOPER)
    )
    body, _ = rendered(asked(system, developer, user(), system))
    blocks = [{"type": "text", "text": text} for text in ("system", "developer")]
    assert [message["content"] for message in body["messages"]] == [blocks, "hi", "system"]
    body, _ = rendered(asked(system, user(), output=JsonOutput()))
    assert [block["text"] for block in body["messages"][0]["content"]][1] == "system"
    assert [message["role"] for message in body["messages"]] == ["system", "user"]


def test_empty_messages_are_left_out_unless_there_are_no_others() -> None:
    empty, quiet = user(Text(text="")), Message(role=Role.SYSTEM, parts=(Text(text=""),))
    body, _ = rendered(asked(quiet, empty, user()))
    assert body["messages"] == [{"role": "user", "content": "hi"}]
    body, _ = rendered(asked(empty))
    assert body["messages"] == [{"role": "user", "content": ""}]


def test_too_many_stops_are_refused() -> None:
    with pytest.raises(Unsupported) as caught:
        rendered(asked(user(), stop=tuple("abcdef")))
    assert caught.value.param == "stop"


TOOLS = (Tool(name="f", schema={"type": "object", "required": ["a"]}), Tool(name="g"))


def test_a_named_tool_is_the_only_one_offered() -> None:
    named = ToolChoice(mode=ToolMode.NAMED, name="g")
    body, _ = rendered(asked(user(), tools=TOOLS, tool_choice=named))
    function = {"name": "g", "parameters": {"type": "object", "properties": {}}}
    assert body["tools"] == [{"type": "function", "function": function}]
    assert body["tool_choice"] == "REQUIRED"
    with pytest.raises(Unsupported):
        rendered(asked(user(), tools=TOOLS, tool_choice=ToolChoice(mode=ToolMode.NAMED, name="x")))
    with pytest.raises(Unsupported):
        rendered(asked(user(), tool_choice=ToolChoice(mode=ToolMode.REQUIRED)))


def test_a_choice_without_tools_is_not_sent() -> None:
    body, _ = rendered(asked(user(), tool_choice=ToolChoice(mode=ToolMode.NONE)))
    assert "tool_choice" not in body


def test_tools_are_strict_together_or_not_at_all() -> None:
    strict = tuple(msgspec.structs.replace(tool, strict=True) for tool in TOOLS)
    body, dropped = rendered(asked(user(), tools=strict[:1]))
    assert body["strict_tools"] is True
    assert dropped == []
    body, dropped = rendered(asked(user(), tools=strict))
    assert "strict_tools" not in body
    assert dropped == [Feature.TOOL_STRICT]


def test_json_mode_is_asked_for_in_words_too() -> None:
    body, _ = rendered(asked(user(), output=JsonOutput()))
    assert body["response_format"] == {"type": "json_object"}
    assert "JSON" in body["messages"][0]["content"]
    body, _ = rendered(asked(user(Text(text="as JSON")), output=JsonOutput()))
    assert len(body["messages"]) == 1
    assert parse(response_format={"type": "text"}).output is None
    older = parse(response_format={"type": "json_object", "schema": {"a": 1}})
    assert older.output == JsonOutput(schema={"a": 1})


def test_beside_a_response_format_documents_are_words() -> None:
    paper = Document(source=PlainText(text="t"), name="T", context="c")
    request = asked(user(paper, Text(text="as JSON")), output=JsonOutput(schema={"a": 1}))
    body, _ = rendered(request)
    texts = [block["text"] for block in body["messages"][0]["content"]]
    assert texts == ["T\nc\nt", "as JSON"]
    assert "documents" not in body
    assert "citation_options" not in body


def test_beside_a_response_format_nothing_is_cited_or_called() -> None:
    cited = Document(source=PlainText(text="t"), cite=True)
    formats = {Feature.JSON_MODE, Feature.JSON_SCHEMA}
    assert lacks(asked(user(cited), output=JsonOutput())) == formats
    assert lacks(asked(user(), tools=TOOLS, output=JsonOutput())) == formats
    assert lacks(asked(user(), output=JsonOutput())) == set()


def test_a_closer_look_than_coheres_closest_is_named() -> None:
    pictures = [Image(source=Url(url="https://a.test/"), detail=d) for d in ("original", "low")]
    body, dropped = rendered(asked(user(*pictures)))
    shown = [block["image_url"]["detail"] for block in body["messages"][0]["content"]]
    assert shown == ["high", "low"]
    assert dropped == ["image.detail"]


@pytest.mark.parametrize(
    ("reasoning", "thinking", "dropped"),
    [
        (Reasoning(effort="low"), {"type": "enabled", "token_budget": 2048}, ["reasoning.effort"]),
        (Reasoning(effort="high"), {"type": "enabled"}, ["reasoning.effort"]),
        (Reasoning(effort="none"), {"type": "disabled"}, []),
        (Reasoning(budget=0), {"type": "disabled"}, []),
        (Reasoning(budget=-1), {"type": "enabled"}, []),
        (Reasoning(show=True), {"type": "enabled"}, []),
        (Reasoning(enabled=True, show=False), {"type": "enabled"}, ["reasoning.show"]),
        (Reasoning(show=False), None, ["reasoning.show"]),
    ],
)
def test_how_much_to_think_is_said(reasoning: Reasoning, thinking: Any, dropped: list[str]) -> None:
    body, lost = rendered(asked(user(), reasoning=reasoning))
    assert body.get("thinking") == thinking
    assert lost == dropped
    assert parse(thinking={"type": "disabled"}).reasoning == Reasoning(enabled=False)


def test_a_tools_picture_is_shown_by_the_user() -> None:
    parts = (Text(text="see"), Image(source=PICTURE))
    results = (ToolResult(call_id="c", parts=parts), ToolResult(call_id="d"))
    only = ToolResult(call_id="e", parts=(Image(source=Url(url="https://a.test/")),))
    body, _ = rendered(asked(Message(role=Role.TOOL, parts=(*results, only))))
    contents = [message["content"] for message in body["messages"]]
    assert contents[:3] == ["see", "{}", "The result follows."]
    assert [block["type"] for block in contents[3]] == ["text", "image_url"] * 2


def test_an_assistant_that_says_nothing_is_left_out() -> None:
    body, _ = rendered(asked(user(), assistant(), assistant(Text(text=""))))
    assert len(body["messages"]) == 1


def test_pictures_are_read_in_every_form() -> None:
    data = "data:image/png;charset=x;base64,AA_A\n"
    content = [
        {"type": "image_url", "image_url": data},
        {"type": "image_url", "image_url": {"url": "https://a.test/", "detail": "low"}},
    ]
    request = parse(messages=[{"role": "user", "content": content}])
    assert request.messages[0].parts == (
        Image(source=Data(base64="AA/A", media_type="image/png")),
        Image(source=Url(url="https://a.test/"), detail="low"),
    )
    block = parse(messages=[{"role": "user", "content": {"type": "text", "text": "x"}}])
    assert block.messages[0].parts == (Text(text="x"),)


def test_extras_are_sent_where_cohere_knows_them() -> None:
    extras = {"safety_mode": "OFF", "priority": 5, "guided_regex": "x"}
    body, dropped = rendered(asked(user(), extras=extras))
    assert (body["safety_mode"], body["priority"]) == ("OFF", 5)
    assert dropped == ["guided_regex"]
    fast = {"citation_options": {"mode": "FAST"}}
    assert parse(**fast).extras == fast
    assert parse(citation_options={"mode": "OFF"}).extras == {}
    assert parse(citation_options=None, safety_mode=None).extras == {}
