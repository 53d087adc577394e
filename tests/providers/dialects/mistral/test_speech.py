"""Mistral's speech, from and to other vendors' formats."""

import base64
from typing import Any

import orjson
import pytest
from mistralai.client.models import SpeechRequest as Theirs
from mistralai.client.models import SpeechStreamAudioDelta, SpeechStreamDone

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Context, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, SHARED
from providers.errors import BadAnswer, InvalidRequest, Unsupported
from providers.usage import Units

SPEECH = DIALECTS["mistral.speech"]
BODY = {"model": "m", "input": "hi", "voice_id": "v"}
OPENAI = {"model": "m", "input": "hi", "voice": "v"}
CONTEXT = Context(model="shown", id="id-1", now=1)


def sent(client: str, target: str, body: dict[str, Any]) -> tuple[Any, tuple[str, ...]]:
    call = Call(data=orjson.dumps(body), body=body, model="m", stream=False)
    asked = bridge(DIALECTS[client], DIALECTS[target], Quirks()).request(call)
    assert isinstance(asked, Sent)
    return orjson.loads(asked.body or call.data), asked.dropped


def test_openais_clients_are_spoken_to_by_mistral():
    asked = {**OPENAI, "response_format": "flac", "speed": 1.5, "instructions": "calm"}
    body, dropped = sent("openai.speech", "mistral.speech", asked)
    assert body == {**BODY, "response_format": "flac"}
    assert set(dropped) == {"instructions", "speed"}
    Theirs.model_validate(body)


@pytest.mark.parametrize("format", ["pcm", "aac"])
def test_what_mistral_writes_otherwise_is_refused_by_name(format: str):
    with pytest.raises(Unsupported) as refused:
        sent("openai.speech", "mistral.speech", {**OPENAI, "response_format": format})
    assert refused.value.param == "response_format"


def test_mistrals_clients_are_spoken_to_by_others():
    asked = {**BODY, "response_format": "wav", "expressiveness": 2.0, "stream": True}
    body, dropped = sent("mistral.speech", "openai.speech", asked)
    assert body == {**OPENAI, "response_format": "wav"}
    assert dropped == ("expressiveness",)


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"ref_audio": "AAAA"}, "ref_audio"),
        ({"response_format": "pcm"}, "response_format"),
        ({"response_format": "aac"}, "response_format"),
        ({"response_format": 5}, "response_format"),
        ({"voice_id": None}, "voice_id"),
        ({"input": 5}, "input"),
    ],
)
def test_what_others_cannot_do_is_refused_by_name(more: dict[str, Any], param: str):
    with pytest.raises(InvalidRequest) as refused:
        sent("mistral.speech", "openai.speech", {**BODY, **more})
    assert refused.value.param == param


def test_sound_is_bytes_or_json_as_the_client_wants_it():
    data = base64.b64encode(b"sound").decode()
    theirs = bridge(DIALECTS["openai.speech"], SPEECH, Quirks())
    body, seen = theirs.whole(orjson.dumps({"audio_data": data}), CONTEXT)
    assert (body, seen.content_type) == (b"sound", "audio/mpeg")
    body, _ = bridge(SPEECH, DIALECTS["openai.speech"], Quirks()).whole(b"sound", CONTEXT)
    assert orjson.loads(body or b"") == {"audio_data": data}
    told, _ = bridge(SPEECH, DIALECTS["openai.speech"], Quirks()).replay(b"sound", CONTEXT)
    first, last = (each.partition(b"data: ")[2] for each in told.strip().split(b"\n\n"))
    assert SpeechStreamAudioDelta.model_validate_json(first).audio_data == data
    assert SpeechStreamDone.model_validate_json(last).usage.total_tokens == 0


@pytest.mark.parametrize("said", [{}, {"audio_data": 5}, {"audio_data": "é"}, {"audio_data": ""}])
def test_an_answer_without_sound_is_none(said: dict[str, Any]):
    with pytest.raises(BadAnswer):
        bridge(DIALECTS["openai.speech"], SPEECH, Quirks()).whole(orjson.dumps(said), CONTEXT)


def test_a_stream_says_at_its_end_what_was_used():
    usage = {"prompt_tokens": 3, "completion_tokens": 40, "total_tokens": 43}
    done = orjson.dumps({"type": "speech.audio.done", "usage": usage})
    relay = bridge(SPEECH, SPEECH, Quirks()).stream(CONTEXT)
    assert relay.feed(b"event: speech.audio.done\ndata: " + done + b"\n\n") is None
    assert relay.flush() == b""
    assert relay.seen.usage is not None
    assert (relay.seen.usage.input, relay.seen.usage.output) == (3, 40)


def test_a_clients_own_words_say_whose_it_is():
    told = SHARED["/v1/audio/speech"].told
    assert (told(BODY), told(OPENAI), told({"ref_audio": "x"})) == (
        "mistral.speech",
        "",
        "mistral.speech",
    )
    assert SPEECH.uses is not None
    assert SPEECH.uses(BODY) == Units(characters=2)
