"""Function tools in the form that several dialects share."""

from typing import Any

import pytest

from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import NativeTool, Tool
from providers.neutral.functions import only_functions, parse_functions, render_function

TOOLS = [
    Tool(name="f", description="d", schema={"type": "object"}),
    Tool(name="g", schema={"type": "object"}),
]


def test_what_is_written_is_read_again() -> None:
    assert parse_functions({"tools": list(map(render_function, TOOLS))}) == TOOLS


def test_a_function_without_arguments_says_so() -> None:
    function = {"name": "f", "parameters": {"type": "object", "properties": {}}}
    assert render_function(Tool(name="f")) == {"type": "function", "function": function}


def test_all_are_as_strict_as_the_request_says() -> None:
    body = {"tools": [{"function": {"name": "f"}}]}
    assert [tool.strict for tool in parse_functions(body, strict=True)] == [True]
    assert [tool.strict for tool in parse_functions(body)] == [None]


@pytest.mark.parametrize("tools", [None, []])
def test_no_tools_are_none(tools: Any) -> None:
    assert parse_functions({"tools": tools}) == []


@pytest.mark.parametrize(
    ("tool", "param"),
    [
        (5, "tools[0]"),
        ({}, "tools[0].function"),
        ({"function": {}}, "tools[0].function.name"),
        ({"function": {"name": "f", "description": 5}}, "tools[0].function.description"),
        ({"function": {"name": "f", "parameters": 5}}, "tools[0].function.parameters"),
    ],
)
def test_what_is_wrong_is_named(tool: Any, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_functions({"tools": [tool]})
    assert caught.value.param == param


def test_a_tool_that_another_provider_runs_is_refused() -> None:
    native = NativeTool(dialect="gemini.generate_content", value={})
    assert only_functions(TOOLS, "acme.chat") == TOOLS
    with pytest.raises(Unsupported, match=r"gemini.generate_content cannot be used in acme.chat"):
        only_functions([*TOOLS, native], "acme.chat")
