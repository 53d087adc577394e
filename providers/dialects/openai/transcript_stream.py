"""Streams of OpenAI's transcripts, and those of vLLM, whose pieces are like those of a chat.

https://platform.openai.com/docs/api-reference/audio/transcript-text-delta-event
https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html#transcriptions-api
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import orjson

from providers.bridging.dialect import Context
from providers.bridging.members import Shape, shape
from providers.bridging.transcript_stream import EventParser, TranscriptRenderer
from providers.dialects.openai.audio_stream import usage
from providers.errors import ApiError
from providers.neutral.transcripts import (
    Delta,
    Failed,
    Heard,
    Said,
    Segment,
    Timed,
    Transcript,
    seconds,
)
from providers.usage import Usage
from providers.wire import members
from providers.wire.compatible_errors import describe, error_event
from providers.wire.members import Json

DIARIZED = "diarized_json"


def segment(one: Json, name: str) -> Segment:
    """A piece of a transcript, its text by that name."""
    return Segment(
        text=members.string(one.get(name)),
        start=seconds(one.get("start")),
        end=seconds(one.get("end")),
        speaker=members.string(one.get("speaker")) or None,
    )


def told(number: int, one: Segment) -> Json:
    """A piece of a transcript that says who speaks."""
    about = {"id": f"seg_{number}", "type": "transcript.text.segment"}
    return {**about, "speaker": one.speaker or "A", "text": one.text, **times(one)}


def times(one: Segment) -> Json:
    """From when to when."""
    return {"start": one.start, "end": one.end}


def counts(answer: Transcript) -> Json:
    """What was used, where it is known: tokens, or seconds."""
    used = answer.usage
    if used is None:
        return {}
    if used.units is not None and not used.total:
        return {"usage": {"type": "duration", "seconds": used.units.seconds}}
    said = {"input_tokens": used.input, "output_tokens": used.output}
    return {"usage": {"type": "tokens", **said, "total_tokens": used.total}}


def language(body: Json) -> str | None:
    """The first of those that were heard, which a newer model tells as a list."""
    found = members.dicts(body.get("languages"))
    heard = found[0].get("code") if found else body.get("language")
    return members.string(heard) or None


class Parser(EventParser):
    """Reads the events."""

    READ: ClassVar[Mapping[str, Shape]] = {
        "transcript.text.delta": shape("type", "delta", "segment_id"),
        "transcript.text.segment": shape("type", "id", "text", "start", "end", "speaker"),
        "transcript.text.done": shape("type", "text", "usage", languages=shape("code")),
        "": shape(
            *("id", "object", "created", "model", "usage"),
            choices=shape("index", "finish_reason", "stop_reason", delta=shape("role", "content")),
        ),
    }

    def __init__(self) -> None:
        super().__init__()
        self._texts: list[str] = []
        self._used: Usage | None = None

    def _said(self, said: Json) -> list[Delta]:
        if said.get("error"):
            return [Failed(error=describe(said, None))]
        self._used = usage(said.get("usage")) or self._used
        match said.get("type"):
            case "transcript.text.delta":
                return self._text(said.get("delta"))
            case "transcript.text.segment":
                return [Timed(segment=segment(said, "text"))]
            case "transcript.text.done":
                return [self._heard(members.string(said.get("text")), language(said))]
        return [
            one for piece in members.dicts(said.get("choices")) for one in self._piece_of(piece)
        ]

    def _piece_of(self, choice: Json) -> list[Delta]:
        delta = choice.get("delta")
        return self._text(delta.get("content")) if isinstance(delta, dict) else []

    def _text(self, text: Any) -> list[Delta]:
        if not isinstance(text, str) or not text:
            return []
        self._texts.append(text)
        return [Said(text=text)]

    def _done(self) -> list[Delta]:
        return [self._heard("", None)]

    def _heard(self, text: str, language: str | None) -> Heard:
        whole = text or "".join(self._texts).strip()
        return Heard(transcript=Transcript(text=whole, language=language, usage=self._used))


class Renderer(TranscriptRenderer):
    """Writes the events; there are segments only where it is to be told who speaks."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._diarized = context.echo.get("form") == DIARIZED
        self._number = 0

    def _wanted(self, whole: Transcript) -> tuple[Segment, ...]:
        return whole.pieces if self._diarized else ()

    def _text(self, text: str) -> bytes:
        return _event({"type": "transcript.text.delta", "delta": text})

    def _language(self, language: str) -> bytes:
        return b""

    def _segment(self, segment: Segment) -> bytes:
        if not self._diarized:
            return b""
        self._number += 1
        return _event(told(self._number - 1, segment))

    def _end(self, whole: Transcript) -> bytes:
        return _event({"type": "transcript.text.done", "text": whole.text, **counts(whole)})

    def _error(self, error: ApiError) -> bytes:
        return error_event(error)


def _event(said: Json) -> bytes:
    return b"data: %b\n\n" % orjson.dumps(said)
