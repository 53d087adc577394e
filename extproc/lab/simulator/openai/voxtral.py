"""Mistral's transcripts, of models named `voxtral-…`: a recording says what its bytes spell.

https://docs.mistral.ai/api/endpoint/audio/transcriptions
"""

import re
from collections.abc import Iterator

import orjson

from extproc.lab.simulator.dialect import Call, Event, Json, Refusal, Turn
from extproc.lab.simulator.forms import File

KNOWN = {"model", "file", "file_url", "file_id", "language", "temperature", "stream", "diarize"}
KNOWN |= {"context_bias", "speaker_references", "timestamp_granularities"}


MOST_TERMS = 100
PHRASES = "-transcribe-3"
APART = re.compile(r"[\s,]")
"""What stands in no term of older models.
https://docs.mistral.ai/studio/audio/speech-to-text/bias-context-and-vocabulary"""


def is_mistrals(body: Json) -> bool:
    """Whether Mistral serves the model."""
    return str(body.get("model")).startswith("voxtral-")


def check(call: Call) -> None:
    """Raises Refusal for what is no such form."""
    body = call.body
    for name in body.keys() - KNOWN:
        raise Refusal(f"Extra inputs are not permitted: {name}", status=422, param=name)
    if not isinstance(body.get("file"), File) and not {"file_url", "file_id"} & body.keys():
        raise Refusal("file is required", status=422, param="file")
    if body.get("timestamp_granularities") and body.get("language"):
        message = "timestamp_granularities cannot be combined with language"
        raise Refusal(message, status=422, param="language")
    _check_terms(body)


def _check_terms(body: Json) -> None:
    given = body.get("context_bias", [])
    terms = given if isinstance(given, list) else [given]
    apart = PHRASES not in str(body["model"]) and any(APART.search(str(one)) for one in terms)
    if apart or len(terms) > MOST_TERMS:
        message = f"context_bias: at most {MOST_TERMS} terms, without spaces and commas"
        raise Refusal(message, status=422, param="context_bias")


def answer(turn: Turn) -> Json:
    """The transcript, with times of words or of all of it where they are asked for."""
    body, text = turn.asked.body, turn.asked.text
    words = text.split()
    grain = body.get("timestamp_granularities") or ""
    timed = [(w, n / 2, (n + 1) / 2) for n, w in enumerate(words)] if "word" in grain else []
    if "segment" in grain:
        timed = [(text, 0.0, len(words) / 2)]
    speaker = {"speaker_id": "speaker_1"} if body.get("diarize") == "true" else {}
    segments = [
        {"type": "transcription_segment", "text": said, "start": start, "end": end, **speaker}
        for said, start, end in timed
    ]
    counts = {"prompt_tokens": 4, "completion_tokens": 7, "total_tokens": 11}
    usage = {**counts, "prompt_audio_seconds": len(words) // 2}
    return {
        "model": turn.asked.model,
        "text": text,
        "language": None,
        "segments": segments,
        "usage": usage,
    }


def events(turn: Turn) -> Iterator[Event]:
    """The words one by one, their times, and all of them."""
    for word in turn.asked.text.split():
        delta = {"type": "transcription.text.delta", "text": f"{word} "}
        yield Event(orjson.dumps(delta), name="transcription.text.delta")
    whole = answer(turn)
    for segment in whole["segments"]:
        timed = {**segment, "type": "transcription.segment"}
        yield Event(orjson.dumps(timed), name="transcription.segment")
    done = {"type": "transcription.done", **whole}
    yield Event(orjson.dumps(done), name="transcription.done", closing=True)
