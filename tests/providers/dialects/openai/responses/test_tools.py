"""Tools of Responses requests, and the choice among them."""

from typing import Any

import pytest

from providers.errors import Unsupported
from providers.neutral.chat import NativeTool, Text, Tool, ToolChoice, ToolMode
from tests.providers.dialects.openai.responses.talk import NAME, turn
from tests.providers.dialects.openai.responses.wire import CLOSED, asked, sent


@pytest.mark.parametrize(
    ("said_strict", "schema", "strict"),
    [
        (None, CLOSED, True),
        (None, {**CLOSED, "required": []}, None),
        (None, {"type": "object", "properties": {}}, None),
        (None, {**CLOSED, "properties": {"a": {"type": "object"}}}, None),
        (True, {"type": "object"}, True),
        (False, CLOSED, False),
    ],
)
def test_a_function_is_strict_by_default_as_far_as_its_schema_is(
    said_strict: bool | None, schema: dict[str, Any], strict: bool | None
) -> None:
    tool = {"type": "function", "name": "f", "parameters": schema, "strict": said_strict}
    assert asked(tools=[tool]).tools == (Tool(name="f", schema=schema, strict=strict),)


def test_a_function_of_another_dialect_is_not_made_strict() -> None:
    body, _ = sent(turn(Text(text="hi"), tools=(Tool(name="f"),)))
    assert body["tools"] == [
        {
            "type": "function",
            "name": "f",
            "parameters": {"type": "object", "properties": {}},
            "strict": False,
        }
    ]


CHOICES = [
    ("auto", ToolChoice(mode=ToolMode.AUTO)),
    ("none", ToolChoice(mode=ToolMode.NONE)),
    ("required", ToolChoice(mode=ToolMode.REQUIRED)),
    ({"type": "function", "name": "f"}, ToolChoice(mode=ToolMode.NAMED, name="f")),
    (
        {
            "type": "allowed_tools",
            "mode": "required",
            "tools": [{"type": "function", "name": "f"}],
        },
        ToolChoice(mode=ToolMode.REQUIRED, allowed=("f",)),
    ),
]


@pytest.mark.parametrize(("wire", "choice"), CHOICES)
def test_a_tool_choice_survives(wire: Any, choice: ToolChoice) -> None:
    request = asked(tool_choice=wire, tools=[{"type": "function", "name": "f", "parameters": {}}])
    assert request.tool_choice == choice
    assert sent(request)[0]["tool_choice"] == wire


def test_a_choice_of_a_tool_that_openai_runs_is_kept() -> None:
    tools = [{"type": "code_interpreter", "container": {"type": "auto"}}]
    choice = {"type": "code_interpreter"}
    request = asked(tools=tools, tool_choice=choice)
    assert request.tools == (NativeTool(dialect=NAME, value=tools[0]),)
    body, dropped = sent(request)
    assert (body["tools"], body["tool_choice"], dropped) == (tools, choice, [])


def test_tools_of_other_dialects_are_refused() -> None:
    foreign = NativeTool(dialect="anthropic.messages", value={"type": "bash"})
    with pytest.raises(Unsupported):
        sent(turn(Text(text="hi"), tools=(foreign,)))
