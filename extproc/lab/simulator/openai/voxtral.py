"""Mistral's transcripts, of models named `voxtral-…`: a recording says what its bytes spell.

https://docs.mistral.ai/api/endpoint/audio/transcriptions
"""

from collections.abc import Iterator

import orjson

from extproc.lab.simulator.dialect import Call, Event, Json, Refusal, Turn
from extproc.lab.simulator.forms import File

KNOWN = {"model", "file", "file_url", "file_id", "language", "temperature", "stream", "diarize"}
KNOWN |= {"context_bias", "speaker_references", "timestamp_granularities"}


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
