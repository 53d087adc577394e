"""Tools, their calls and their results, as Bedrock takes them."""

from typing import Any

import orjson
import pytest

from providers.errors import Unsupported
from providers.neutral.chat import (
    Cache,
    Image,
    NativeTool,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from tests.providers.dialects.bedrock.requests import (
    HELLO,
    NOVA_2,
    PNG,
    SONNET,
    WEATHER,
    ask,
    assistant,
    contents,
    render,
    results,
    user,
)


def test_tool_results_join_the_users_turn() -> None:
    body, _ = render(
        ask(
            HELLO,
            assistant(
                ToolCall(id="a", name="get_weather", arguments="{}"),
                ToolCall(id="b", name="get_weather", arguments='{"place":{"city":"Rome"}}'),
            ),
            results(
                ToolResult(call_id="a", parts=(Text(text="rain"), Image(source=PNG))),
                ToolResult(call_id="b", is_error=True),
            ),
            user(Text(text="Well?")),
            tools=(WEATHER,),
        )
    )
    assert contents(body)[1:] == [
        [
            {"toolUse": {"toolUseId": "a", "name": "get_weather", "input": {}}},
            {
                "toolUse": {
                    "toolUseId": "b",
                    "name": "get_weather",
                    "input": {"place": {"city": "Rome"}},
                }
            },
        ],
        [
            {
                "toolResult": {
                    "toolUseId": "a",
                    "content": [
                        {"text": "rain"},
                        {"image": {"format": "png", "source": {"bytes": PNG.base64}}},
                    ],
                }
            },
            {"toolResult": {"toolUseId": "b", "content": [], "status": "error"}},
            {"text": "Well?"},
        ],
    ]


def test_a_history_with_tools_brings_its_tool_config() -> None:
    body, dropped = render(
        ask(
            HELLO,
            assistant(ToolCall(id="a", name="look", arguments="{}")),
            results(ToolResult(call_id="a", parts=(Text(text="x"),))),
        )
    )
    spec = {"name": "look", "inputSchema": {"json": {"type": "object", "properties": {}}}}
    assert body["toolConfig"] == {"tools": [{"toolSpec": spec}]}
    assert body["additionalModelRequestFields"] == {"tool_choice": {"type": "none"}}
    assert dropped == []


def test_foreign_call_ids_are_made_fit_and_stay_paired() -> None:
    wild = "call/ü|" + "x" * 80
    body, _ = render(
        ask(
            HELLO,
            assistant(ToolCall(id=wild, name="look", arguments="{}")),
            results(ToolResult(call_id=wild)),
        )
    )
    call, result = contents(body)[1][0]["toolUse"], contents(body)[2][0]["toolResult"]
    assert call["toolUseId"] == result["toolUseId"]


@pytest.mark.parametrize("arguments", ['{"a":', "[1]", '"text"'])
def test_arguments_that_are_no_object_are_kept_and_named(arguments: str) -> None:
    body, dropped = render(ask(HELLO, assistant(ToolCall(id="a", name="f", arguments=arguments))))
    kept = contents(body)[1][0]["toolUse"]["input"]["arguments"]
    assert kept in (arguments, *([] if arguments == '{"a":' else [orjson.loads(arguments)]))
    assert dropped == ["messages.tool_calls.arguments"]


def test_tools_and_choices() -> None:
    body, _ = render(ask(tools=(WEATHER,), tool_choice=ToolChoice(mode=ToolMode.REQUIRED)))
    assert body["toolConfig"] == {
        "tools": [
            {
                "toolSpec": {
                    "name": "get_weather",
                    "description": "Looks out of the window",
                    "inputSchema": {"json": WEATHER.schema},
                }
            }
        ],
        "toolChoice": {"any": {}},
    }


def test_allowed_tools_are_the_only_ones_offered() -> None:
    tools = (WEATHER, Tool(name="other"))
    choice = ToolChoice(mode=ToolMode.AUTO, allowed=("other",))
    body, _ = render(ask(tools=tools, tool_choice=choice))
    assert [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"]] == ["other"]


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (None, {"type": "auto"}),
        (ToolChoice(mode=ToolMode.REQUIRED), {"type": "any"}),
        (
            ToolChoice(mode=ToolMode.NAMED, name="get_weather"),
            {"type": "tool", "name": "get_weather"},
        ),
    ],
)
def test_claude_is_told_to_call_one_tool_at_a_time(
    choice: ToolChoice | None, words: dict[str, Any]
) -> None:
    body, _ = render(ask(tools=(WEATHER,), tool_choice=choice, parallel_tool_calls=False))
    assert "toolChoice" not in body["toolConfig"]
    assert body["additionalModelRequestFields"] == {
        "tool_choice": {**words, "disable_parallel_tool_use": True}
    }


NONE = ToolChoice(mode=ToolMode.NONE)
LOOKED = (
    HELLO,
    assistant(ToolCall(id="a", name="look", arguments="{}")),
    results(ToolResult(call_id="a", name="look", parts=(Text(text="x"),))),
)


def test_a_tool_that_must_not_be_called_is_not_offered() -> None:
    body, dropped = render(ask(model=NOVA_2, tools=(WEATHER,), tool_choice=NONE))
    assert body.keys() == {"messages"}
    assert dropped == []


def test_claude_is_told_to_call_no_more_tools() -> None:
    body, _ = render(ask(*LOOKED, tools=(WEATHER,), tool_choice=NONE))
    assert body["toolConfig"]["tools"][0]["toolSpec"]["name"] == "get_weather"
    assert body["additionalModelRequestFields"] == {"tool_choice": {"type": "none"}}


def test_other_models_cannot_be_told_to_call_no_more_tools() -> None:
    with pytest.raises(Unsupported) as caught:
        render(ask(*LOOKED, model=NOVA_2, tools=(WEATHER,), tool_choice=NONE))
    assert caught.value.param == "tool_choice.none"


def test_a_tool_of_another_provider_is_refused() -> None:
    tool = NativeTool(dialect="anthropic.messages", value={"type": "web_search_20250305"})
    with pytest.raises(Unsupported, match=r"anthropic\.messages"):
        render(ask(tools=(tool,)))


def test_a_failed_tool_is_named_where_the_model_cannot_be_told() -> None:
    turn = results(ToolResult(call_id="a", parts=(Text(text="x"),), is_error=True))
    body, dropped = render(ask(HELLO, turn, model="mistral.mistral-large-2402-v1:0"))
    assert "status" not in contents(body)[0][0]["toolResult"]
    assert dropped == ["tool_result.is_error"]


@pytest.mark.parametrize(
    ("tools", "choice", "param"),
    [
        ((), ToolChoice(mode=ToolMode.REQUIRED), "tool_choice"),
        ((WEATHER,), ToolChoice(mode=ToolMode.AUTO, allowed=("x",)), "tool_choice.allowed"),
        ((Tool(name="a.b"),), None, "tools.name"),
    ],
)
def test_impossible_tools_are_refused_by_name(
    tools: tuple[Tool, ...], choice: ToolChoice | None, param: str
) -> None:
    with pytest.raises(Unsupported) as caught:
        render(ask(tools=tools, tool_choice=choice))
    assert caught.value.param == param


def test_system_tools_stand_beside_the_others() -> None:
    tool = NativeTool(dialect="bedrock.converse", value={"systemTool": {"name": "nova_grounding"}})
    body, _ = render(ask(tools=(tool,)))
    assert body["toolConfig"] == {"tools": [{"systemTool": {"name": "nova_grounding"}}]}


def test_results_stand_before_what_the_user_says() -> None:
    called = assistant(ToolCall(id="a", name="look", arguments="{}"))
    result = ToolResult(call_id="a", parts=(Text(text="x"),), cache=Cache())
    body, _ = render(ask(HELLO, called, user(Text(text="And?")), results(result)))
    kinds = [next(iter(block)) for block in contents(body)[2]]
    assert kinds == ["toolResult", "cachePoint", "text"]


def test_a_schema_without_a_type_is_one_of_an_object() -> None:
    body, _ = render(ask(tools=(Tool(name="f", schema={"properties": {"a": {}}}),)))
    schema = {"type": "object", "properties": {"a": {}}}
    assert body["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"] == {"json": schema}


NOVA = "amazon.nova-pro-v1:0"


def test_nova_takes_no_cache_points_behind_tools_and_results_and_none_for_an_hour() -> None:
    marked = Cache(ttl="1h")
    conversation = (
        user(Text(text="Weather?", cache=marked)),
        assistant(ToolCall(id="a", name="get_weather", arguments="{}")),
        results(ToolResult(call_id="a", parts=(Text(text="rain"),), cache=marked)),
    )
    tool = Tool(name="get_weather", cache=Cache())
    body, dropped = render(ask(*conversation, tools=(tool,), cache=Cache(), model=NOVA))
    assert [list(block) for block in body["toolConfig"]["tools"]] == [["toolSpec"]]
    assert contents(body)[0] == [{"text": "Weather?"}, {"cachePoint": {"type": "default"}}]
    assert [list(block) for block in contents(body)[-1]] == [["toolResult"]]
    assert set(dropped) == {"cache_control", "cache_control.ttl"}


BASH = {"type": "bash_20250124", "name": "bash"}
COMPUTER = {"type": "computer_20250124", "name": "computer", "display_width_px": 9}


def test_claudes_own_tools_stand_where_converse_has_a_place_for_them() -> None:
    own = [NativeTool(dialect="anthropic.messages", value=tool) for tool in (BASH, COMPUTER)]
    body, dropped = render(ask(tools=(WEATHER, *own)))
    assert [list(block) for block in body["toolConfig"]["tools"]] == [["toolSpec"]]
    assert body["additionalModelRequestFields"] == {
        "tools": [BASH, COMPUTER],
        "anthropic_beta": ["computer-use-2025-01-24"],
    }
    assert dropped == []
    choice = ToolChoice(mode=ToolMode.NAMED, name="bash")
    body, _ = render(ask(tools=(own[0],), tool_choice=choice, parallel_tool_calls=False))
    assert "toolConfig" not in body
    assert body["additionalModelRequestFields"] == {
        "tools": [BASH],
        "tool_choice": {"type": "tool", "name": "bash", "disable_parallel_tool_use": True},
    }


@pytest.mark.parametrize(
    ("kind", "model"), [("bash_20250124", NOVA), ("web_search_20250305", SONNET)]
)
def test_tools_that_bedrock_cannot_offer_are_refused(kind: str, model: str) -> None:
    tool = NativeTool(dialect="anthropic.messages", value={"type": kind, "name": "x"})
    with pytest.raises(Unsupported) as caught:
        render(ask(tools=(tool,), model=model))
    assert caught.value.param == "tools.native"
