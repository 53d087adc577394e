"""A realtime session as its answers come: frames of sound, then what they used."""

import base64

import orjson

from extproc.lab.bench.messages import Exchanged, heard
from providers.wire.websocket import TEXT, frame

BACKEND = "openai.chat"
PATH = "/v1/realtime?model="
TURNS, SOUNDS = 4, 50
SOUND = base64.b64encode(bytes(4_800)).decode()
"""A tenth of a second of 24,000 samples a second."""
FRAMES = TURNS * (SOUNDS + 1)


def _sound(number: int) -> dict[str, object]:
    return {
        "type": "response.output_audio.delta",
        "event_id": f"event_{number}",
        "response_id": "resp_1",
        "delta": SOUND,
    }


def _done(turn: int) -> dict[str, object]:
    usage = {"total_tokens": 150, "input_tokens": 50 + turn, "output_tokens": 100 - turn}
    return {"type": "response.done", "response": {"id": "resp_1", "usage": usage}}


def session(model: str) -> Exchanged:
    """What the server hears of a session."""
    said = [event for turn in range(TURNS) for event in (*map(_sound, range(SOUNDS)), _done(turn))]
    frames = [frame(TEXT, orjson.dumps(event)) for event in said]
    call = f"session/query\n{PATH}{model}\n{model}"
    return Exchanged(request=(), answer=heard(call, BACKEND, frames))
