"""The mistral.speech dialect: a text, spoken by a voice that has an id.

https://docs.mistral.ai/api/endpoint/audio/speech, and `SpeechRequest` of the official SDK (3.7).
"""

import base64
import re
from collections.abc import Mapping
from typing import Any

import orjson

from providers.bridging.dialect import Context, Endpoint, Place, Seen
from providers.bridging.plain import PlainDialect
from providers.bridging.watching import WatchingRelay
from providers.errors import ApiError, BadAnswer, Unsupported
from providers.neutral.chat import Finish
from providers.neutral.speech import Sound, SpeechAnswer, SpeechRequest, spoken
from providers.operations import Operation
from providers.usage import Usage, count, told
from providers.wire import members, sse
from providers.wire.compatible_errors import describe, error_event, parse_error, render_error
from providers.wire.members import Json
from providers.wire.splice import model_edit

NAME = "mistral.speech"
KNOWN = frozenset({"model", "input", "voice_id", "response_format", "stream"})
OWN = frozenset({"voice_id", "ref_audio"})
FORMATS = (Sound.MP3, Sound.WAV, Sound.FLAC, Sound.OPUS)
"""Those that others mean by the same word: Mistral's `pcm` is of 32-bit floats.

https://docs.mistral.ai/capabilities/audio/text_to_speech/speech#response-audio-formats
"""


def asked_by(body: Json) -> str:
    """Whether it is a client of Mistral's: OpenAI's say `voice`."""
    return NAME if OWN & body.keys() else ""


def parse_request(body: Json, path_model: str) -> SpeechRequest:
    """A text and a voice; raises Unsupported for a voice that is to be copied."""
    if body.get("ref_audio") is not None:
        raise Unsupported("ref_audio: only Mistral copies a voice", param="ref_audio")
    return SpeechRequest(
        text=members.required_text(body, "input"),
        voice=members.required_text(body, "voice_id"),
        format=_format(members.text(body, "response_format")),
        extras=members.beyond(body, KNOWN),
    )


def _format(said: str | None) -> Sound | None:
    if said == "pcm":
        message = "response_format: only Mistral has samples of 32-bit floats"
        raise Unsupported(message, param="response_format")
    if said is not None and said not in FORMATS:
        raise members.wrong("response_format", f"one of {', '.join(FORMATS)}, pcm")
    return None if said is None else Sound(said)


def render_request(request: SpeechRequest, model: str, dropped: list[str]) -> Json:
    """The same in Mistral's words; raises Unsupported for a format that it has not."""
    format = request.one_of(*FORMATS, where="Mistral")
    return {
        "model": model,
        "input": request.text,
        "voice_id": request.voice,
        "response_format": format.value,
    }


def parse_response(body: Json) -> SpeechAnswer:
    """The sound; raises BadAnswer where there is none."""
    try:
        data = base64.b64decode(members.string(body.get("audio_data")), validate=True)
    except ValueError:  # of what is no ASCII, too
        data = b""
    if not data:
        raise BadAnswer("the provider's answer has no sound")
    return SpeechAnswer(data=data, usage=_usage(body))


def echo(body: Json) -> Mapping[str, Any]:
    """In which format the client wants its sound."""
    return {"format": body.get("response_format")}


def _sound(answer: SpeechAnswer, context: Context) -> str:
    data, _ = answer.finished(Sound(context.echo.get("format") or Sound.MP3))
    return base64.b64encode(data).decode()


def render_response(answer: SpeechAnswer, context: Context) -> Json:
    """The sound in JSON."""
    return {"audio_data": _sound(answer, context)}


def render_stream(answer: SpeechAnswer, context: Context) -> bytes:
    """All of the sound as one piece, and its end."""
    used = answer.usage or Usage()
    counts = {
        "prompt_tokens": used.input,
        "completion_tokens": used.output,
        "total_tokens": used.total,
    }
    return _event("delta", audio_data=_sound(answer, context)) + _event("done", usage=counts)


def _event(kind: str, **said: Any) -> bytes:
    type = f"speech.audio.{kind}"
    return b"event: %b\ndata: %b\n\n" % (type.encode(), orjson.dumps({**said, "type": type}))


def _usage(said: Json) -> Usage | None:
    counts = said.get("usage")
    if not isinstance(counts, dict):
        return None
    return told(count(counts.get("prompt_tokens")), count(counts.get("completion_tokens")))


def watch(body: Json) -> Seen:
    """What was used, where the answer says it; the text that was spoken is known."""
    return Seen(usage=_usage(body) or Usage())


SILENT = re.compile(rb"(?!)")
"""Sound has no words whose tokens could be estimated."""
NOTABLE = re.compile(rb'\.done"|"error"')


class SpeechRelay(WatchingRelay):
    """Passes a stream on; only its last event says what was used."""

    WORDS = SILENT

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
            self.seen.usage, self.seen.finish = _usage(said) or Usage(), Finish.STOP

    def _render(self, error: ApiError) -> bytes:
        return error_event(error)


DIALECT = PlainDialect[SpeechRequest, SpeechAnswer](
    name=NAME,
    operation=Operation.SPEECH,
    client=(),
    upstream=(Endpoint(path="/audio/speech"),),
    carries=frozenset({"format"}),
    names={"text": "input", "voice": "voice_id", "format": "response_format"},
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    render_stream=render_stream,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    relay=SpeechRelay,
    edits=model_edit,
    echo=echo,
    uses=lambda body: spoken(body, "input"),
)

DIALECTS = (DIALECT,)
SHARED_PLACES = (Place(path="/v1/audio/speech", told=asked_by, names=frozenset({NAME})),)
