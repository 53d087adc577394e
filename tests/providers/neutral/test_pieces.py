"""What a model said in pieces, and the same whole."""

from providers.neutral.chat import Cache, Signature, Text, Thinking, ToolCall
from providers.neutral.turns import joined

SIGN = Signature(origin="gemini", value="Zw==")
CALL = ToolCall(id="1", name="f", arguments="{}")


def test_texts_and_thoughts_are_joined_up_to_a_signature():
    pieces = (
        Thinking(text="Six "),
        Thinking(text="seven."),
        Thinking(signature=SIGN),
        Text(text="Let me "),
        Text(text="look."),
        CALL,
        Text(text="a"),
        Text(text="b", signature=SIGN),
        Text(text="c"),
    )
    assert joined(pieces) == (
        Thinking(text="Six seven.", signature=SIGN),
        Text(text="Let me look."),
        CALL,
        Text(text="ab", signature=SIGN),
        Text(text="c"),
    )


def test_what_is_marked_or_hidden_stays_apart():
    marked = (Text(text="a", cache=Cache()), Text(text="b"))
    hidden = (Thinking(redacted=SIGN), Thinking(text="a"), Thinking(redacted=SIGN))
    assert joined(marked) == marked
    assert joined(hidden) == hidden
