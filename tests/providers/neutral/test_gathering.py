"""Whatever was told in pieces is the whole that it was before."""

from typing import Any

import msgspec
import pytest
from hypothesis import given

from providers.errors import BadAnswer
from providers.neutral import deltas
from providers.neutral.chat import (
    ChatResponse,
    Choice,
    Citation,
    Finish,
    Native,
    Refusal,
    Signature,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.gathering import Gathering
from tests.answers import chat_responses

SIGNED = Signature(origin="anthropic", value="s")
EVERYTHING = (
    Thinking(text="hm", signature=SIGNED),
    Thinking(redacted=SIGNED),
    Text(text="rain", citations=(Citation(url="https://a.test"),), signature=SIGNED),
    Native(dialect="x", value={"a": 1}),
    ToolCall(id="1", name="look", arguments='{"a":1}', signature=SIGNED),
    Refusal(text="no"),
)


def gathered(told: list[Any]) -> ChatResponse:
    gathering = Gathering()
    for delta in told:
        assert gathering.feed([delta]) == b""
    assert gathering.flush() == b""
    return gathering.response()


@given(chat_responses())
def test_an_answer_told_and_gathered_is_the_same(response):
    response = msgspec.structs.replace(response, native={})
    assert gathered(deltas.replay(response)) == response


def test_parts_of_all_kinds_and_several_choices_are_gathered():
    one = Choice(parts=EVERYTHING, finish=Finish.STOP_SEQUENCE, stop_sequence="!", native={"a": 1})
    two = Choice(parts=(Text(text="b"),), finish=Finish.STOP, index=1)
    response = ChatResponse(id="i", model="m", choices=(one, two))
    assert gathered(deltas.replay(response)) == response


def test_a_call_without_arguments_has_none_and_no_text_is_no_part():
    told = [
        deltas.TextDelta(text="", part=0),
        deltas.ToolCallBegin(id="1", name="look", part=1),
        deltas.Ping(),
    ]
    (choice,) = gathered(told).choices
    assert choice.parts == (ToolCall(id="1", name="look", arguments="{}"),)


def test_sound_in_pieces_is_not_gathered():
    with pytest.raises(BadAnswer, match="sound"):
        gathered([deltas.AudioDelta(part=0, base64="AAAA")])


@pytest.mark.parametrize("odd", [None, "x", 7, {}])
def test_probabilities_stay_where_a_later_piece_has_none(odd):
    likely = {"content": [{"token": "a", "logprob": -1.0}]}
    told = [
        deltas.TextDelta(text=text, part=0, logprobs=said)
        for text, said in (("a", likely), ("b", {"content": None}), ("c", likely))
    ]
    (choice,) = gathered(told).choices
    assert choice.logprobs == {"content": likely["content"] * 2}
    gathered(
        [deltas.TextDelta(text="a", part=0, logprobs=one) for one in ({"content": odd}, likely)]
    )
