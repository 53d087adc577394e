"""What is done to an answer in the place of what its provider could not be told, however it is
cut."""

from collections.abc import Sequence
from functools import partial

import pytest

from providers.bridging.amending.amendment import AmendedStream, Amendment, amended
from providers.bridging.amending.answer_tool import AnswerTool
from providers.bridging.amending.bare_json import BareJson
from providers.bridging.amending.first_call import FirstCall
from providers.bridging.amending.restored import Restored
from providers.bridging.amending.stops import Stops
from providers.errors import CUT
from providers.neutral.chat import ChatResponse, Choice, Finish, Part, Text, Thinking, ToolCall
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    End,
    Failed,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    replay,
)
from providers.neutral.schemas.restoring import restored

Told = tuple[list[tuple[str, str]], Finish | None, str | None]
"""(kind and text of each part, finish, stop sequence)."""


def answer(*parts: Part, finish: Finish = Finish.STOP) -> ChatResponse:
    choice = Choice(parts=parts, finish=finish)
    return ChatResponse(id="i", model="m", choices=(choice,))


def call(name: str, arguments: str = "{}") -> ToolCall:
    return ToolCall(id=name, name=name, arguments=arguments)


def whole(response: ChatResponse, *amendments: Amendment) -> Told:
    [choice] = amended(response, amendments).choices
    parts = [_said(part) for part in choice.parts]
    return [each for each in parts if each[1]], choice.finish, choice.stop_sequence


def _said(part: Part) -> tuple[str, str]:
    if isinstance(part, ToolCall):
        return part.name, part.arguments
    assert isinstance(part, Text | Thinking)
    return type(part).__name__, part.text


def cut(delta: AnyDelta, size: int) -> Sequence[AnyDelta]:
    """The delta in pieces of `size` characters."""
    if not isinstance(delta, TextDelta | ArgumentsDelta) or not size:
        return [delta]
    kind = type(delta)
    starts = range(0, len(delta.text), size)
    return [kind(text=delta.text[at : at + size], part=delta.part) for at in starts]


def streamed(response: ChatResponse, *amendments: Amendment, size: int = 0) -> Told:
    stream = AmendedStream(amendments)
    deltas = [piece for delta in replay(response) for piece in cut(delta, size)]
    parts: dict[int, list[str]] = {}
    finish, stopped = None, None
    for delta in (after for each in deltas for after in stream.feed([each])):
        match delta:
            case ToolCallBegin():
                parts[delta.part] = [delta.name, ""]
            case TextDelta() | ThinkingDelta() | ArgumentsDelta():
                kind = type(delta).__name__.removesuffix("Delta")
                parts.setdefault(delta.part, [kind, ""])[1] += delta.text
            case End():
                finish, stopped = delta.finish, delta.stop_sequence
    assert list(parts) == list(range(len(parts)))
    return [(kind, text) for kind, text in parts.values() if text], finish, stopped


CALLS, STOP = Finish.TOOL_CALLS, Finish.STOP
FENCED = 'Here it is:\n```json\n{"a": "}\\"{", "b": [{}]}\n```\nBye {"c": 1}.'
CASES = {
    "the first of several calls": (
        answer(Text(text="hm"), call("f"), call("g"), call("f"), finish=CALLS),
        [FirstCall()],
        ([("Text", "hm"), ("f", "{}")], CALLS, None),
    ),
    "one call stays": (
        answer(call("f", '{"a":1}'), finish=CALLS),
        [FirstCall()],
        ([("f", '{"a":1}')], CALLS, None),
    ),
    "the call that is the answer": (
        answer(Thinking(text="so"), Text(text="I answer."), call("ask", '{"a":1}'), finish=CALLS),
        [AnswerTool("ask")],
        ([("Thinking", "so"), ("Text", '{"a":1}')], STOP, None),
    ),
    "another call instead of the answer": (
        answer(Text(text="I look."), call("f"), finish=CALLS),
        [AnswerTool("ask")],
        ([("f", "{}"), ("Text", "I look.")], CALLS, None),
    ),
    "no call at all": (
        answer(Text(text="I cannot.")),
        [AnswerTool("ask")],
        ([("Text", "I cannot.")], STOP, None),
    ),
    "a call beside the answer": (
        answer(call("f"), call("ask", "{}"), finish=CALLS),
        [AnswerTool("ask")],
        ([("f", "{}"), ("Text", "{}")], CALLS, None),
    ),
    "JSON out of its fence": (
        answer(Text(text=FENCED)),
        [BareJson()],
        ([("Text", '{"a": "}\\"{", "b": [{}]}')], STOP, None),
    ),
    "words where there is no JSON": (
        answer(Text(text="I {really} cannot.")),
        [BareJson()],
        ([("Text", "I {really} cannot.")], STOP, None),
    ),
    "an empty object": (answer(Text(text=" { } ")), [BareJson()], ([("Text", "{ }")], STOP, None)),
    "an answer cut at a stop sequence": (
        answer(Text(text="one ENENDtwo"), call("f")),
        [Stops(["END", "two"])],
        ([("Text", "one EN")], Finish.STOP_SEQUENCE, "END"),
    ),
    "an answer that only begins one": (
        answer(Text(text="one EN"), Text(text="D")),
        [Stops(["END"])],
        ([("Text", "one EN"), ("Text", "D")], STOP, None),
    ),
    "nulls that stand for nothing": (
        answer(Text(text='{"a":null}'), call("f", '{"a":null}'), call("g", '{"a":null}')),
        [
            Restored(
                partial(
                    restored,
                    schema={"properties": {"a": {"type": "string"}}},
                    nulls=True,
                    wrapped=False,
                ),
                {"f": lambda text: text.replace("null", "1")},
            )
        ],
        ([("Text", "{}"), ("f", '{"a":1}'), ("g", '{"a":null}')], STOP, None),
    ),
    "one after the other": (
        answer(call("ask", '{"answer":["x"]}'), call("ask"), finish=CALLS),
        [
            FirstCall(),
            AnswerTool("ask"),
            Restored(partial(restored, schema={}, nulls=False, wrapped=True), {}),
        ],
        ([("Text", '["x"]')], STOP, None),
    ),
}


@pytest.mark.parametrize("size", [None, 0, 1, 2, 3, 5, 7])
@pytest.mark.parametrize("name", CASES)
def test_an_answer_is_amended(name: str, size: int | None) -> None:
    response, amendments, told = CASES[name]
    if size is not None:
        found = streamed(response, *amendments, size=size)
    else:
        found = whole(response, *amendments)
    assert (sorted(found[0]), *found[1:]) == (sorted(told[0]), *told[1:])


@pytest.mark.parametrize(
    "amendment",
    [AnswerTool("ask"), BareJson(), Stops(["xyz"]), Restored(lambda text: text + "!", {})],
)
def test_what_is_held_when_a_stream_breaks_off_is_told(amendment: Amendment) -> None:
    stream = AmendedStream([amendment])
    told = stream.feed([TextDelta(text="so x", part=0)])
    told += stream.feed([Failed(error=CUT)])
    assert "".join(delta.text for delta in told if isinstance(delta, TextDelta)) == "so x"
    assert told[-1] == Failed(error=CUT)


def test_each_choice_is_amended_by_itself() -> None:
    stream = AmendedStream([FirstCall()])
    begun = [ToolCallBegin(id="c", name="f", part=0, choice=number) for number in (0, 1)]
    assert stream.feed(begun) == begun
