"""Mistral's speech, below `/mistral`: the sound of a text is its letters.

https://docs.mistral.ai/api/endpoint/audio/speech
"""

import base64
import re
from collections.abc import Iterator

import msgspec
import orjson

from extproc.lab.simulator.dialect import Asked, Call, Event, Refusal, Turn
from extproc.lab.simulator.openai import mistral, moderations, speech
from extproc.lab.simulator.reply import count

FORMATS = ("mp3", "wav", "flac", "opus", "pcm")


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what the SDK's own model of a request refuses, and for no voice."""
    mistral.judge(call.body, "SpeechRequest")
    if not {"voice_id", "ref_audio"} & call.body.keys():
        raise Refusal("voice_id or ref_audio is required", status=422, param="voice_id")
    if call.body.get("response_format", "mp3") not in FORMATS:
        raise Refusal("Input should be a known format", status=422, param="response_format")


def ask(call: Call) -> Asked:
    """What the body asks."""
    body = call.body
    tokens, stream = count(body["input"]), body.get("stream") is True
    model = str(body.get("model"))
    return Asked(model=model, text=body["input"], prompt_tokens=tokens, stream=stream, body=body)


def _heard(turn: Turn) -> bytes:
    body = turn.asked.body
    format = body.get("response_format") or "mp3"
    return speech.sound(format, str(body.get("voice_id")), body["input"])


def whole(turn: Turn) -> bytes:
    """The sound in JSON."""
    return orjson.dumps({"audio_data": base64.b64encode(_heard(turn)).decode()})


def events(turn: Turn) -> Iterator[Event]:
    """The sound in pieces, and what it took."""
    data = _heard(turn)
    for at in range(0, len(data), 9):
        piece = base64.b64encode(data[at : at + 9]).decode()
        delta = {"type": "speech.audio.delta", "audio_data": piece}
        yield Event(orjson.dumps(delta), name="speech.audio.delta")
    counts = {"prompt_tokens": turn.asked.prompt_tokens, "completion_tokens": 100}
    usage = {**counts, "total_tokens": sum(counts.values())}
    done = {"type": "speech.audio.done", "usage": usage}
    yield Event(orjson.dumps(done), name="speech.audio.done", closing=True)


DIALECT = msgspec.structs.replace(
    moderations.DIALECT,
    name="mistral.speech",
    path=re.compile(r"(?P<prefix>/mistral(/.*?)?)/audio/speech"),
    sdk="mistralai",
    check=check,
    ask=ask,
    whole=whole,
    events=events,
)
