"""The openai.speech dialect.

https://platform.openai.com/docs/api-reference/audio/createSpeech
"""

import base64
from collections.abc import Mapping
from typing import Any

import orjson

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.members import shape
from providers.bridging.plain import PlainDialect, Raw
from providers.dialects.openai.audio_stream import AudioRelay
from providers.dialects.openai.kept_ids import SPOKEN
from providers.neutral.speech import Sound, SpeechAnswer, SpeechRequest, spoken
from providers.operations import Operation
from providers.usage import Usage
from providers.wire import members
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.members import Json
from providers.wire.splice import model_edit

NAME = "openai.speech"
KNOWN = frozenset({"model", "input", "voice", "response_format", "speed", "instructions"})
KNOWN |= {"stream_format"}
MORE = frozenset({"language", "seed", "user"})
"""What OpenAI itself has not, and others are told."""


def parse_request(body: Json, path_model: str) -> SpeechRequest:
    """A text and a voice."""
    format = members.text(body, "response_format")
    if format is not None and format not in tuple(Sound):
        raise members.wrong("response_format", f"one of {', '.join(Sound)}")
    voice = body.get("voice")
    return SpeechRequest(
        text=members.required_text(body, "input"),
        voice=members.required_text(voice if isinstance(voice, dict) else body, _voice(voice)),
        format=None if format is None else Sound(format),
        speed=members.number(body, "speed"),
        instructions=members.text(body, "instructions"),
        language=members.text(body, "language"),
        seed=members.integer(body, "seed"),
        user=members.text(body, "user"),
        extras=members.beyond(body, KNOWN | MORE),
    )


def _voice(voice: Any) -> str:
    """A voice of one's own is an object with an id."""
    return "id" if isinstance(voice, dict) else "voice"


def render_request(request: SpeechRequest, model: str, dropped: list[str]) -> Json:
    """The same in OpenAI's words."""
    return members.optional(
        model=model,
        input=request.text,
        voice=request.voice,
        response_format=None if request.format is None else request.format.value,
        speed=request.speed,
        instructions=request.instructions,
    )


def read(data: bytes) -> bytes:
    """Sound, as it is."""
    return data


def watch(answer: bytes) -> Seen:
    """Sound says nothing of itself; the text that was spoken is known."""
    return Seen(usage=Usage())


def parse_response(answer: bytes) -> SpeechAnswer:
    """The sound; in which format it is, the client has said."""
    return SpeechAnswer(data=answer)


def echo(body: Json) -> Mapping[str, Any]:
    """In which format the client wants its sound."""
    return {"format": body.get("response_format")}


def render_response(answer: SpeechAnswer, context: Context) -> Raw:
    """The bytes."""
    return Raw(*answer.finished(Sound(context.echo.get("format") or Sound.MP3)))


def render_stream(answer: SpeechAnswer, context: Context) -> bytes:
    """All of the sound as one piece, and its end."""
    sound = base64.b64encode(render_response(answer, context).data).decode()
    used = answer.usage or Usage()
    counts = {"input_tokens": used.input, "output_tokens": used.output, "total_tokens": used.total}
    delta = {"type": "speech.audio.delta", "audio": sound}
    done = {"type": "speech.audio.done", "usage": counts}
    return b"".join(b"data: " + orjson.dumps(event) + b"\n\n" for event in (delta, done))


DIALECT = PlainDialect[SpeechRequest, SpeechAnswer](
    name=NAME,
    operation=Operation.SPEECH,
    client=(
        Endpoint(path="/v1/audio/speech"),
        Endpoint(path="/openai/v1/audio/speech"),
        Endpoint(path="/openai/deployments/{model}/audio/speech"),
    ),
    upstream=(Endpoint(path="/audio/speech"),),
    request_id="x-request-id",
    binary=True,
    carries=frozenset({"format", "speed", "instructions"}),
    names={"text": "input", "format": "response_format"},
    nested=shape(voice=shape("id")),
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    render_stream=render_stream,
    parse_error=parse_error,
    render_error=render_error,
    read=read,
    watch=watch,
    relay=AudioRelay,
    streams=lambda body: body.get("stream_format") == "sse",
    edits=model_edit,
    echo=echo,
    uses=lambda body: spoken(body, "input"),
    ids=lambda body: SPOKEN,
)

DIALECTS = (DIALECT,)
