"""Parts of a stream, told one after the other."""

import pytest

from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    Begin,
    End,
    Finish,
    PartEnd,
    Ping,
    TextDelta,
    ToolCallBegin,
    Used,
)
from providers.neutral.serial import Serial
from providers.usage import Usage

STOP = End(finish=Finish.TOOL_CALLS)


def begin(part: int, choice: int = 0) -> ToolCallBegin:
    return ToolCallBegin(id=f"t{part}", name="f", part=part, choice=choice)


def piece(part: int, text: str) -> ArgumentsDelta:
    return ArgumentsDelta(part=part, text=text)


def told(*deltas: AnyDelta) -> list[AnyDelta]:
    serial = Serial()
    return [found for delta in deltas for found in serial.feed([delta])]


A, A1, A2 = begin(0), piece(0, '{"a":'), piece(0, "1}")
B, B1, B2 = begin(1), piece(1, '{"b":'), piece(1, "2}")


@pytest.mark.parametrize(
    "mixed",
    [
        (A, A1, A2, B, B1, B2, STOP),
        (A, B, A1, B1, A2, B2, STOP),
        (A, B, B1, B2, A1, A2, STOP),
        (A, B, A1, A2, B1, B2, STOP),
    ],
)
def test_calls_come_one_after_the_other(mixed):
    assert told(*mixed) == [A, A1, A2, B, B1, B2, STOP]
    assert Serial().feed(list(mixed)) == [A, A1, A2, B, B1, B2, STOP]


def test_a_call_that_is_complete_keeps_nobody_waiting():
    serial = Serial()
    assert serial.feed([A, A1, A2]) == [A, A1, A2]
    assert serial.feed([B]) == [B]
    assert serial.feed([B1]) == [B1]


def test_the_end_of_a_call_lets_the_next_one_speak():
    assert told(A, B, B1, PartEnd(part=0)) == [A, PartEnd(part=0), B, B1]


def test_calls_without_arguments_wait_for_the_end_only():
    assert told(A, B, B1, B2) == [A]
    assert told(A, B, B1, B2, STOP) == [A, B, B1, B2, STOP]


def test_three_calls_are_told_apart():
    c, c1 = begin(2), piece(2, "{}")
    assert told(A, B, c, c1, A1, B1, A2, B2, STOP) == [A, A1, A2, B, B1, B2, c, c1, STOP]


def test_what_belongs_to_no_part_never_waits():
    used, other = Used(usage=Usage(output=1)), begin(0, choice=1)
    first = Begin(id="", model="m")
    assert told(first, A, B, used, Ping(), other) == [first, A, used, Ping(), other]


def test_a_text_waits_for_the_call_before_it():
    text = TextDelta(text="so", part=1)
    assert told(A, text, A1, A2, STOP) == [A, A1, A2, text, STOP]
    assert told(text, text) == [text, text]


def test_every_choice_is_ordered_by_itself():
    other = [begin(0, 1), begin(1, 1)]
    more = [ArgumentsDelta(part=at, text="{}", choice=1) for at in (1, 0)]
    assert told(A, *other, A1, *more, A2) == [A, other[0], A1, more[1], other[1], more[0], A2]
