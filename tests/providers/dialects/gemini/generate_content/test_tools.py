"""Tools, the choice among them, and schemas for Google."""

import pytest

from providers.dialects.gemini.generate_content import DIALECT
from providers.errors import Unsupported
from providers.neutral.chat import JsonOutput, NativeTool, Tool, ToolChoice, ToolMode
from tests.providers.dialects.gemini.wire import (
    WEATHER,
    ask,
    parse,
    render,
)


def test_older_models_get_the_subset_of_openapi():
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/x"}},
        "additionalProperties": False,
        "$defs": {"x": {"type": ["string", "null"]}},
    }
    request = ask(
        model="gemini-1.5-pro",
        tools=(Tool(name="f", schema=schema, strict=True), Tool(name="g", schema={})),
        output=JsonOutput(schema=schema),
    )
    body, dropped = render(request)
    small = {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": True}}}
    assert body["tools"] == [
        {"functionDeclarations": [{"name": "f", "parameters": small}, {"name": "g"}]}
    ]
    assert body["generationConfig"]["responseSchema"] == small
    assert dropped == [
        "tools.f.additionalProperties",
        "tools.strict",
        "response_format.json_schema.additionalProperties",
    ]
    newest, dropped = render(ask(tools=request.tools, output=request.output))
    assert newest["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"] == schema
    assert newest["generationConfig"]["responseJsonSchema"] == schema
    assert dropped == []


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        (ToolChoice(mode=ToolMode.AUTO), {"mode": "AUTO"}),
        (
            ToolChoice(mode=ToolMode.REQUIRED, allowed=("a", "b")),
            {"mode": "ANY", "allowedFunctionNames": ["a", "b"]},
        ),
        (
            ToolChoice(mode=ToolMode.AUTO, allowed=("a",)),
            {"mode": "VALIDATED", "allowedFunctionNames": ["a"]},
        ),
    ],
)
def test_choices_among_tools_go_there_and_back(choice, sent):
    tools = (Tool(name="a"), Tool(name="b"))
    body, _ = render(ask(tools=tools, tool_choice=choice))
    assert body["toolConfig"] == {"functionCallingConfig": sent}
    asked = parse(body)
    assert (asked.tool_choice, asked.tools) == (choice, tools)


def test_tools_without_functions_make_no_choice():
    search = NativeTool(dialect=DIALECT.name, value={"googleSearch": {}})
    body, _ = render(ask(tools=(search,), tool_choice=ToolChoice(mode=ToolMode.AUTO)))
    assert "toolConfig" not in body
    with pytest.raises(Unsupported):
        render(ask(tools=(WEATHER, NativeTool(dialect="openai.chat", value={}))))


@pytest.mark.parametrize(
    ("tool", "sent", "lost"),
    [
        ({"type": "google_search"}, {"googleSearch": {}}, []),
        (
            {"type": "google_search", "google_search": {"excludeDomains": ["a.test"]}},
            {"googleSearch": {"excludeDomains": ["a.test"]}},
            [],
        ),
        (
            {"type": "enterprise_search", "excludeDomains": ["a.test"]},
            {"enterpriseWebSearch": {"excludeDomains": ["a.test"]}},
            [],
        ),
    ],
)
def test_tools_of_others_that_google_has_too_run_there(tool, sent, lost):
    request = ask(tools=(WEATHER, NativeTool(dialect="openai.chat", value=tool)))
    body, dropped = render(request)
    assert body["tools"][1:] == [sent]
    assert dropped == lost


def test_tools_that_google_cannot_run_so_are_refused():
    tool = {"type": "bash_20250124", "name": "bash"}
    with pytest.raises(Unsupported) as caught:
        render(ask(tools=(NativeTool(dialect="anthropic.messages", value=tool),)))
    assert caught.value.param == "tools"


def test_what_is_said_beside_a_choice_stays_beside_it():
    calling = {"streamFunctionCallArguments": True}
    choice = ToolChoice(mode=ToolMode.REQUIRED)
    extras = {"toolConfig": {"functionCallingConfig": calling}}
    body, dropped = render(ask(tools=(WEATHER,), tool_choice=choice, extras=extras))
    assert body["toolConfig"]["functionCallingConfig"] == calling | {"mode": "ANY"}
    asked = parse(body)
    assert (asked.tool_choice, asked.extras, dropped) == (choice, extras, [])
