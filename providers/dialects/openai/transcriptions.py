"""The openai.transcriptions dialect, and openai.translations, which is the same into English.

https://platform.openai.com/docs/api-reference/audio/createTranscription
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
import orjson

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.members import shape
from providers.bridging.plain import PlainDialect, Raw, known
from providers.bridging.transcript_stream import TranscriptStream, replay
from providers.dialects.openai.audio_stream import AudioRelay, usage
from providers.dialects.openai.transcript_stream import (
    DIARIZED,
    Parser,
    Renderer,
    counts,
    language,
    segment,
    times,
    told,
)
from providers.errors import BadAnswer
from providers.neutral.languages import alone
from providers.neutral.transcripts import (
    TEXTS,
    Form,
    Segment,
    Transcript,
    TranscriptRequest,
    seconds,
)
from providers.operations import Operation
from providers.usage import Units, Usage
from providers.wire import error_bodies, form_texts, members
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.members import Json
from providers.wire.multipart import Upload
from providers.wire.splice import model_edit

NAME = "openai.transcriptions"
INTO_ENGLISH = "openai.translations"
TIMED = (Form.SRT, Form.VTT, Form.VERBOSE)
TOLD = {
    Form.VERBOSE.value: frozenset({"word", "segment"}),
    **dict.fromkeys((Form.SRT.value, Form.VTT.value, DIARIZED), frozenset({"segment"})),
}
"""Form of an answer → of which grains it tells times; others have none, as OpenAI says itself."""
KNOWN = frozenset({"model", "file", "language", "prompt", "temperature", "response_format"})
KNOWN |= {"timestamp_granularities", "stream", "include", "chunking_strategy", "seed", "keywords"}
KEYWORDS = "gpt-transcribe"
"""What a model is called that takes them; others read a prompt."""


def parse_request(body: Json, path_model: str) -> TranscriptRequest:
    """A form: texts alone beside the file."""
    file = body.get("file")
    if not isinstance(file, Upload):
        raise members.wrong("file", "a file")
    form = members.text(body, "response_format") or "json"
    if form not in (*Form, DIARIZED):
        raise members.wrong("response_format", f"one of {', '.join([*Form, DIARIZED])}")
    grains, told = form_texts.several(body, "timestamp_granularities"), TOLD.get(form, frozenset())
    return TranscriptRequest(
        file=file,
        language=members.text(body, "language"),
        prompt=members.text(body, "prompt"),
        terms=tuple(form_texts.several(body, "keywords")),
        temperature=form_texts.number(body, "temperature"),
        form=Form.JSON if form == DIARIZED else Form(form),
        words=True if "word" in told.intersection(grains) else None,
        segments=True if "segment" in told.intersection(grains) else None,
        speakers=True if form == DIARIZED else None,
        logprobs=True if "logprobs" in form_texts.several(body, "include") else None,
        chunking=body.get("chunking_strategy"),
        seed=_whole(body, "seed"),
        extras=members.beyond(body, KNOWN)
        | _unstreamed(body, form)
        | ({} if told.issuperset(grains) else {"timestamp_granularities": grains}),
    )


def _unstreamed(body: Json, form: str) -> Json:
    """A form that no stream has: its events tell words, and who speaks."""
    streamed = form_texts.yes(body, "stream")
    return {"response_format": form} if streamed and form in TIMED else {}


def _whole(body: Json, name: str) -> int | None:
    number = form_texts.number(body, name)
    if number is not None and not (number.is_integer() and abs(number) < members.LARGEST):
        raise members.wrong(name, "an integer")
    return None if number is None else int(number)


def is_timed(request: TranscriptRequest) -> bool:
    """Whether the client wants to know when what is said."""
    return bool(request.form in TIMED or request.words or request.segments)


def render_request(request: TranscriptRequest, model: str, dropped: list[str]) -> Json:
    """With segments where only they can make what the client wants."""
    timed, listed = is_timed(request), KEYWORDS in model
    grains = (["word"] if request.words else []) + (["segment"] if request.segments else [])
    form = DIARIZED if request.speakers else Form.VERBOSE.value if timed else Form.JSON.value
    return members.optional(
        model=model,
        file=request.file,
        language=alone(request.language),
        prompt=request.prompt if listed else request.hints,
        keywords=[*request.terms] if listed else None,
        temperature=request.temperature,
        response_format=form,
        timestamp_granularities=grains,
        include=["logprobs"] if request.logprobs else None,
        chunking_strategy=request.chunking,
    )


def asks_stream(body: Json) -> Json:
    """What has times comes whole: whisper-1 takes no heed, and vLLM refuses to stream it."""
    return {} if body["response_format"] == Form.VERBOSE else {"stream": True}


def read(data: bytes) -> Json:
    """An answer in any form; what is no JSON is the transcript itself."""
    if data[:1] == b"{":
        try:
            body = orjson.loads(data)
        except orjson.JSONDecodeError:
            body = None
        if isinstance(body, dict):
            return body
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise BadAnswer("the provider's answer is no text") from error
    if error_bodies.MARKUP.match(text):
        raise BadAnswer("the provider's answer is an HTML page")
    return {"text": text}


def watch(body: Json) -> Seen:
    """Tokens, or seconds."""
    return Seen(usage=_usage(body), model=members.string(body.get("model")))


def _usage(body: Json) -> Usage | None:
    said = usage(body.get("usage"))
    if said is None and "duration" in body:
        return Usage(units=Units(seconds=seconds(body["duration"])))
    return said


def parse_response(body: Json) -> Transcript:
    """What was heard."""
    if not isinstance(body.get("text"), str):
        raise BadAnswer("the provider's answer has no text")
    return Transcript(
        text=body["text"],
        language=language(body),
        duration=seconds(body["duration"]) if "duration" in body else None,
        segments=tuple(segment(one, "text") for one in members.dicts(body.get("segments"))),
        words=tuple(segment(one, "word") for one in members.dicts(body.get("words"))),
        usage=_usage(body),
    )


READ = shape(
    *("task", "text", "language", "duration", "usage", "model", "x_groq"),
    languages=shape("code"),
    segments=shape("id", "type", "text", "start", "end", "speaker"),
    words=shape("word", "start", "end", "speaker"),
)


def echo(body: Json) -> Mapping[str, Any]:
    """In which form the client wants its transcript."""
    grains = form_texts.several(body, "timestamp_granularities")
    return {"form": body.get("response_format"), "words": "word" in grains}


def render_response(answer: Transcript, context: Context) -> Json | Raw:
    """What the client has asked for."""
    form = context.echo.get("form") or "json"
    if form in TEXTS:
        kind = "text/vtt" if form == Form.VTT else "text/plain"
        return Raw(TEXTS[Form(form)](answer).encode(), f"{kind}; charset=utf-8")
    body: Json = {"text": answer.text, **counts(answer)}
    if form == DIARIZED:
        body |= {"task": "transcribe", "duration": _length(answer)}
        body["segments"] = [told(n, one) for n, one in enumerate(answer.pieces)]
    elif form == Form.VERBOSE:
        body |= {
            "task": "transcribe",
            "language": answer.language or "",
            "duration": _length(answer),
        }
        body["segments"] = [_verbose(n, one) for n, one in enumerate(answer.pieces)]
        if context.echo.get("words"):
            body["words"] = [{"word": one.text, **times(one)} for one in answer.words]
    return body


def _length(answer: Transcript) -> float:
    if answer.duration is not None:
        return answer.duration
    return max((one.end for one in answer.pieces), default=0.0)


def _verbose(number: int, one: Segment) -> Json:
    unknown = {"seek": 0, "tokens": [], "temperature": 0.0, "avg_logprob": 0.0}
    unknown |= {"compression_ratio": 0.0, "no_speech_prob": 0.0}
    return {"id": number, **times(one), "text": one.text, **unknown}


def _places(verb: str) -> tuple[Endpoint, ...]:
    return (
        Endpoint(path=f"/v1/audio/{verb}"),
        Endpoint(path=f"/openai/v1/audio/{verb}"),
        Endpoint(path=f"/openai/deployments/{{model}}/audio/{verb}"),
    )


DIALECT = PlainDialect[TranscriptRequest, Transcript](
    name=NAME,
    operation=Operation.TRANSCRIPTION,
    client=_places("transcriptions"),
    upstream=(Endpoint(path="/audio/transcriptions"),),
    request_id="x-request-id",
    form=True,
    carries=frozenset(
        {"language", "prompt", "terms", "temperature", "form", "words", "segments", "speakers"}
        | {"logprobs", "chunking"}
    ),
    names={
        "terms": "keywords",
        "form": "response_format",
        "words": "timestamp_granularities",
        "segments": "timestamp_granularities",
        "speakers": "response_format",
        "logprobs": "include",
        "chunking": "chunking_strategy",
    },
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    leaves=known(READ),
    render_response=render_response,
    render_stream=replay(Renderer),
    parser=Parser,
    telling=partial(TranscriptStream, Renderer),
    asks_stream=asks_stream,
    parse_error=parse_error,
    render_error=render_error,
    read=read,
    watch=watch,
    relay=AudioRelay,
    edits=model_edit,
    echo=echo,
)

TRANSLATION = msgspec.structs.replace(
    DIALECT,
    name=INTO_ENGLISH,
    operation=Operation.TRANSLATION,
    client=_places("translations"),
    upstream=(Endpoint(path="/audio/translations"),),
    carries=frozenset({"prompt", "terms", "temperature", "form", "segments"}),
)

DIALECTS = (DIALECT, TRANSLATION)
