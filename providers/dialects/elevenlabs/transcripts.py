"""The elevenlabs.transcripts dialect.

https://elevenlabs.io/docs/api-reference/speech-to-text/convert
"""

from collections.abc import Iterator
from itertools import pairwise

from providers.bridging.dialect import Address, Context, Endpoint, Seen
from providers.bridging.members import shape
from providers.bridging.plain import PlainDialect, known
from providers.dialects.elevenlabs import paths
from providers.dialects.elevenlabs.errors import parse_error, render_error
from providers.dialects.elevenlabs.languages import LONG, SHORT
from providers.errors import BadAnswer, Unsupported
from providers.neutral.languages import alone
from providers.neutral.speech import wav
from providers.neutral.transcripts import Segment, Transcript, TranscriptRequest, seconds, turns
from providers.operations import Operation
from providers.usage import Units, Usage
from providers.wire import form_texts, members
from providers.wire.members import Json
from providers.wire.multipart import Upload

NAME = "elevenlabs.transcripts"
ELSEWHERE = ("source_url", "cloud_storage_url")
"""What may stand in the place of a recording."""
ALONE = (
    *("additional_formats", "detect_speaker_roles", "entity_detection", "entity_redaction"),
    *("transcript_edit", "use_multi_channel", "webhook"),
)
"""What asks for another answer, or for another place of it."""
SAMPLES, RATE = "pcm_s16le_16", 16_000
"""A recording that is bare samples, and how many of them a second has."""
BODY = frozenset(
    {"model_id", "file", "language_code", "temperature", "seed", "diarize", "keyterms"}
)
BODY |= {"timestamps_granularity", *ELSEWHERE, *ALONE}
KNOWN = BODY | {"file_format", "enable_logging"}


def addressed(path: str, query: str) -> Address:
    """What the query says."""
    return paths.of_query(query, BODY)


def parse_request(body: Json, path_model: str) -> TranscriptRequest:
    """A form: texts alone beside the file; raises Unsupported for what only ElevenLabs does."""
    paths.keeps_nothing(body)
    # Its Python SDK writes `null` for some of what it is not told (2.78, 2026-11).
    body = {name: said for name, said in body.items() if said != "null"}
    for name in (*ELSEWHERE, *ALONE):
        if str(body.get(name) or "false").lower() != "false":
            raise Unsupported(f"{name}: only ElevenLabs itself takes that", param=name)
    grain = members.text(body, "timestamps_granularity")
    if grain not in (None, "none", "word"):
        name = "timestamps_granularity"
        raise Unsupported(f"{name} may be none or word elsewhere than at ElevenLabs", param=name)
    language = members.text(body, "language_code")
    seed = form_texts.number(body, "seed")
    if seed is not None and not (seed.is_integer() and abs(seed) < members.LARGEST):
        raise members.wrong("seed", "an integer")
    return TranscriptRequest(
        file=_file(body),
        language=SHORT.get(language or "", language),
        terms=tuple(form_texts.several(body, "keyterms")),
        temperature=form_texts.number(body, "temperature"),
        words=True if grain == "word" else None,
        speakers=True if (members.text(body, "diarize") or "").lower() == "true" else None,
        seed=None if seed is None else int(seed),
        extras=members.beyond(body, KNOWN),
    )


def _file(body: Json) -> Upload:
    """The recording; bare samples get a header, which says of them what the form did."""
    file = body.get("file")
    if not isinstance(file, Upload):
        raise members.wrong("file", "a file")
    if body.get("file_format") != SAMPLES:
        return file
    name = f"{file.filename.rpartition('.')[0] or file.filename}.wav"
    return Upload(data=wav(file.data, RATE), filename=name, media_type="audio/wav")


def render_request(request: TranscriptRequest, model: str, dropped: list[str]) -> Json:
    """Times of words always come, so nothing need be asked for them; terms are named, since
    ElevenLabs asks a fifth more for them."""
    return members.optional(
        model_id=model,
        file=request.file,
        language_code=alone(request.language),
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
    """How long the recording is, as far as it was spoken in if nothing else is said; each of its
    channels may have a transcript of its own."""
    said = seconds(body.get("audio_duration_secs"))
    channels = [body, *members.dicts(body.get("transcripts"))]
    heard = (word.end for channel in channels for word in _words(channel))
    return said or max(heard, default=0.0)


def _usage(body: Json) -> Usage | None:
    length = _length(body)
    return Usage(units=Units(seconds=length)) if length else None


def watch(body: Json) -> Seen:
    """How long the recording is."""
    return Seen(usage=_usage(body))


READ = shape(
    *("language_code", "text", "audio_duration_secs"),
    words=shape("text", "start", "end", "type", "speaker_id"),
)


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
    """The text and its words; where there are none, what was said without a break."""
    language = answer.language
    return members.optional(audio_duration_secs=answer.duration) | {
        "language_code": LONG.get(language or "", language or ""),
        "language_probability": 1.0 if language else 0.0,
        "text": answer.text,
        "words": list(_timed(answer.words or answer.segments)),
    }


def _timed(pieces: tuple[Segment, ...]) -> Iterator[Json]:
    """With spaces between them, as ElevenLabs has them: clients put texts together again."""
    for one, following in pairwise((*pieces, None)):
        assert one is not None
        yield _piece(one, "word")
        if following is not None:
            end = max(one.end, following.start)
            yield _piece(Segment(text=" ", start=one.end, end=end, speaker=one.speaker), "spacing")


def _piece(one: Segment, kind: str) -> Json:
    # Its SDK knows no word without a probability.
    piece = {"text": one.text.strip() or one.text, "start": one.start, "end": one.end}
    return {**piece, "type": kind, "speaker_id": one.speaker, "logprob": 0.0}


DIALECT = PlainDialect[TranscriptRequest, Transcript](
    name=NAME,
    operation=Operation.TRANSCRIPTION,
    client=(Endpoint(path="/v1/speech-to-text"),),
    upstream=(Endpoint(path="/speech-to-text"),),
    member="model_id",
    addressed=addressed,
    form=True,
    carries=frozenset({"language", "temperature", "form", "words", "segments", "speakers", "seed"}),
    names={
        "language": "language_code",
        "terms": "keyterms",
        "words": "timestamps_granularity",
        "speakers": "diarize",
    },
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    leaves=known(READ),
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    edits=paths.model_edit,
)

DIALECTS = (DIALECT,)
