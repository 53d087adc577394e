"""What must hold between any official SDK and any provider, however they are connected."""

from collections.abc import Callable

import pytest

from tests.e2e.clients.talk import PIXEL, Failed, Talk, Wish, order

NewTalk = Callable[..., Talk]
"""Makes a conversation; takes a Wish."""


def a_plain_answer(new: NewTalk, stream: bool) -> None:
    """Text comes back, complete and with its usage."""
    talk = new(Wish(system="be brief", temperature=0.5))
    talk.say("hello there")
    said = talk.answer(stream)
    assert said.text.endswith("heard: hello there")
    assert said.finish == talk.stop
    assert said.calls == ()
    assert said.input > 0
    assert said.output == 4


def a_cut_answer(new: NewTalk, stream: bool) -> None:
    """An answer that meets its limit says so."""
    talk = new(Wish(max_tokens=16))
    talk.say(order("hello", tokens=40))
    said = talk.answer(stream)
    assert said.finish == talk.length
    assert said.output == 16


def a_picture(new: NewTalk, stream: bool) -> None:
    """A picture counts in the prompt, so it arrived."""
    plain, seeing = new(), new()
    plain.say("what is it?")
    seeing.say("what is it?", PIXEL)
    without, seen = plain.answer(stream), seeing.answer(stream)
    assert seen.text.endswith("heard: what is it?")
    assert seen.input - without.input == 85


def tools_over_three_turns(new: NewTalk, stream: bool) -> None:
    """Two calls one after the other, their results, and a last word."""
    talk = new(Wish(system="be brief", tools=True))
    talk.say(order("weather?", call_tool=True, rounds=2, arguments={"city": 'Zürich "Ost"'}))
    ids = []
    for result in ("rain", "sun"):
        said = talk.answer(stream)
        assert [call.name for call in said.calls] == ["weather"]
        assert said.calls[0].arguments == {"city": 'Zürich "Ost"'}
        assert said.finish == talk.called
        ids.append(said.calls[0].id)
        talk.result(said.calls[0], result)
    last = talk.answer(stream)
    assert last.calls == ()
    assert "was told" in last.text
    assert "rain" in last.text
    assert "sun" in last.text
    assert last.finish == talk.stop
    assert all(ids) or not talk.has_ids
    assert len(set(ids)) == 2 or not any(ids)


def a_structured_answer(new: NewTalk, stream: bool) -> None:
    """The schema is obeyed."""
    talk = new(Wish(schema=True))
    talk.say("where?")
    said = talk.answer(stream)
    assert said.text == '{"city":"sim"}'


def thoughts(new: NewTalk, stream: bool) -> None:
    """Thoughts are asked for, shown, and taken back in the next turn."""
    talk = new(Wish(thinking=True))
    talk.say(order("why?", reasoning=3))
    said = talk.answer(stream)
    assert said.text.endswith("heard: why?")
    talk.say("and then?")
    again = talk.answer(stream)
    assert again.text.endswith("heard: and then?")


def an_error(new: NewTalk, stream: bool, status: int) -> Failed:
    """A provider's refusal is raised as the SDK raises its own."""
    talk = new()
    talk.say(order("hello", status=status, message='no "way"\n\u2028é'))
    with pytest.raises(Failed) as caught:
        talk.answer(stream)
    return caught.value


def an_error_in_mid_stream(new: NewTalk) -> Failed:
    """A provider's failure after its first words is raised too."""
    talk = new()
    talk.say(order("hello", tokens=20, error_after=6, message="out of luck"))
    with pytest.raises(Failed) as caught:
        talk.streamed()
    return caught.value
