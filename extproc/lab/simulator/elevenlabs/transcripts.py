"""ElevenLabs' transcripts: a recording says what its bytes spell.

https://elevenlabs.io/docs/api-reference/speech-to-text/convert
"""

import re

import msgspec
import orjson

from extproc.lab.simulator.dialect import Asked, Call, Json, Refusal, Turn
from extproc.lab.simulator.elevenlabs import speech
from extproc.lab.simulator.forms import File
from extproc.lab.simulator.openai.transcriptions import heard

KNOWN = {"model_id", "file", "language_code", "temperature", "seed", "diarize", "num_speakers"}
KNOWN |= {"timestamps_granularity", "tag_audio_events", "cloud_storage_url", "webhook"}
KNOWN |= {"source_url", "diarization_threshold", "file_format", "keyterms", "additional_formats"}
KNOWN |= {"entity_detection", "entity_redaction", "entity_redaction_mode", "webhook_metadata"}
KNOWN |= {"webhook_id", "use_multi_channel", "multichannel_output_style", "no_verbatim"}
KNOWN |= {"secondary_language_codes", "numbers_format", "transcript_edit", "detect_speaker_roles"}
KNOWN |= {"use_speaker_library"}
QUERY = {"enable_logging"}


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what is no such form."""
    for name in call.query.keys() - QUERY:
        raise Refusal(f"unknown parameter {name}", status=422)
    for name in call.body.keys() - KNOWN:
        raise Refusal(f"unknown field {name}", status=422)
    if not isinstance(call.body.get("file"), File):
        raise Refusal("Must provide either file or cloud_storage_url", status=400)
    if call.body.get("timestamps_granularity", "word") not in ("none", "word", "character"):
        raise Refusal("timestamps_granularity is invalid", status=422)


def ask(call: Call) -> Asked:
    """What the form asks."""
    text = heard(call.body["file"])
    return Asked(model=str(call.body["model_id"]), text=text, prompt_tokens=0, body=call.body)


def _words(turn: Turn) -> list[Json]:
    """Words of half a second, and the spaces between them."""
    speaker = {"speaker_id": "speaker_0"} if turn.asked.body.get("diarize") == "true" else {}
    found: list[Json] = []
    for number, word in enumerate(turn.asked.text.split()):
        start, end = number / 2, (number + 1) / 2
        if number:
            found.append({"text": " ", "start": start, "end": start, "type": "spacing"})
        found.append({"text": word, "start": start, "end": end, "type": "word", **speaker})
    return found


def whole(turn: Turn) -> bytes:
    """The transcript with its words."""
    answer = {
        "language_code": "eng",
        "language_probability": 0.98,
        "text": turn.asked.text,
        "words": _words(turn),
    }
    return orjson.dumps(answer | turn.directives.extra)


DIALECT = msgspec.structs.replace(
    speech.DIALECT,
    name="elevenlabs.transcripts",
    path=re.compile(r".*/speech-to-text"),
    check=check,
    ask=ask,
    whole=whole,
    content_type="application/json",
)
