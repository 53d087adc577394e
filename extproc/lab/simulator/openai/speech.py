"""OpenAI's speech: the sound of a text is its letters.

https://platform.openai.com/docs/api-reference/audio/createSpeech
"""

import base64
import re
from collections.abc import Iterator
from functools import cache

import msgspec
import orjson

from extproc.lab.simulator.dialect import Asked, Call, Event, Refusal, Turn
from extproc.lab.simulator.openai import moderations
from extproc.lab.simulator.reply import count
from extproc.lab.simulator.typed import Judge

LONGEST = 4096
"""Characters of a text."""


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what the SDK's types refuse, and for too long a text."""
    _judge(strict).check({k: v for k, v in call.body.items() if k != "stream_format"})
    if not 1 <= len(call.body["input"]) <= LONGEST:
        raise Refusal(f"input must have 1 to {LONGEST} characters", param="input")
    if not 0.25 <= call.body.get("speed", 1) <= 4:
        raise Refusal("speed must be 0.25 to 4", param="speed")


@cache
def _judge(strict: bool) -> Judge:
    from openai.types.audio.speech_create_params import SpeechCreateParams

    return Judge(SpeechCreateParams, strict=strict)


def sound(format: str, voice: str, text: str) -> bytes:
    """What is heard."""
    return f"SOUND {format} {voice}: {text}".encode()


def ask(call: Call) -> Asked:
    """What the body asks."""
    body = call.body
    return Asked(
        model=str(body.get("model")),
        text=body["input"],
        prompt_tokens=count(body["input"]),
        stream=body.get("stream_format") == "sse",
        body=body,
    )


def _heard(turn: Turn) -> bytes:
    body = turn.asked.body
    return sound(body.get("response_format") or "mp3", str(body["voice"]), body["input"])


def whole(turn: Turn) -> bytes:
    """The sound."""
    return _heard(turn)


def events(turn: Turn) -> Iterator[Event]:
    """The sound in pieces, and what it took."""
    data = _heard(turn)
    for at in range(0, len(data), 8):
        piece = base64.b64encode(data[at : at + 8]).decode()
        yield Event(orjson.dumps({"type": "speech.audio.delta", "audio": piece}))
    counts = {"input_tokens": turn.asked.prompt_tokens, "output_tokens": 100}
    usage = {**counts, "total_tokens": sum(counts.values())}
    yield Event(orjson.dumps({"type": "speech.audio.done", "usage": usage}), closing=True)


DIALECT = msgspec.structs.replace(
    moderations.DIALECT,
    name="openai.speech",
    path=re.compile(r"(?P<prefix>/.*?)??/audio/speech"),
    check=check,
    ask=ask,
    whole=whole,
    events=events,
    content_type="audio/mpeg",
)
