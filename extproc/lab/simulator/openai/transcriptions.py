"""OpenAI's transcriptions and translations: a recording says what its bytes spell.

https://platform.openai.com/docs/api-reference/audio/createTranscription
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import orjson

from extproc.lab.simulator.dialect import Asked, Call, Event, Json, Refusal, Turn
from extproc.lab.simulator.forms import File
from extproc.lab.simulator.openai import moderations, voxtral
from extproc.lab.simulator.reply import count

KNOWN = {"model", "file", "language", "prompt", "temperature", "response_format"}
HINTS = {"keywords", "languages", "known_speaker_names", "known_speaker_references"}
ONLY_HERE = {"timestamp_granularities", "stream", "include", "chunking_strategy"} | HINTS
FORMS = ("json", "text", "srt", "verbose_json", "vtt", "diarized_json")
KNOWN_AT = (
    ("whisper-large-v3", {"json", "text", "verbose_json"}),
    ("openai/whisper-", {"json", "text", "verbose_json"}),
    ("Whisper-Large-", {"json", "text"}),
    ("FunAudioLLM/", {"json"}),
)
"""Beginning of a model's name → forms known to its hosts: Groq, vLLM, SambaNova, SiliconFlow."""
NEVER_STREAMED = ("whisper-large-v3", "FunAudioLLM/")
LARGEST = 25 * 1024 * 1024
"""Bytes of a recording."""
MEANS_NOTHING = re.compile(rb"[^ -~]+")


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what is no such form."""
    if voxtral.is_mistrals(call.body):
        voxtral.check(call)
        return
    known = KNOWN | (ONLY_HERE if call.params["verb"] == "transcriptions" else set())
    for name in call.body.keys() - known:
        raise Refusal(f"Unknown parameter: {name}", param=name)
    file = call.body.get("file")
    if not isinstance(file, File):
        raise Refusal("file is required", param="file")
    if len(file["data"]) > LARGEST:
        raise Refusal("Maximum content size limit exceeded", status=413)
    if call.body.get("response_format", "json") not in FORMS:
        raise Refusal("response_format is invalid", param="response_format")
    _check_host(call.body)
    grains = call.body.get("timestamp_granularities")
    if grains and call.body.get("response_format") != "verbose_json":
        raise Refusal("timestamp_granularities need verbose_json", param="response_format")


def _check_host(body: Json) -> None:
    """Raises Refusal for what those who host the model do not know."""
    model, form = str(body.get("model")), body.get("response_format", "json")
    known = next((forms for begin, forms in KNOWN_AT if model.startswith(begin)), FORMS)
    if form not in known:
        raise Refusal(f"response_format must be one of {known}", param="response_format")
    if known is FORMS:
        return
    for name in body.keys() & ({"include", "chunking_strategy"} | HINTS):
        raise Refusal(f"Unknown parameter: {name}", param=name)
    timed = form == "verbose_json" or model.startswith(NEVER_STREAMED)
    if body.get("stream") == "true" and timed:
        raise Refusal("this is not streamed", param="stream")


def heard(file: Any) -> str:
    """The letters in a recording, without those of its format."""
    letters = MEANS_NOTHING.sub(b"", file["data"][:10_000])
    return letters.decode().removeprefix("RIFF").strip()


def ask(call: Call) -> Asked:
    """What the form asks."""
    body = {**call.body, "verb": call.params["verb"]}
    text = heard(call.body["file"])
    return Asked(
        model=str(body.get("model")),
        text=text,
        prompt_tokens=count(text),
        stream=body.get("stream") == "true",
        body=body,
    )


def _words(text: str) -> list[Json]:
    """A word takes half a second."""
    found = enumerate(text.split())
    return [{"word": word, "start": n / 2, "end": (n + 1) / 2} for n, word in found]


def _usage(turn: Turn) -> Json:
    if "whisper" in turn.asked.model:
        return {"type": "duration", "seconds": len(_words(turn.asked.text)) / 2}
    counts = {"input_tokens": turn.asked.prompt_tokens, "output_tokens": 7}
    return {"type": "tokens", **counts, "total_tokens": sum(counts.values())}


def whole(turn: Turn) -> bytes:
    """The transcript in the form that is asked for."""
    if voxtral.is_mistrals(turn.asked.body):
        return orjson.dumps(voxtral.answer(turn) | turn.directives.extra)
    text, body = turn.asked.text, turn.asked.body
    length = len(_words(text)) / 2
    match body.get("response_format", "json"):
        case "text":
            return text.encode() + b"\n"
        case "srt":
            end = f"{length:06.3f}".replace(".", ",")
            return f"1\n00:00:00,000 --> 00:00:{end}\n{text}\n\n".encode()
        case "vtt":
            return f"WEBVTT\n\n00:00:00.000 --> 00:00:{length:06.3f}\n{text}\n\n".encode()
        case "verbose_json":
            answer = _verbose(text, length, body)
        case _:
            answer = {"text": text, "usage": _usage(turn)}
    return orjson.dumps(answer | turn.directives.extra)


def _verbose(text: str, length: float, body: Json) -> Json:
    answer: Json = {"task": "transcribe", "language": "english", "duration": length, "text": text}
    grains = body.get("timestamp_granularities") or ["segment"]
    if "word" in grains:
        answer["words"] = _words(text)
    if "segment" in grains:
        answer["segments"] = [{"id": 0, "start": 0.0, "end": length, "text": text}]
    return answer


def events(turn: Turn) -> Iterator[Event]:
    """The words one by one, and all of them."""
    if voxtral.is_mistrals(turn.asked.body):
        yield from voxtral.events(turn)
        return
    for word in turn.asked.text.split():
        yield Event(orjson.dumps({"type": "transcript.text.delta", "delta": f"{word} "}))
    done = {"type": "transcript.text.done", "text": turn.asked.text, "usage": _usage(turn)}
    yield Event(orjson.dumps(done), closing=True)


DIALECT = msgspec.structs.replace(
    moderations.DIALECT,
    name="openai.transcriptions",
    path=re.compile(r"(?P<prefix>/.*?)??/audio/(?P<verb>transcriptions|translations)"),
    check=check,
    ask=ask,
    whole=whole,
    events=events,
)
