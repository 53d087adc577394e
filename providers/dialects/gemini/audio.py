"""Speech and transcripts by Gemini's models, which do both as they converse; for providers alone.

https://ai.google.dev/gemini-api/docs/speech-generation, https://ai.google.dev/gemini-api/docs/audio
"""

import base64
import re
from typing import Any

import msgspec

from providers.bridging.dialect import Context, Endpoint
from providers.bridging.members import Shape, shape
from providers.bridging.plain import PlainDialect, known
from providers.bridging.provider_members import Names
from providers.bridging.transcript_stream import note
from providers.dialects.gemini.errors import parse_error, render_error
from providers.dialects.gemini.generate_content.parser import Parser
from providers.dialects.gemini.generate_content.response import watch
from providers.dialects.gemini.generate_content.told import USAGE
from providers.errors import BROKEN_OFF, ApiError, BadAnswer, Cause, FailedAnswer, Unsupported
from providers.neutral import deltas
from providers.neutral.chat import Finish
from providers.neutral.speech import Sound, SpeechAnswer, SpeechRequest
from providers.neutral.transcripts import (
    Delta,
    Failed,
    Form,
    Heard,
    Said,
    Transcript,
    TranscriptRequest,
)
from providers.operations import Operation
from providers.usage import Usage
from providers.wire import error_bodies, members
from providers.wire.members import Json

SPEECH = "gemini.speech"
TRANSCRIPTS = "gemini.transcripts"
TRANSLATIONS = "gemini.translations"
PATH = "/models/{model}:generateContent"
STREAM = "/models/{model}:streamGenerateContent?alt=sse"

HEAR = "Write down what is said in this recording, word for word, and nothing else."
TRANSLATE = "Write down in English what is said in this recording, and nothing else."
KINDS = {"audio/mp3": "audio/mpeg", "audio/x-wav": "audio/wav", "audio/mp4": "audio/m4a"}
ENDINGS = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "aac": "audio/aac",
    "m4a": "audio/m4a",
    "webm": "audio/webm",
    "aiff": "audio/aiff",
}
REGIONS = {
    "ar": "ar-XA",
    "bn": "bn-IN",
    "de": "de-DE",
    "en": "en-US",
    "es": "es-ES",
    "fr": "fr-FR",
    "gu": "gu-IN",
    "hi": "hi-IN",
    "id": "id-ID",
    "it": "it-IT",
    "ja": "ja-JP",
    "kn": "kn-IN",
    "ko": "ko-KR",
    "ml": "ml-IN",
    "mr": "mr-IN",
    "nl": "nl-NL",
    "pl": "pl-PL",
    "pt": "pt-BR",
    "ru": "ru-RU",
    "ta": "ta-IN",
    "te": "te-IN",
    "th": "th-TH",
    "tr": "tr-TR",
    "vi": "vi-VN",
    "zh": "cmn-CN",
}
"""A language alone → the same as Gemini knows it, with a region.

https://ai.google.dev/api/generate-content#SpeechConfig
"""
WITHHELD = frozenset({"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"})
"""Reasons for which there is no answer, which the request gives.

https://ai.google.dev/api/generate-content#FinishReason
"""
RATE = 24_000
"""Samples a second, where nothing says how many."""
SAMPLES = re.compile(r"rate=(\d{4,6})")


def _refuse(body: Json, path_model: str) -> Any:
    raise Unsupported("Gemini's clients converse")


def _render_nothing(answer: Any, context: Context) -> Json:
    raise BadAnswer("Gemini's clients converse")


def render_speech(request: SpeechRequest, model: str, dropped: list[str]) -> Json:
    """The text, after how it is to be said, and the voice."""
    request.one_of(Sound.WAV, Sound.PCM, where="Gemini")
    text = request.text
    if request.instructions:
        text = f"{request.instructions}\n\n{text}"
    voice: Json = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": request.voice}}}
    if request.language is not None:
        voice["languageCode"] = REGIONS.get(request.language, request.language)
    return {
        "contents": [{"role": "user", "parts": [{"text": text}]}],
        "generationConfig": members.optional(
            responseModalities=["AUDIO"], speechConfig=voice, seed=request.seed
        ),
    }


def _parts(body: Json) -> list[Json]:
    for candidate in members.dicts(body.get("candidates")):
        content = candidate.get("content")
        if isinstance(content, dict):
            return [one for one in members.dicts(content.get("parts")) if not one.get("thought")]
    return []


def parse_sound(body: Json) -> SpeechAnswer:
    """Bare samples."""
    found = [members.inner(part.get("inlineData")) for part in _parts(body)]
    sounds = [one for one in found if isinstance(one.get("data"), str)]
    try:
        data = b"".join(base64.b64decode(one["data"], validate=True) for one in sounds)
    except ValueError:  # of what is no ASCII, too
        data = b""
    if not data:
        raise _silent(body, "sound")
    rate = SAMPLES.search(members.string(sounds[0].get("mimeType")))
    return SpeechAnswer(data=data, rate=int(rate[1]) if rate else RATE, usage=watch(body).usage)


def _silent(body: Json, what: str) -> BadAnswer:
    """What a client is told who gets none: it was withheld, or nobody can say."""
    reason = error_bodies.word(body.get("promptFeedback"), "blockReason")
    for one in members.dicts(body.get("candidates")):
        ended = error_bodies.word(one, "finishReason")
        reason = reason or (ended if ended in WITHHELD else None)
    if reason is None:
        return BadAnswer(f"the provider's answer has no {what}")
    message = f"the provider withholds its {what}: {reason}"[: error_bodies.MAX_MESSAGE]
    return FailedAnswer(
        ApiError(status=400, cause=Cause.INVALID_REQUEST, code=reason[:100], message=message)
    )


def _instruction(request: TranscriptRequest, first: str) -> str:
    said = [first]
    if request.language:
        said.append(f"It is in this language: {request.language}.")
    if request.prompt:
        said.append(f"What is known of it: {request.prompt}")
    if request.terms:
        said.append(f"These may be heard in it: {', '.join(request.terms)}")
    return "\n".join(said)


def _asked(request: TranscriptRequest, first: str) -> Json:
    if request.form in (Form.SRT, Form.VTT):
        raise Unsupported("Gemini tells no times of what it hears", param="form")
    data = base64.b64encode(request.file.data).decode()
    sound = {"mimeType": _kind(request), "data": data}
    return members.optional(
        contents=[
            {
                "role": "user",
                "parts": [{"text": _instruction(request, first)}, {"inlineData": sound}],
            }
        ],
        generationConfig=members.optional(temperature=request.temperature, seed=request.seed),
    )


def _kind(request: TranscriptRequest) -> str:
    said = request.file.media_type.partition(";")[0].strip().lower()
    ending = request.file.filename.rpartition(".")[2].lower()
    if not said.startswith(("audio/", "video/")):
        said = ENDINGS.get(ending, "audio/wav")
    return KINDS.get(said, said)


def render_transcript(request: TranscriptRequest, model: str, dropped: list[str]) -> Json:
    """The recording, and what to do with it."""
    return _asked(request, HEAR)


def render_translation(request: TranscriptRequest, model: str, dropped: list[str]) -> Json:
    """The same, for English words."""
    return _asked(request, TRANSLATE)


def parse_transcript(body: Json) -> Transcript:
    """All the words."""
    texts = [one["text"] for one in _parts(body) if isinstance(one.get("text"), str)]
    if not texts:
        raise _silent(body, "text")
    return Transcript(text="".join(texts).strip(), usage=watch(body).usage)


class HeardParser:
    """Reads a stream of what a model hears."""

    def __init__(self) -> None:
        self.lost: Names = {}
        self._parser = Parser()
        self._texts: list[str] = []
        self._used: Usage | None = None
        self._failed: ApiError | None = None

    def feed(self, data: bytes) -> list[Delta]:
        """The words that `data` completes."""
        return self._heard(self._parser.feed(data))

    def flush(self) -> list[Delta]:
        """The rest, and the end."""
        rest = self._heard(self._parser.flush())
        return [*rest, self._end()]

    def _heard(self, said: list[deltas.AnyDelta]) -> list[Delta]:
        found: list[Delta] = []
        for delta in said:
            match delta:
                case deltas.TextDelta(text=text, choice=0) if text:
                    self._texts.append(text)
                    found.append(Said(text=text))
                case deltas.Beside(names=names):
                    note(self.lost, names)
                case deltas.Used():
                    self._used = delta.usage
                case deltas.End(finish=Finish.ERROR):
                    self._failed = delta.error or BROKEN_OFF
                case deltas.End(finish=finish) if finish is not Finish.STOP:
                    note(self.lost, ["candidates.finishReason"])
                case deltas.Failed():
                    self._failed = delta.error
        return found

    def _end(self) -> Heard | Failed:
        text = "".join(self._texts).strip()
        if self._failed is None and not text:
            self._failed = BadAnswer("the provider's answer has no text").as_api_error()
        if self._failed is not None:
            return Failed(error=self._failed)
        return Heard(transcript=Transcript(text=text, usage=self._used))


def _read(part: Shape) -> Shape:
    """An answer, of whose parts these are told; thoughts are nobody's."""
    parts = Shape(part.known | {"thought", "thoughtSignature"}, part.inner)
    content = shape("role", parts=parts)
    candidates = shape("index", "avgLogprobs", "tokenCount", content=content)
    return shape(*ABOUT, candidates=candidates, usageMetadata=USAGE)


ABOUT = ("responseId", "modelVersion", "createTime")

SPEAKING = PlainDialect[SpeechRequest, SpeechAnswer](
    name=SPEECH,
    operation=Operation.SPEECH,
    client=(),
    upstream=(Endpoint(path=PATH),),
    carries=frozenset({"format", "instructions", "language", "seed"}),
    parse_request=_refuse,
    render_request=render_speech,
    parse_response=parse_sound,
    leaves=known(_read(shape(inlineData=shape("mimeType", "data")))),
    render_response=_render_nothing,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
)

HEARING = PlainDialect[TranscriptRequest, Transcript](
    name=TRANSCRIPTS,
    operation=Operation.TRANSCRIPTION,
    client=(),
    upstream=(Endpoint(path=PATH, stream=False), Endpoint(path=STREAM, stream=True)),
    carries=frozenset({"language", "prompt", "terms", "temperature", "form", "seed"}),
    parse_request=_refuse,
    render_request=render_transcript,
    parse_response=parse_transcript,
    leaves=known(_read(shape("text"))),
    parser=HeardParser,
    asks_stream=lambda body: {},  # the path does
    render_response=_render_nothing,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
)

INTO_ENGLISH = msgspec.structs.replace(
    HEARING,
    name=TRANSLATIONS,
    operation=Operation.TRANSLATION,
    render_request=render_translation,
)

DIALECTS = (SPEAKING, HEARING, INTO_ENGLISH)
