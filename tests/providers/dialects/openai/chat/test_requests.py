"""OpenAI chat requests: what they say survives."""

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from openai.types.chat import completion_create_params
from pydantic import TypeAdapter

from providers.bridging.features import used
from providers.bridging.fidelity import Feature, settle
from providers.dialects.openai.chat import DIALECT
from providers.dialects.openai.chat.request import EXTRAS, READ
from providers.errors import Unsupported
from providers.neutral.chat import (
    Cache,
    ChatRequest,
    Image,
    JsonOutput,
    Message,
    Native,
    NativeTool,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from providers.neutral.media import Data, Url
from tests.providers.dialects.openai.chat.talk import ask, parse, render, replaced, said
from tests.strategies import chat_requests

OFFICIAL: TypeAdapter[Any] = TypeAdapter(completion_create_params.CompletionCreateParams)

# What the format says in other words than the neutral conversation.
REWORDED = {
    Feature.REASONING_BUDGET,
    Feature.DOCUMENT_TEXT,
    Feature.DOCUMENT_NAME,
    Feature.TOOL_RESULT_MEDIA,
    Feature.JSON_MODE,
}
EXACT = DIALECT.carries - REWORDED | {Feature.DOCUMENT_NAME}


@given(chat_requests(EXACT))
@settings(max_examples=60, deadline=None)
def test_what_is_rendered_is_parsed_back(request: ChatRequest) -> None:
    body, dropped = render(request)
    parsed = parse(body)
    assert parsed == request
    assert dropped == []


@given(chat_requests(DIALECT.carries))
@settings(max_examples=60, deadline=None)
def test_the_official_types_accept_what_is_rendered(request: ChatRequest) -> None:
    assert settle(used(request), DIALECT.carries, DIALECT.names, DIALECT.name) == []
    body, _ = render(request)
    official = copy.deepcopy(body)
    for message in official["messages"]:
        if isinstance(message.get("content"), list):
            # Cache markers and films are OpenRouter's; a tool's picture is wider than the types.
            message["content"] = [
                part
                for part in message["content"]
                if part["type"] != "video_url" and message["role"] != "tool"
            ]
    OFFICIAL.validate_python(official)


@given(chat_requests(DIALECT.carries))
@settings(max_examples=30, deadline=None)
def test_nothing_null_or_empty_is_sent(request: ChatRequest) -> None:
    body, _ = render(request)
    assert None not in body.values()
    assert [] not in body.values()
    assert {} not in body.values()


PICTURE = Data(base64="AAAA", media_type="image/png")


def test_every_member_of_the_official_api_has_its_place() -> None:
    base = completion_create_params.CompletionCreateParamsBase.__annotations__
    streaming = completion_create_params.CompletionCreateParamsStreaming.__annotations__
    assert {*base, *streaming} <= READ | EXTRAS


def test_image_uris_become_data_or_urls() -> None:
    def image(url: str) -> Any:
        part = {"type": "image_url", "image_url": {"url": url, "detail": "high"}}
        parsed = ask({"role": "user", "content": [part]}).messages[0].parts[0]
        assert isinstance(parsed, Image)
        assert parsed.detail == "high"
        return parsed.source

    assert image("https://a.test/b.png") == Url(url="https://a.test/b.png")
    assert image("data:image/png;base64,AAAA") == PICTURE
    assert image("data:IMAGE/PNG;charset=x;base64,-_8") == Data(
        base64="+/8=", media_type="image/png"
    )


def test_cache_markers_are_read_in_both_spellings() -> None:
    parts = [
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "text", "text": "b", "prompt_cache_breakpoint": {"mode": "explicit"}},
    ]
    tool = {"type": "function", "function": {"name": "f"}, "cache_control": {"type": "ephemeral"}}
    request = ask({"role": "user", "content": parts}, tools=[tool])
    assert request.messages[0].parts == (
        Text(text="a", cache=Cache(ttl="1h")),
        Text(text="b", cache=Cache()),
    )
    assert request.tools == (Tool(name="f", cache=Cache()),)


def test_a_run_of_tool_results_is_one_message_that_knows_the_names() -> None:
    call = {"type": "function", "function": {"name": "f", "arguments": ""}}
    request = ask(
        {"role": "assistant", "content": None, "tool_calls": [{"id": "a", **call}]},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "2"}]},
    )
    assert request.messages == (
        Message(role=Role.ASSISTANT, parts=(ToolCall(id="a", name="f", arguments="{}"),)),
        Message(
            role=Role.TOOL,
            parts=(
                ToolResult(call_id="a", name="f", parts=(Text(text="1"),)),
                ToolResult(call_id="b", parts=(Text(text="2"),)),
            ),
        ),
    )


def test_the_legacy_function_form_is_understood() -> None:
    request = ask(
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "1"},
        functions=[{"name": "f", "parameters": {"type": "object"}}],
        function_call={"name": "f"},
    )
    call = request.messages[1].parts[0]
    assert isinstance(call, ToolCall)
    assert request.messages[2].parts == (
        ToolResult(call_id=call.id, name="f", parts=(Text(text="1"),)),
    )
    assert request.tools == (Tool(name="f", schema={"type": "object"}),)
    assert request.tool_choice == ToolChoice(mode=ToolMode.NAMED, name="f")


def test_the_newer_limit_wins_over_the_older() -> None:
    assert ask(max_tokens=5).max_tokens == 5
    assert ask(max_tokens=5, max_completion_tokens=7).max_tokens == 7


def test_usage_in_streams_is_shown_only_on_demand() -> None:
    assert DIALECT.wants_usage({"stream": True, "stream_options": {"include_usage": True}})
    assert not DIALECT.wants_usage({"stream": True, "stream_options": None})
    assert not DIALECT.wants_usage({"stream": True})


def test_what_nobody_knows_stays_an_extra() -> None:
    google = {"google": {"cached_content": "c", "thinking_config": {}}}
    request = ask(guided_json={"a": 1}, extra_body=google)
    assert request.extras == {
        "guided_json": {"a": 1},
        "extra_body": {"google": {"cached_content": "c"}},
    }


def test_extras_that_openai_knows_are_sent_and_the_others_named() -> None:
    body, dropped = render(replaced(extras={"moderation": {}, "guided_json": {}}))
    assert body["moderation"] == {}
    assert dropped == ["guided_json"]


def test_other_stream_options_survive() -> None:
    request = ask(stream=True, stream_options={"include_obfuscation": False})
    assert render(request)[0]["stream_options"] == {"include_obfuscation": False}


def test_custom_tools_and_their_calls_survive() -> None:
    tool = {"type": "custom", "custom": {"name": "shell"}}
    call = {"id": "a", "type": "custom", "custom": {"name": "shell", "input": "ls"}}
    request = ask({"role": "assistant", "content": None, "tool_calls": [call]}, tools=[tool])
    body, _ = render(request)
    assert body["tools"] == [tool]
    assert body["messages"][0]["tool_calls"] == [call]


def test_what_another_dialect_alone_knows_is_refused() -> None:
    with pytest.raises(Unsupported):
        render(replaced(tools=(NativeTool(dialect="other.chat", value={}),)))
    with pytest.raises(Unsupported):
        render(said(Native(dialect="other.chat", value={}), role=Role.ASSISTANT))


def test_pictures_of_a_tool_are_shown_after_all_results() -> None:
    results = (
        ToolResult(call_id="a", parts=(Text(text="1"), Image(source=PICTURE))),
        ToolResult(call_id="b", parts=(Text(text="2"),)),
    )
    body, _ = render(said(*results, role=Role.TOOL))
    assert [message["role"] for message in body["messages"]] == ["tool", "tool", "user"]
    assert body["messages"][2]["content"][1]["type"] == "image_url"


def test_a_value_out_of_range_becomes_the_nearest_and_is_named() -> None:
    body, dropped = render(replaced(temperature=3.5, presence_penalty=-9.0, top_p=1.0))
    assert (body["temperature"], body["presence_penalty"], body["top_p"]) == (2, -2, 1.0)
    assert dropped == ["temperature", "presence_penalty"]


def test_top_logprobs_bring_logprobs_along() -> None:
    assert render(replaced(top_logprobs=3))[0]["logprobs"] is True
    assert "top_logprobs" not in render(replaced(logprobs=False, top_logprobs=3))[0]
    assert "top_logprobs" not in render(replaced(top_logprobs=0))[0]


def test_json_mode_speaks_of_json() -> None:
    body, _ = render(replaced(output=JsonOutput()))
    assert "JSON" in body["messages"][0]["content"]
    request = msgspec.structs.replace(said(Text(text="As json, please")), output=JsonOutput())
    assert len(render(request)[0]["messages"]) == 1


def test_what_goes_with_tools_is_not_sent_without_them() -> None:
    request = ChatRequest(
        model="m", tool_choice=ToolChoice(mode=ToolMode.NONE), parallel_tool_calls=False
    )
    assert render(request)[0] == {"model": "m", "messages": []}


def test_a_stream_asks_for_its_usage_where_the_provider_can_say_it() -> None:
    body, _ = render(replaced(stream=True))
    assert DIALECT.edits(body, "m", True) == {"stream_options": {"include_usage": True}}
    assert DIALECT.edits(body, "m", False) == {}
    assert "stream_options" not in body
