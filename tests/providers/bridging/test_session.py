"""What a session has used so far, told from its frames."""

import orjson

from providers.bridging.session import Tally
from providers.catalog import SESSIONS
from providers.usage import Units
from providers.wire.websocket import TEXT, frame


def fed(name: str, *messages: dict) -> Tally:
    tally = Tally(SESSIONS[name])
    for message in messages:
        tally.feed(frame(TEXT, orjson.dumps(message)))
    return tally


def done(asked: int, answered: int, **details) -> dict:
    usage = {"input_tokens": asked, "output_tokens": answered, **details}
    return {"type": "response.done", "response": {"model": "m", "usage": usage}}


DELTA = {"type": "response.output_text.delta", "delta": "word"}


def test_every_response_is_used_beside_those_before():
    details = {"input_token_details": {"audio_tokens": 6, "cached_tokens": 4}}
    tally = fed("openai.realtime", done(10, 5, **details), done(10, 5))
    assert (tally.usage.input, tally.usage.output) == (20, 10)
    assert (tally.usage.audio_input, tally.usage.cache_read) == (6, 4)
    assert tally.model == "m"


def test_an_answer_grows_until_the_provider_says_its_number():
    tally = fed("openai.realtime", DELTA, DELTA)
    assert (tally.growing, tally.usage.total) == (2, 0)
    tally.feed(frame(TEXT, orjson.dumps(done(10, 3))))
    assert (tally.growing, tally.usage.total) == (0, 13)


def test_sound_is_weighed_by_its_length():
    sound = {"type": "response.output_audio.delta", "delta": "A" * 32_000}
    assert fed("openai.realtime", sound).growing == 10


def test_transcripts_of_what_was_heard_are_paid_by_token_or_by_second():
    kind = "conversation.item.input_audio_transcription.completed"
    by_token = {"type": kind, "usage": {"type": "tokens", "input_tokens": 9, "output_tokens": 2}}
    by_second = {"type": kind, "usage": {"type": "duration", "seconds": 1.5}}
    tally = fed("openai.realtime", by_token, by_second, by_second)
    assert tally.usage.total == 11
    assert tally.usage.units == Units(seconds=3.0)


def turn(asked: int, answered: int, *, ends: bool) -> dict:
    usage = {"promptTokenCount": asked, "responseTokenCount": answered}
    return {"serverContent": {"turnComplete": ends}, "usageMetadata": usage}


def test_gemini_counts_a_turn_again_and_again_until_it_ends():
    growing = [turn(9, 1, ends=False), turn(9, 3, ends=True)]
    tally = fed("gemini.live", *growing)
    assert (tally.usage.input, tally.usage.output) == (9, 3)
    for message in growing:
        tally.feed(frame(TEXT, orjson.dumps(message)))
    assert (tally.usage.input, tally.usage.output) == (18, 6)


def test_gemini_may_say_its_numbers_beside_sound():
    sound = {"modelTurn": {"parts": [{"inlineData": {"data": "A" * 9000}}]}}
    before = {"usageMetadata": {"promptTokenCount": 1, "responseTokenCount": 2}}
    tally = fed("gemini.live", {**before, "serverContent": sound})
    assert (tally.usage.total, tally.growing) == (3, 0)
    tally = fed("gemini.live", {"serverContent": sound, **before})
    assert (tally.usage.total, tally.growing) == (3, 0)


def test_what_is_no_json_or_says_nothing_is_passed_over():
    tally = Tally(SESSIONS["openai.realtime"])
    for payload in (b'"usage" {', b'["usage"]', b'{"usage": 7}', b'{"usage": {"seconds": -1}}'):
        tally.feed(frame(TEXT, payload))
    assert tally.usage.total == 0
    assert tally.usage.units is None
