"""The elevenlabs.transcripts dialect, for providers alone.

https://elevenlabs.io/docs/api-reference/speech-to-text/convert
"""

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.plain import PlainDialect
from providers.dialects.elevenlabs.errors import parse_error, render_error
from providers.errors import BadAnswer
from providers.neutral.transcripts import Segment, Transcript, TranscriptRequest, seconds, turns
from providers.operations import Operation
from providers.usage import Units, Usage
from providers.wire import members
from providers.wire.members import Json
from providers.wire.multipart import Upload

NAME = "elevenlabs.transcripts"


def parse_request(body: Json, path_model: str) -> TranscriptRequest:
    """The file, and its language."""
    file = body.get("file")
    if not isinstance(file, Upload):
        raise members.wrong("file", "a file")
    return TranscriptRequest(file=file, language=members.text(body, "language_code"))


def render_request(request: TranscriptRequest, model: str, dropped: list[str]) -> Json:
    """Times of words always come, so nothing need be asked for them."""
    return members.optional(
        model_id=model,
        file=request.file,
        language_code=request.language,
        temperature=request.temperature,
        seed=request.seed,
        diarize=request.speakers,
        timestamps_granularity="word",
    )


def _words(body: Json) -> tuple[Segment, ...]:
    return tuple(
        Segment(
            text=members.string(one.get("text")),
            start=seconds(one.get("start")),
            end=seconds(one.get("end")),
            speaker=members.string(one.get("speaker_id")) or None,
        )
        for one in members.dicts(body.get("words"))
        if one.get("type", "word") == "word"
    )


def _length(body: Json) -> float:
    """How long the recording is, as far as it was spoken in if nothing else is said."""
    said = seconds(body.get("audio_duration_secs"))
    return said or max((word.end for word in _words(body)), default=0.0)


def _usage(body: Json) -> Usage | None:
    length = _length(body)
    return Usage(units=Units(seconds=length)) if length else None


def watch(body: Json) -> Seen:
    """How long the recording is."""
    return Seen(usage=_usage(body))


def parse_response(body: Json) -> Transcript:
    """What was heard; words of one speaker in a row are a segment."""
    if not isinstance(body.get("text"), str):
        raise BadAnswer("the provider's answer has no text")
    words = _words(body)
    return Transcript(
        text=body["text"],
        language=members.string(body.get("language_code")) or None,
        duration=_length(body) or None,
        segments=turns(words),
        words=words,
        usage=_usage(body),
    )


def render_response(answer: Transcript, context: Context) -> Json:
    """The text and its words."""
    return {
        "language_code": answer.language or "",
        "language_probability": 1.0,
        "text": answer.text,
        "words": [
            {"text": one.text, "start": one.start, "end": one.end, "type": "word"}
            for one in answer.words
        ],
    }


DIALECT = PlainDialect[TranscriptRequest, Transcript](
    name=NAME,
    operation=Operation.TRANSCRIPTION,
    client=(),
    upstream=(Endpoint(path="/speech-to-text"),),
    form=True,
    carries=frozenset({"language", "temperature", "form", "words", "segments", "speakers", "seed"}),
    names={"language": "language_code", "speakers": "diarize"},
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
)

DIALECTS = (DIALECT,)
