"""Names of tools that a provider refuses go there and come back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.bridging.tool_names import Rule, fit, restored, restored_deltas
from providers.neutral.chat import (
    ChatRequest,
    ChatResponse,
    Choice,
    Message,
    NativeTool,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from providers.neutral.deltas import TextDelta, ToolCallBegin, WholePart

PLAIN = Rule(allowed="a-zA-Z0-9_-", longest=64)
GEMINI = Rule(allowed="a-zA-Z0-9_.:-", longest=128, first="a-zA-Z_")
LONG = "mcp__a-server-with-a-long-name__" + "tool" * 20


def request(*names: str, **more) -> ChatRequest:
    return ChatRequest(model="m", tools=tuple(Tool(name=name) for name in names), **more)


@pytest.mark.parametrize(
    ("rule", "name"),
    [(PLAIN, "get_weather-2"), (PLAIN, "2nd"), (GEMINI, "ns.tool:1"), (GEMINI, "_x")],
)
def test_a_name_that_is_taken_stays(rule, name):
    asked = request(name)
    assert fit(asked, rule) == (asked, {})
    assert fit(asked, None) == (asked, {})


@given(st.text(min_size=1, max_size=200), st.sampled_from([PLAIN, GEMINI]))
def test_whatever_a_tool_is_called_its_new_name_is_taken_and_comes_back(name, rule):
    made, renamed = fit(request(name), rule)
    (tool,) = made.tools
    assert rule.takes(tool.name)
    assert re.fullmatch("[a-zA-Z0-9_.:-]+", tool.name)
    assert len(tool.name) <= rule.longest
    assert renamed.get(tool.name, tool.name) == name
    assert fit(request(name), rule) == (made, renamed)


def test_names_that_would_become_the_same_are_told_apart():
    made, renamed = fit(request("a.b", "a/b", "a b", "a_b"), PLAIN)
    names = [tool.name for tool in made.tools]
    assert len(set(names)) == 4
    assert names[3] == "a_b"
    assert sorted(renamed.values()) == ["a b", "a.b", "a/b"]


def test_a_tool_has_its_new_name_wherever_it_is_spoken_of():
    call = ToolCall(id="1", name=LONG, arguments="{}")
    result = ToolResult(call_id="1", name=LONG)
    native = NativeTool(dialect="x", value={"name": LONG})
    asked = request(
        LONG,
        "short",
        messages=(
            Message(role=Role.ASSISTANT, parts=(Text(text=LONG), call)),
            Message(role=Role.TOOL, parts=(result,)),
        ),
        tool_choice=ToolChoice(mode=ToolMode.AUTO, name=LONG, allowed=("short", LONG)),
    )
    made, renamed = fit(asked, PLAIN)
    ((new, old),) = renamed.items()
    assert old == LONG
    assert [tool.name for tool in made.tools] == [new, "short"]
    assert made.messages[0].parts[0] == Text(text=LONG)
    assert made.messages[0].parts[1].name == made.messages[1].parts[0].name == new
    assert made.tool_choice == ToolChoice(mode=ToolMode.AUTO, name=new, allowed=("short", new))
    assert fit(ChatRequest(model="m", tools=(native,)), PLAIN)[1] == {}


def test_an_answer_has_the_clients_names_again():
    call = ToolCall(id="1", name="new", arguments="{}")
    other = ToolCall(id="2", name="other", arguments="{}")
    answer = ChatResponse(id="a", model="m", choices=(Choice(parts=(call, other)),))
    (choice,) = restored(answer, {"new": "old"}).choices
    assert [part.name for part in choice.parts] == ["old", "other"]
    begin = ToolCallBegin(id="1", name="new", part=0)
    text = TextDelta(text="new", part=1)
    whole = WholePart(value=call, part=2)
    told = restored_deltas([begin, text, whole], {"new": "old"})
    assert (told[0].name, told[1], told[2].value.name) == ("old", text, "old")
