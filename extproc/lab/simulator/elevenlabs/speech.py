"""ElevenLabs' speech: the sound of a text is its letters.

https://elevenlabs.io/docs/api-reference/text-to-speech/convert
"""

import re

import msgspec
import orjson

from extproc.lab.simulator.dialect import Asked, Call, Refusal, Turn
from extproc.lab.simulator.directives import Directives
from extproc.lab.simulator.openai import moderations
from extproc.lab.simulator.openai.speech import sound

KNOWN = {"text", "model_id", "language_code", "voice_settings", "seed", "apply_text_normalization"}
KNOWN |= {"previous_text", "next_text", "pronunciation_dictionary_locators"}
KNOWN |= {"previous_request_ids", "next_request_ids", "use_pvc_as_ivc"}
KNOWN |= {"apply_language_text_normalization", "audio_effects"}
QUERY = {"output_format", "enable_logging", "optimize_streaming_latency"}
FORMAT = re.compile(r"(?:mp3|pcm|opus|ulaw|alaw|wav)_\d+(?:_\d+)?")
VOICE = re.compile(r"[A-Za-z0-9]{4,40}")


def key(call: Call) -> str:
    """The credential."""
    return dict(call.headers).get("xi-api-key", "")


def error(refusal: Refusal, directives: Directives) -> bytes:
    """An error body."""
    return orjson.dumps({"detail": {"status": refusal.code or "error", "message": refusal.message}})


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for unknown members, voices and formats."""
    for name in call.query.keys() - QUERY:
        raise Refusal(f"unknown parameter {name}", status=422)
    for name in call.body.keys() - KNOWN:
        raise Refusal(f"unknown field {name}", status=422)
    if not isinstance(call.body.get("text"), str):
        raise Refusal("Field required: text", status=422)
    if not VOICE.fullmatch(call.params["voice"]):
        raise Refusal("A voice with that ID was not found.", status=404, code="voice_not_found")
    if not FORMAT.fullmatch(call.query.get("output_format", "mp3_44100_128")):
        raise Refusal("output_format is not supported", status=422)
    speed = (call.body.get("voice_settings") or {}).get("speed", 1)
    if not 0.7 <= speed <= 1.2:
        raise Refusal("speed must be between 0.7 and 1.2", status=400)


def ask(call: Call) -> Asked:
    """What the body asks."""
    said = {**call.body, "voice": call.params["voice"], "query": dict(call.query)}
    said["pieces"] = call.path.endswith("/stream/with-timestamps")
    model = str(call.body.get("model_id") or "eleven_multilingual_v2")
    return Asked(model=model, text=call.body["text"], prompt_tokens=0, body=said)


def whole(turn: Turn) -> bytes:
    """The sound."""
    body = turn.asked.body
    return sound(body["query"].get("output_format", "mp3"), body["voice"], body["text"])


DIALECT = msgspec.structs.replace(
    moderations.DIALECT,
    name="elevenlabs.speech",
    path=re.compile(r".*/text-to-speech/(?P<voice>[^/]+)(?:/stream)?"),
    check=check,
    ask=ask,
    whole=whole,
    error=error,
    key=key,
    content_type="audio/mpeg",
)
