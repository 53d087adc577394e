"""The mistral.transcripts dialect: a form like OpenAI's, and answers with times of its own.

Its clients come in where OpenAI's do, and always say `diarize` and `stream`.
https://docs.mistral.ai/api/endpoint/audio/transcriptions
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import orjson

from providers.bridging.dialect import Context, Endpoint, Place, Seen
from providers.bridging.members import Shape, shape
from providers.bridging.plain import PlainDialect, known
from providers.bridging.transcript_stream import (
    EventParser,
    TranscriptRenderer,
    TranscriptStream,
    replay,
)
from providers.bridging.watching import WatchingRelay
from providers.errors import ApiError, BadAnswer, Unsupported
from providers.neutral.chat import Finish
from providers.neutral.languages import alone
from providers.neutral.transcripts import (
    Delta,
    Failed,
    Form,
    Heard,
    Said,
    Segment,
    Spoken,
    Timed,
    Transcript,
    TranscriptRequest,
    seconds,
    turns,
)
from providers.operations import Operation
from providers.usage import Units, Usage, count
from providers.wire import form_texts, members, sse
from providers.wire.compatible_errors import describe, error_event, parse_error, render_error
from providers.wire.members import Json
from providers.wire.multipart import Upload
from providers.wire.splice import model_edit

NAME = "mistral.transcripts"
ELSEWHERE = ("file_url", "file_id")
"""What may stand in the place of a recording."""
OWN = frozenset({*ELSEWHERE, "context_bias", "speaker_references"})
KNOWN = frozenset({"model", "file", "language", "temperature", "stream", "diarize"})
KNOWN |= {"context_bias", "timestamp_granularities"}
PHRASES = "-transcribe-3"
"""What models are called of which a term may have several words.

https://docs.mistral.ai/studio/audio/speech-to-text/bias-context-and-vocabulary
"""
APART = re.compile(r"[\s,]+")
MOST_TERMS = 100
TIMED = (Form.SRT, Form.VTT, Form.VERBOSE)


def told(body: Json) -> str:
    """Whether it is a client of Mistral's."""
    return NAME if OWN & body.keys() or {"diarize", "stream"} <= body.keys() else ""


def parse_request(body: Json, path_model: str) -> TranscriptRequest:
    """A form: texts alone beside the file; raises Unsupported for a recording that Mistral has."""
    file = body.get("file")
    if not isinstance(file, Upload):
        for name in ELSEWHERE:
            if body.get(name) is not None:
                raise Unsupported(f"{name}: only Mistral has that recording", param=name)
        raise members.wrong("file", "a file")
    grains = form_texts.several(body, "timestamp_granularities")
    return TranscriptRequest(
        file=file,
        language=members.text(body, "language"),
        terms=tuple(one.replace("_", " ") for one in form_texts.several(body, "context_bias")),
        temperature=form_texts.number(body, "temperature"),
        words=True if "word" in grains else None,
        segments=True if "segment" in grains else None,
        speakers=form_texts.yes(body, "diarize") or None,
        extras=members.beyond(body, KNOWN),
    )


def render_request(request: TranscriptRequest, model: str, dropped: list[str]) -> Json:
    """Times are asked for where they are wanted; they exclude a language."""
    timed = request.form in TIMED or request.words or request.segments or request.speakers
    if timed and request.language is not None:
        dropped.append("language")
    return members.optional(
        model=model,
        file=request.file,
        language=None if timed else alone(request.language),
        temperature=request.temperature,
        diarize=request.speakers,
        timestamp_granularities=("word" if request.words else "segment") if timed else None,
        context_bias=_biased(request.terms, model, dropped),
    )


def _biased(terms: tuple[str, ...], model: str, dropped: list[str]) -> tuple[str, ...] | None:
    """As many as there may be; older models take no space in one, and no comma."""
    if len(terms) > MOST_TERMS:
        dropped.append("terms")
    some = terms[:MOST_TERMS]
    if PHRASES not in model:
        some = tuple(joined for one in some if (joined := "_".join(APART.split(one)).strip("_")))
    return some or None


def _usage(body: Json) -> Usage | None:
    said = body.get("usage")
    if not isinstance(said, dict):
        return None
    tokens = [count(said.get(name)) for name in ("prompt_tokens", "completion_tokens")]
    length = seconds(said.get("prompt_audio_seconds"))
    if not length and None in tokens:
        return None
    units = Units(seconds=length) if length else None
    return Usage(input=tokens[0] or 0, output=tokens[1] or 0, units=units)


def watch(body: Json) -> Seen:
    """Tokens and seconds."""
    return Seen(usage=_usage(body), model=members.string(body.get("model")))


def parse_response(body: Json) -> Transcript:
    """What was heard; where each segment is a word, those of a speaker in a row are one."""
    if not isinstance(body.get("text"), str):
        raise BadAnswer("the provider's answer has no text")
    usage = _usage(body)
    segments = tuple(_segment(one) for one in members.dicts(body.get("segments")))
    single = all(len(one.text.split()) == 1 for one in segments)
    units = None if usage is None else usage.units
    return Transcript(
        text=body["text"],
        language=members.string(body.get("language")) or None,
        duration=units.seconds if units else None,
        segments=turns(segments) if single else segments,
        words=segments if single else (),
        usage=usage,
    )


READ = shape(
    *("model", "text", "language"),
    usage=shape("prompt_tokens", "completion_tokens", "total_tokens", "prompt_audio_seconds"),
    segments=shape("type", "text", "start", "end", "speaker_id"),
)


def _segment(one: Json) -> Segment:
    return Segment(
        text=members.string(one.get("text")).strip(),
        start=seconds(one.get("start")),
        end=seconds(one.get("end")),
        speaker=members.string(one.get("speaker_id")) or None,
    )


def echo(body: Json) -> Mapping[str, Any]:
    """Which times the client wants, and whether it wants to know who speaks."""
    grains = form_texts.several(body, "timestamp_granularities")
    return {"grains": grains, "diarize": form_texts.yes(body, "diarize")}


def render_response(answer: Transcript, context: Context) -> Json:
    """The text, and the times that are wanted."""
    return {
        "model": context.model,
        "text": answer.text,
        "language": answer.language,
        "segments": [_told(one) for one in _wanted(answer, context)],
        "usage": _counts(answer.usage or Usage()),
    }


def _wanted(answer: Transcript, context: Context) -> tuple[Segment, ...]:
    grains = context.echo.get("grains") or ()
    if "word" in grains and answer.words:
        return answer.words
    return answer.pieces if _timed(context) else ()


def _timed(context: Context) -> bool:
    return bool(context.echo.get("grains") or context.echo.get("diarize"))


def _told(one: Segment) -> Json:
    speaker = {} if one.speaker is None else {"speaker_id": one.speaker}
    times = {"start": one.start, "end": one.end}
    return {"type": "transcription_segment", "text": one.text, **times, **speaker}


def _counts(used: Usage) -> Json:
    length = {} if used.units is None else {"prompt_audio_seconds": round(used.units.seconds)}
    counts = {"prompt_tokens": used.input, "completion_tokens": used.output}
    return {**counts, "total_tokens": used.total, **length}


class Parser(EventParser):
    """Reads the events."""

    READ: ClassVar[Mapping[str, Shape]] = {
        "transcription.text.delta": shape("type", "text"),
        "transcription.language": shape("type", "audio_language"),
        "transcription.segment": shape("type", "text", "start", "end", "speaker_id"),
        "transcription.done": Shape(READ.known | {"type"}, READ.inner),
    }

    def _said(self, said: Json) -> list[Delta]:
        if said.get("error"):
            return [Failed(error=describe(said, None))]
        text = members.string(said.get("text"))
        match said.get("type"):
            case "transcription.text.delta":
                return [Said(text=text)] if text else []
            case "transcription.language":
                language = members.string(said.get("audio_language"))
                return [Spoken(language=language)] if language else []
            case "transcription.segment":
                return [Timed(segment=_segment(said))]
            case "transcription.done":
                return [Heard(transcript=parse_response({"text": text, **said}))]
        return []


class Renderer(TranscriptRenderer):
    """Writes the events, with times where they are wanted, and all of it again at the end."""

    def _wanted(self, whole: Transcript) -> tuple[Segment, ...]:
        return _wanted(whole, self._context)

    def _text(self, text: str) -> bytes:
        return _event("text.delta", text=text)

    def _language(self, language: str) -> bytes:
        return _event("language", audio_language=language)

    def _segment(self, segment: Segment) -> bytes:
        if not _timed(self._context):
            return b""
        return _event("segment", **_told(segment))

    def _end(self, whole: Transcript) -> bytes:
        return _event("done", **render_response(whole, self._context))

    def _error(self, error: ApiError) -> bytes:
        return error_event(error)


def _event(kind: str, **said: Any) -> bytes:
    type = f"transcription.{kind}"
    return b"event: %b\ndata: %b\n\n" % (type.encode(), orjson.dumps({**said, "type": type}))


NOTABLE = re.compile(rb'\.done"|"error"')
TEXT = re.compile(rb'"text": ?"((?:[^"\\]++|\\.)*+)')


class TranscriptRelay(WatchingRelay):
    """Passes a stream on; only its last event says what was used."""

    WORDS = TEXT

    def __init__(self, wants_usage: bool) -> None:
        super().__init__(sse.Splitter(), b"\n\n")

    def _notable(self, data: bytes) -> bool:
        return NOTABLE.search(data) is not None

    def _object(self, piece: bytes) -> bytes:
        return sse.parse(piece)[1]

    def _said(self, said: Json) -> None:
        if said.get("error"):
            self.seen.error, self.seen.finish = describe(said, None), Finish.ERROR
        elif members.string(said.get("type")).endswith(".done"):
            self.seen.usage, self.seen.finish = _usage(said), Finish.STOP

    def _render(self, error: ApiError) -> bytes:
        return error_event(error)


DIALECT = PlainDialect[TranscriptRequest, Transcript](
    name=NAME,
    operation=Operation.TRANSCRIPTION,
    client=(),
    upstream=(Endpoint(path="/audio/transcriptions"),),
    form=True,
    carries=frozenset(
        {"language", "terms", "temperature", "form", "words", "segments", "speakers"}
    ),
    names={
        "words": "timestamp_granularities",
        "segments": "timestamp_granularities",
        "speakers": "diarize",
        "terms": "context_bias",
    },
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    leaves=known(READ),
    render_response=render_response,
    render_stream=replay(Renderer),
    parser=Parser,
    telling=partial(TranscriptStream, Renderer),
    asks_stream=lambda body: {"stream": True},
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    relay=TranscriptRelay,
    edits=model_edit,
    echo=echo,
)

DIALECTS = (DIALECT,)
SHARED_PLACES = (Place(path="/v1/audio/transcriptions", told=told, names=frozenset({NAME})),)
