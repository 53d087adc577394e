"""What popular clients always ask for reaches every provider, by the nearest means, and by name."""

from typing import Any

import orjson
import pytest

from providers.catalog import DIALECTS
from tests.e2e.clients.backends import CHAT
from tests.providers.matrix.world import World

TARGETS = [target for target in CHAT if target != "openai.chat"]
PERSON = {
    "type": "object",
    "properties": {
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "name": {"type": "string", "minLength": 1},
        "mail": {"anyOf": [{"type": "string", "format": "email"}, {"type": "null"}]},
    },
    "required": ["age"],
}
BY_SCHEMA = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}}
TOOL = {"type": "function", "function": {"name": "look", "parameters": PERSON}}
SAID = {"role": "user", "content": "Who?"}


def told(target: str, stream: bool, **members: Any) -> tuple[Any, set[str], World]:
    """(the answer's choice, what is named as dropped, the world)."""
    body = {"model": "shown", "messages": [SAID], "max_tokens": 2000, "stream": stream, **members}
    world = World(target)
    path, headers = "/v1/chat/completions", [("content-type", "application/json")]
    answer = world.ask(path, headers, orjson.dumps(body))
    assert answer.status == 200, answer.body
    dropped = dict(answer.headers).get("x-ai-dropped-params", "")
    return choice_of(answer.body, stream), {each for each in dropped.split(", ") if each}, world


def choice_of(body: bytes, stream: bool) -> dict[str, Any]:
    """(text, names of calls, finish) of an answer."""
    if stream:
        parser = DIALECTS["openai.chat"].parser()
        deltas = parser.feed(body) + parser.flush()
        text = "".join(getattr(d, "text", "") for d in deltas if type(d).__name__ == "TextDelta")
        calls = [d.name for d in deltas if type(d).__name__ == "ToolCallBegin"]
        finish = next(d.finish for d in deltas if type(d).__name__ == "End")
        return {"text": text, "calls": calls, "finish": finish}
    [choice] = orjson.loads(body)["choices"]
    calls = [each["function"]["name"] for each in choice["message"].get("tool_calls") or ()]
    text = choice["message"]["content"] or ""
    return {"text": text, "calls": calls, "finish": choice["finish_reason"]}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("target", TARGETS)
def test_an_answer_by_a_schema_with_bounds_and_optional_members(target: str, stream: bool) -> None:
    choice, _, _ = told(target, stream, response_format=BY_SCHEMA)
    value = orjson.loads(choice["text"])
    assert type(value["age"]) is int
    assert value.get("name", "x") is not None
    assert choice["finish"] == "stop"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("target", TARGETS)
def test_an_answer_in_any_json(target: str, stream: bool) -> None:
    order = '```sim: {"text": "Sure:\\n```json\\n{\\"a\\": 1}\\n```"}```'
    _, dropped, _ = told(target, stream, response_format={"type": "json_object"})
    approximated = target in ("anthropic.messages", "bedrock.converse")
    assert ("response_format" in dropped) is approximated
    assert order


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("target", TARGETS)
def test_one_tool_at_a_time(target: str, stream: bool) -> None:
    tools = [TOOL, {"type": "function", "function": {"name": "see"}}]
    _, dropped, world = told(target, stream, tools=tools, parallel_tool_calls=False)
    known = target in ("anthropic.messages", "bedrock.converse", "openai.responses")
    assert ("parallel_tool_calls" in dropped) is not known
    assert world.sent


FORCED = [
    ("required", ["look", "see"], "one of your tools"),
    ({"type": "function", "function": {"name": "see"}}, ["see"], "this tool"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("choice", "offered", "words"), FORCED)
def test_a_call_that_ollama_cannot_be_told_to_make(
    choice: Any, offered: list[str], words: str, stream: bool
) -> None:
    tools = [TOOL, {"type": "function", "function": {"name": "see"}}]
    _, dropped, world = told("ollama.chat", stream, tools=tools, tool_choice=choice)
    assert "tool_choice" in dropped
    sent = world.sent[-1].json
    assert [tool["function"]["name"] for tool in sent["tools"]] == offered
    assert words in sent["messages"][0]["content"]
    assert sent["messages"][0]["role"] == "system"


def test_a_call_of_a_tool_that_is_not_there_is_refused() -> None:
    named = {"type": "function", "function": {"name": "other"}}
    body = {"model": "shown", "messages": [SAID], "tools": [TOOL], "tool_choice": named}
    answer = World("ollama.chat").ask(
        "/v1/chat/completions", [("content-type", "application/json")], orjson.dumps(body)
    )
    assert answer.status == 400
    assert b"tool_choice" in answer.body


@pytest.mark.parametrize("stream", [False, True])
def test_stop_sequences_at_responses(stream: bool) -> None:
    choice, dropped, _ = told("openai.responses", stream, stop=["hea"])
    assert choice["text"].endswith("gpt-5.1 ")
    assert choice["finish"] in ("stop", "stop_sequence")
    assert dropped == {"stop"}


def test_members_that_nobody_knows_are_named() -> None:
    message = {**SAID, "prefix": True}
    tool = {**TOOL, "odd": 1, "function": {**TOOL["function"], "more": 2}}
    form = {**BY_SCHEMA, "json_schema": {**BY_SCHEMA["json_schema"], "rest": 3}}
    for target in ("anthropic.messages", "gemini.generate_content"):
        _, dropped, _ = told(target, False, messages=[message], tools=[tool], response_format=form)
        assert dropped >= {
            "messages.prefix",
            "tools.odd",
            "tools.function.more",
            "response_format.json_schema.rest",
        }


def test_an_array_is_an_answer_too() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "l", "schema": {"type": "array"}}}
    form["json_schema"]["schema"]["items"] = {"type": "string"}
    for target in ("anthropic.messages", "bedrock.converse", "openai.responses", "cohere.chat"):
        for stream in (False, True):
            choice, _, _ = told(target, stream, response_format=form)
            assert isinstance(orjson.loads(choice["text"]), list)
