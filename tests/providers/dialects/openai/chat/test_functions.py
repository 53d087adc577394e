"""Clients from before `tools`: what they declare, and the call that they are told."""

from typing import Any

import msgspec
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from providers.dialects.openai.chat import DIALECT
from providers.neutral.chat import ChatResponse, Choice, Finish, Signature, Text, ToolCall
from providers.neutral.deltas import SignatureDelta, replay
from tests.providers.dialects.openai.chat.talk import parse
from tests.providers.dialects.openai.chat.wire import CONTEXT, chunks, render, stream

FUNCTION = {"name": "f", "parameters": {"type": "object", "properties": {}}}
OLD: dict[str, Any] = {"model": "m", "messages": [], "functions": [FUNCTION]}
LEGACY = msgspec.structs.replace(CONTEXT, echo=DIALECT.echo(OLD))
PARTS = (
    Text(text="Let me see."),
    ToolCall(id="a", name="f", arguments='{"x":1}'),
    ToolCall(id="b", name="g", arguments="{}"),
)
ANSWER = ChatResponse(
    id="i", model="m", choices=(Choice(parts=PARTS, finish=Finish.TOOL_CALLS),), created=1
)


@pytest.mark.parametrize(
    ("members", "single"),
    [
        ({"functions": [FUNCTION]}, False),
        ({"functions": []}, None),
        ({"tools": [{"type": "function", "function": FUNCTION}], "functions": [FUNCTION]}, None),
    ],
)
def test_who_declares_functions_can_be_told_one_call(members: Any, single: bool | None) -> None:
    body = {"model": "m", "messages": [], **members}
    assert parse(body).parallel_tool_calls is single
    assert bool(DIALECT.echo(body)) is (single is False)


def test_the_call_of_a_whole_answer_is_a_function_call() -> None:
    body = render(ANSWER, LEGACY)
    (choice,) = ChatCompletion.model_validate(body).choices
    assert choice.finish_reason == "function_call"
    assert choice.message.content == "Let me see."
    assert choice.message.tool_calls is None
    called = choice.message.function_call
    assert called is not None
    assert (called.name, called.arguments) == ("f", '{"x":1}')
    assert render(ANSWER)["choices"][0]["finish_reason"] == "tool_calls"


def test_the_call_of_a_stream_is_the_same() -> None:
    signed = SignatureDelta(signature=Signature(origin="gemini", value="s"), part=1)
    deltas = replay(ANSWER)
    told = [*chunks(stream([*deltas[:-1], signed, deltas[-1]], LEGACY))]
    name, arguments, reasons = "", "", []
    for each in map(ChatCompletionChunk.model_validate, told):
        (choice,) = each.choices
        assert choice.delta.tool_calls is None
        if choice.delta.function_call is not None:
            name += choice.delta.function_call.name or ""
            arguments += choice.delta.function_call.arguments or ""
        reasons.append(choice.finish_reason)
    assert (name, arguments) == ("f", '{"x":1}')
    assert [reason for reason in reasons if reason] == ["function_call"]


def test_an_answer_without_a_call_stays_as_it_is() -> None:
    words = Choice(parts=(Text(text="hi"),), finish=Finish.STOP)
    answer = msgspec.structs.replace(ANSWER, choices=(words,))
    assert render(answer, LEGACY) == render(answer)
    assert stream(replay(answer), LEGACY) == stream(replay(answer))
