"""Version 1 of Cohere's chat: what it asks, read as version 2, and its answers."""

from typing import Any

import orjson
import pytest

from providers.bridging.dialect import Context
from providers.dialects.cohere.chat_v1 import DIALECT
from providers.errors import ApiError, Cause, InvalidRequest, Unsupported
from providers.neutral.chat import (
    ChatRequest,
    ChatResponse,
    Choice,
    Citation,
    Document,
    Finish,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)
from providers.neutral.deltas import (
    ArgumentsDelta,
    Begin,
    CitationDelta,
    End,
    Failed,
    TextDelta,
    ToolCallBegin,
    WholePart,
)

CONTEXT = Context(model="shown", id="id-1", now=1)
CALL = {"name": "f", "parameters": {"a": 1}}


def parse(**members: Any) -> ChatRequest:
    return DIALECT.parse_request({"model": "m", "message": "hi", **members}, "", False)


def roles(request: ChatRequest) -> list[Role]:
    return [message.role for message in request.messages]


def test_types_are_pythons() -> None:
    kinds = {"a": "str", "b": "List[int]", "c": "Dict[str, int]", "d": "float", "e": "Odd"}
    given = {name: {"type": kind, "description": name} for name, kind in kinds.items()}
    given["a"]["required"] = True
    tools = [{"name": "f", "description": "F.", "parameter_definitions": given}]
    [tool] = parse(tools=tools).tools
    assert isinstance(tool, Tool)
    assert tool.schema == {
        "type": "object",
        "properties": {
            "a": {"type": "string", "description": "a"},
            "b": {"type": "array", "items": {"type": "integer"}, "description": "b"},
            "c": {"type": "object", "description": "c"},
            "d": {"type": "number", "description": "d"},
            "e": {"description": "e"},
        },
        "required": ["a"],
    }


def test_results_find_the_call_that_they_repeat() -> None:
    other = {"name": "g", "parameters": {}}
    history = [
        {"role": "USER", "message": "hi"},
        {"role": "CHATBOT", "message": "I look.", "tool_calls": [CALL, other]},
    ]
    results = [{"call": each, "outputs": [{"x": each["name"]}]} for each in (other, CALL)]
    request = parse(message="", chat_history=history, tool_results=results)
    assert roles(request) == [Role.USER, Role.ASSISTANT, Role.TOOL]
    made = [part.id for part in request.messages[1].parts if isinstance(part, ToolCall)]
    told = [part for part in request.messages[2].parts if isinstance(part, ToolResult)]
    assert [part.call_id for part in told] == made[::-1]
    assert told[0].parts == (Text(text='{"x":"g"}'),)
    turn = {"role": "TOOL", "tool_results": results}
    assert parse(message="", chat_history=[*history, turn]).messages == request.messages


def test_results_of_calls_that_nobody_told_bring_them() -> None:
    request = parse(tool_results=[{"call": CALL, "outputs": [{"x": 1}, {"x": 2}]}])
    assert roles(request) == [Role.USER, Role.ASSISTANT, Role.TOOL]
    [call] = request.messages[1].parts
    assert isinstance(call, ToolCall)
    assert (call.name, call.arguments) == ("f", '{"a":1}')


def test_documents_have_ids_and_may_go_uncited() -> None:
    papers = [{"id": "p", "title": "T", "text": "words"}, {"snippet": "more"}]
    request = parse(documents=papers, citation_quality="off")
    found = [part for part in request.messages[0].parts if isinstance(part, Document)]
    assert [(each.name, each.cite) for each in found] == [("p", False), ("doc_1", False)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("connectors", [{"id": "web-search"}]),
        ("conversation_id", "c"),
        ("search_queries_only", True),
        ("raw_prompting", True),
    ],
)
def test_what_only_version_1_does_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(Unsupported) as refused:
        parse(**{name: value})
    assert refused.value.param == name


@pytest.mark.parametrize(
    "members",
    [
        {"message": ""},
        {"message": 5},
        {"chat_history": [{"role": "WIZARD", "message": "x"}]},
        {"chat_history": [{"role": "CHATBOT", "tool_calls": [{"parameters": {}}]}]},
        {"tool_results": [{"outputs": []}]},
        {"tools": [{"name": "f", "parameter_definitions": {"a": 5}}]},
        {"documents": ["text"]},
    ],
)
def test_what_is_wrong_is_named(members: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse(**members)
    assert next(iter(members)) in (refused.value.param or "")


CITED = Citation(title="p", start=0, end=2)


def test_an_answer_says_the_conversation_again() -> None:
    echo = DIALECT.echo({"message": "hi", "chat_history": [{"role": "USER", "message": "a"}]})
    parts = (
        Thinking(text="hm"),
        Text(text="So"),
        Text(text="It is", citations=(CITED,)),
        ToolCall(id="c", name="f", arguments="[1"),
    )
    response = ChatResponse(id="", model="m", choices=(Choice(parts=parts, finish=Finish.LENGTH),))
    context = Context(model="shown", id="id-1", now=1, echo=echo)
    body = DIALECT.render_response(response, context)
    assert (body["text"], body["finish_reason"]) == ("SoIt is", "MAX_TOKENS")
    assert body["citations"] == [{"start": 2, "end": 4, "text": "It", "document_ids": ["p"]}]
    assert body["tool_calls"] == [{"name": "f", "parameters": {"arguments": "[1"}}]
    assert [turn["message"] for turn in body["chat_history"]] == ["a", "hi", "SoIt is"]


def lines(*deltas: Any) -> list[dict[str, Any]]:
    renderer = DIALECT.renderer(CONTEXT)
    wire = renderer.feed(list(deltas)) + renderer.flush()
    return [orjson.loads(line) for line in wire.splitlines()]


def test_a_stream_ends_with_the_whole_answer() -> None:
    whole = ToolCall(id="d", name="g", arguments='{"b":2}')
    told = lines(
        Begin(id="x", model="m"),
        TextDelta(text="So", part=0),
        TextDelta(text="It is", part=1),
        CitationDelta(citation=CITED, part=1),
        ToolCallBegin(id="c", name="f", part=2),
        ArgumentsDelta(text='{"a":', part=2),
        ArgumentsDelta(text="1}", part=2),
        WholePart(value=whole, part=3),
        End(finish=Finish.TOOL_CALLS),
    )
    assert [line["event_type"] for line in told] == [
        "stream-start",
        "text-generation",
        "text-generation",
        "citation-generation",
        *["tool-calls-chunk"] * 4,
        "tool-calls-generation",
        "stream-end",
    ]
    last = told[-1]["response"]
    assert last["text"] == "SoIt is"
    assert last["citations"][0]["text"] == "It"
    assert last["tool_calls"] == [CALL, {"name": "g", "parameters": {"b": 2}}]
    assert last["finish_reason"] == told[-1]["finish_reason"] == "COMPLETE"


def test_a_failure_or_a_cut_is_the_end() -> None:
    error = ApiError(status=500, cause=Cause.SERVER, message="out of luck")
    told = lines(Begin(id="x", model="m"), Failed(error=error), TextDelta(text="late", part=0))
    assert (told[-1]["finish_reason"], told[-1]["error"]) == ("ERROR", "out of luck")
    assert len(told) == 2
    assert lines(TextDelta(text="a", part=0))[-1]["finish_reason"] == "ERROR"
