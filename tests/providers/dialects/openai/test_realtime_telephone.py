"""A client of OpenAI's realtime sessions that speaks G.711, before Gemini Live."""

import base64
import math
from array import array

import pytest

from providers.dialects.openai.realtime_formats import MOST
from providers.wire import g711
from tests.providers.bridging.pairs import Pair
from tests.providers.dialects.openai.test_realtime_to_gemini import (
    DONE,
    SOUND,
    error,
    item,
    pair,
    spoke,
)


def spoken(format: dict, *, manual: bool = True) -> Pair:
    turns = {"turn_detection": None} if manual else {}
    audio = {"input": {"format": format, **turns}, "output": {"format": format}}
    return pair({"type": "realtime", "audio": audio})


@pytest.mark.parametrize(
    ("format", "said", "samples"),
    [("audio/pcmu", b"\xff\x80\x00", [0, 32124, -32124]), ("audio/pcma", b"\xd5\xaa", [8, 32256])],
)
def test_telephone_sound_reaches_gemini_as_samples(format, said, samples):
    one = spoken({"type": format})
    data = base64.b64encode(said).decode()
    append = {"type": "input_audio_buffer.append", "audio": data}
    start, heard = one.client(append)
    assert start == {"realtimeInput": {"activityStart": {}}}
    sound = heard["realtimeInput"]["audio"]
    assert sound["mimeType"] == "audio/pcm;rate=8000"
    assert array("h", base64.b64decode(sound["data"])).tolist() == samples
    (told,) = one.client(item({"type": "input_audio", "audio": data}))
    assert told["clientContent"]["turns"][0]["parts"][0]["inlineData"] == sound


def test_a_client_learns_when_its_telephone_sound_was_said():
    one = spoken({"type": "audio/pcmu"}, manual=False)
    quarter = base64.b64encode(b"\xff" * 2000).decode()
    one.client({"type": "input_audio_buffer.append", "audio": quarter})
    one.provider(spoke(SOUND), DONE)
    one.client({"type": "input_audio_buffer.append", "audio": quarter})
    found = one.provider(spoke(SOUND))
    starts = [event["audio_start_ms"] for event in found if "audio_start_ms" in event]
    ends = [event["audio_end_ms"] for event in found if "audio_end_ms" in event]
    assert (starts, ends) == ([250], [500])


@pytest.mark.parametrize("law", ["u", "a"])
def test_gemini_is_heard_on_a_telephone(law):
    one = spoken({"type": f"audio/pcm{law}"})
    turn = 2 * math.pi * 440 / 24_000
    tone = array("h", [round(20_000 * math.sin(turn * at)) for at in range(4800)]).tobytes()
    pieces = [base64.b64encode(tone[at : at + 700]).decode() for at in range(0, len(tone), 700)]
    found = one.provider(*map(spoke, pieces), {"serverContent": {"turnComplete": True}})
    assert found[-1]["type"] == "response.done"
    told = b"".join(
        base64.b64decode(event["delta"])
        for event in found
        if event["type"] == "response.output_audio.delta"
    )
    # Whole: what waits for more samples is said before its end.
    assert len(told) == 1600
    heard = array("h", g711.law(law).decode(told))[40:-40]
    wanted = [20_000 * math.sin(turn * 3 * at) for at in range(40, 1560)]
    noise = sum((a - b) ** 2 for a, b in zip(heard, wanted, strict=True))
    assert noise < sum(one**2 for one in wanted) / 10**3.5  # 35 dB


def test_each_response_on_a_telephone_begins_anew():
    one = spoken({"type": "audio/pcmu"})
    loud = base64.b64encode(b"\0\x40" * 240).decode()
    for _ in range(2):
        found = one.provider(spoke(loud), DONE)
        told = [event["delta"] for event in found if event["type"].endswith("audio.delta")]
        assert len(b"".join(map(base64.b64decode, told))) == 80


def test_too_much_telephone_sound_at_once_is_refused():
    one = spoken({"type": "audio/pcmu"})
    append = {"type": "input_audio_buffer.append", "audio": "/" * (MOST + 4)}
    assert error(one, append)["param"] == "audio"
