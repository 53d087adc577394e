"""Signatures that travel in thoughts of their own."""

from providers.neutral.carriers import attached, carrier, ending
from providers.neutral.chat import Signature, Text, Thinking, ToolCall

SIGNED = Signature(origin="gemini", value="Zw==")


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
