"""What is said to a provider of the Messages API."""

from typing import Any

import pytest

from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import (
    Audio,
    Cache,
    Document,
    Image,
    Message,
    Native,
    NativeTool,
    Reasoning,
    Refusal,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from providers.neutral.media import Data, PlainText, Url
from tests.providers.dialects.anthropic.messages.talk import (
    PNG,
    WEATHER,
    ask,
    assistant,
    render,
    tool,
    user,
)


def test_a_plain_request_is_as_short_as_can_be() -> None:
    body, dropped = render(ask(Message(role=Role.SYSTEM, parts=(Text(text="be"),)), user("hi")))
    assert body == {
        "model": "claude-sonnet-4-5",
        "max_tokens": 32_000,
        "system": "be",
        "messages": [{"role": "user", "content": "hi"}],
    }
    assert dropped == []


def test_turns_alternate_and_results_come_first() -> None:
    body, _ = render(
        ask(
            user("one"),
            user("two"),
            assistant(ToolCall(id="a", name="f", arguments="{}")),
            assistant(ToolCall(id="b", name="f", arguments='{"x":1}')),
            tool(ToolResult(call_id="a", parts=(Text(text="A"),))),
            user("meanwhile"),
            tool(ToolResult(call_id="b", parts=(Text(text="B"),))),
        )
    )
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert [block["type"] for block in body["messages"][2]["content"]] == [
        "tool_result",
        "tool_result",
        "text",
    ]


def test_empty_texts_and_turns_are_left_out() -> None:
    body, _ = render(
        ask(
            user("hi"),
            assistant("", ToolCall(id="a", name="f", arguments="")),
            tool(ToolResult(call_id="a", parts=(Text(text=""),))),
            assistant(" \n"),
            user("go on"),
        )
    )
    assert body["messages"][1]["content"] == [
        {"type": "tool_use", "id": "a", "name": "f", "input": {}}
    ]
    assert body["messages"][2]["content"] == [
        {"type": "tool_result", "tool_use_id": "a"},
        {"type": "text", "text": "go on"},
    ]


def test_a_conversation_that_says_nothing_is_refused() -> None:
    with pytest.raises(Unsupported):
        render(ask(user("")))


def test_instructions_alone_become_the_users_words() -> None:
    body, dropped = render(ask(Message(role=Role.SYSTEM, parts=(Text(text="sing"),))))
    assert body["messages"] == [{"role": "user", "content": "sing"}]
    assert "system" not in body
    assert dropped == ["messages.system"]


def test_a_conversation_that_the_assistant_begins_has_a_word_of_the_users_before_it() -> None:
    body, dropped = render(ask(assistant("How can I help?"), user("hi")))
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert [message["content"] for message in body["messages"][1:]] == ["How can I help?", "hi"]
    assert dropped == []


@pytest.mark.parametrize(
    ("model", "roles", "system"),
    [
        ("claude-opus-4-8", ["user", "assistant", "user", "system"], "first"),
        ("claude-sonnet-4-5", ["user", "assistant", "user"], ["first", "second"]),
    ],
)
def test_a_late_instruction_keeps_its_place_where_the_model_allows(
    model: str, roles: list[str], system: Any
) -> None:
    body, _ = render(
        ask(
            Message(role=Role.SYSTEM, parts=(Text(text="first"),)),
            user("a"),
            assistant("b"),
            Message(role=Role.DEVELOPER, parts=(Text(text="second"),)),
            user("c"),
            model=model,
        )
    )
    assert [message["role"] for message in body["messages"]] == roles
    said = body["system"]
    assert (said if isinstance(said, str) else [block["text"] for block in said]) == system


def test_a_prefill_does_not_end_in_white_space() -> None:
    body, _ = render(ask(user("hi"), assistant("The answer is ")))
    assert body["messages"][-1]["content"] == "The answer is"


def test_call_ids_get_the_alphabet_of_the_api_the_same_on_both_sides() -> None:
    body, _ = render(
        ask(
            user("q"),
            assistant(ToolCall(id="call.1/ü", name="f", arguments="{}")),
            tool(ToolResult(call_id="call.1/ü")),
        )
    )
    call, result = body["messages"][1]["content"][0], body["messages"][2]["content"][0]
    assert call["id"] == result["tool_use_id"]
    assert call["id"].replace("_", "").replace("-", "").isascii()
    assert "/" not in call["id"]


def test_arguments_that_are_no_object_are_wrapped_as_the_documentation_says() -> None:
    body, _ = render(
        ask(user("q"), assistant(ToolCall(id="1", name="f", arguments='{"a": ')), user("r"))
    )
    assert body["messages"][1]["content"][0]["input"] == {"INVALID_JSON": '{"a": '}


@pytest.mark.parametrize(
    ("part", "param"),
    [
        (Image(source=Data(base64="AA==", media_type="image/tiff")), "image.data"),
        (Image(source=Url(url="gs://bucket/a.png")), "image.url"),
        (Document(source=Data(base64="AA==", media_type="application/zip")), "document.data"),
        (Document(source=Data(base64="!!", media_type="text/plain")), "document.data"),
        (Image(source=PlainText(text="x")), "messages"),
        (Audio(source=PNG), "messages"),
        (Native(dialect="openai.responses", value={"type": "x"}), "messages"),
    ],
)
def test_what_the_api_cannot_take_is_refused(part: Any, param: str) -> None:
    with pytest.raises(Unsupported) as caught:
        render(ask(user(part)))
    assert caught.value.param == param


def test_the_assistant_shows_no_pictures() -> None:
    with pytest.raises(Unsupported):
        render(ask(user("q"), assistant(Image(source=PNG)), user("r")))


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"stop": ("\n",)}, "stop"),
        (
            {
                "tools": (WEATHER,),
                "tool_choice": ToolChoice(mode=ToolMode.AUTO, allowed=("other",)),
            },
            "tool_choice",
        ),
    ],
)
def test_wishes_that_the_api_cannot_grant_are_refused(fields: Any, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        render(ask(**fields))
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("fields", "metadata", "dropped"),
    [
        ({"user": "u", "safety_identifier": "s"}, {"user_id": "u"}, ["safety_identifier"]),
        ({"user": "u" * 257}, None, ["user"]),
        ({"safety_identifier": "s" * 257}, None, ["safety_identifier"]),
        ({"cache": Cache(ttl="24h")}, None, ["cache_control.ttl"]),
    ],
)
def test_hints_out_of_range_are_named(fields: Any, metadata: Any, dropped: list[str]) -> None:
    body, lost = render(ask(**fields))
    assert body.get("metadata") == metadata
    assert lost == dropped


def test_a_text_document_in_base64_is_sent_as_text() -> None:
    part = Document(source=Data(base64="aGk=", media_type="text/markdown; charset=utf-8"))
    body, _ = render(ask(user(part)))
    assert body["messages"][0]["content"][0]["source"] == {
        "type": "text",
        "media_type": "text/plain",
        "data": "hi",
    }


def test_tools_and_choices_are_written() -> None:
    body, _ = render(
        ask(
            tools=(WEATHER, Tool(name="now"), Tool(name="other", schema={"properties": {}})),
            tool_choice=ToolChoice(mode=ToolMode.AUTO, allowed=("weather", "now")),
            parallel_tool_calls=False,
        )
    )
    assert body["tools"] == [
        {
            "name": "weather",
            "description": "Says the weather",
            "input_schema": dict(WEATHER.schema or {}),
        },
        {"name": "now", "input_schema": {"type": "object", "properties": {}}},
    ]
    assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}


def test_no_choice_is_sent_without_tools_and_a_forced_one_is_refused() -> None:
    assert "tool_choice" not in render(ask(tool_choice=ToolChoice(mode=ToolMode.NONE)))[0]
    with pytest.raises(InvalidRequest):
        render(ask(tool_choice=ToolChoice(mode=ToolMode.REQUIRED)))


def test_a_tool_of_another_provider_is_refused() -> None:
    with pytest.raises(Unsupported) as caught:
        render(ask(tools=(NativeTool(dialect="gemini.generate_content", value={}),)))
    assert caught.value.param == "tools"


def test_extras_that_the_api_knows_are_sent_and_others_named() -> None:
    beta = {
        "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
        "container": "c-1",
        "output_config": {"task_budget": {"type": "tokens", "total": 20_000}},
    }
    request = ask(
        model="claude-opus-4-6",
        reasoning=Reasoning(effort="low"),
        extras={**beta, "guided_regex": "x"},
    )
    body, dropped = render(request, beta=True)
    assert body["context_management"] == beta["context_management"]
    assert body["output_config"] == {**beta["output_config"], "effort": "low"}
    assert dropped == ["guided_regex"]


@pytest.mark.parametrize(
    ("tier", "sent"),
    [("auto", "auto"), ("default", "standard_only"), ("priority", "auto"), ("flex", None)],
)
def test_service_tiers_are_translated(tier: str, sent: str | None) -> None:
    body, dropped = render(ask(service_tier=tier))
    assert body.get("service_tier") == sent
    assert dropped == ([] if sent else ["service_tier"])


def test_a_refusal_in_the_history_is_said_as_text() -> None:
    body, _ = render(ask(user("x"), assistant(Refusal(text="no")), user("y")))
    assert body["messages"][1]["content"] == "no"


def test_a_context_management_of_openais_form_is_named() -> None:
    extras = {"context_management": [{"type": "compaction", "compact_threshold": 9000}]}
    body, dropped = render(ask(extras=extras))
    assert "context_management" not in body
    assert dropped == ["context_management"]
