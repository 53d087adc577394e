"""Signatures that travel in thoughts of their own."""

import pytest
from msgspec.structs import replace

from providers.neutral.carriers import announced, attached, carrier, ending, vouched
from providers.neutral.chat import Part, Signature, Text, Thinking, ToolCall

SIGNED = Signature(origin="gemini", value="Zw==")
THOUGHT, OTHER = (Signature(origin="anthropic", value=value) for value in ("EmwK", "Ert+"))


def test_a_carried_signature_comes_back_to_its_owner():
    text = Text(text="a")
    call = ToolCall(id="1", name="f", arguments="{}")
    own = Thinking(redacted=Signature(origin="anthropic", value="EmwK"))
    parts = (own, text, carrier(SIGNED), call, carrier(SIGNED))
    assert attached(parts) == (
        own,
        Text(text="a", signature=SIGNED),
        ToolCall(id="1", name="f", arguments="{}", signature=SIGNED),
    )


def test_a_carried_signature_without_an_owner_is_left_out():
    assert attached((carrier(SIGNED), Text(text="a"))) == (Text(text="a"),)
    assert attached((Thinking(text="t"), carrier(SIGNED))) == (Thinking(text="t"),)


def test_a_text_at_the_end_of_an_answer_needs_no_carrier():
    text, call = Text(text="a", signature=SIGNED), ToolCall(id="1", name="f", arguments="{}")
    assert ending((call, text)) == (call, Text(text="a"))
    assert ending((text, call)) == (text, call)
    assert ending(()) == ()


CALL = ToolCall(id="1", name="f", arguments="{}", signature=SIGNED)
BARE = ToolCall(id="1", name="f", arguments="{}")


@pytest.mark.parametrize(
    "said",
    [
        (CALL,),
        (Thinking(text="hm"), CALL),
        (Thinking(text="hm"), Text(text="so"), CALL, BARE, CALL),
        (Thinking(text="hm", signature=THOUGHT), CALL),
    ],
)
def test_a_call_is_signed_in_the_thought_before_it(said: tuple[Part, ...]):
    shown = announced(said)
    without = [replace(each, signature=None) if each == CALL else each for each in shown]
    assert attached(without) == said
    assert shown[shown.index(CALL) - 1] != BARE


@pytest.mark.parametrize(
    "said",
    [
        (Thinking(text="hm", signature=THOUGHT), BARE),
        (Thinking(redacted=THOUGHT), Thinking(text="hm", signature=OTHER), BARE, BARE),
        (Thinking(text="hm", signature=THOUGHT), BARE, Thinking(text="so", signature=OTHER), BARE),
    ],
)
def test_a_thought_is_signed_in_the_call_behind_it(said: tuple[Part, ...]):
    shown = tuple(vouched(said, "gemini"))
    assert attached(shown) == said
    # Clients keep the words of a thought without their signature, and drop what has no words.
    kept = [
        replace(each, signature=None) if isinstance(each, Thinking) else each
        for each in shown
        if not isinstance(each, Thinking) or each.text
    ]
    assert attached(kept) == said


def test_a_thought_that_was_dropped_comes_back_without_words():
    said = (Thinking(text="hm", signature=THOUGHT), Text(text="so"), BARE)
    kept = [each for each in vouched(said, "gemini") if not isinstance(each, Thinking)]
    assert attached(kept) == (Thinking(signature=THOUGHT), Text(text="so"), BARE)
