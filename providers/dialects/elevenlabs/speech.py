"""The elevenlabs.speech dialect, and elevenlabs.timed_speech, which tells when letters are heard.

The voice stands in the path, and the format of the sound in its query.
https://elevenlabs.io/docs/api-reference/text-to-speech/convert
"""

import re
from collections.abc import Mapping
from typing import Any

from providers.bridging.dialect import Address, Context, Endpoint, Seen
from providers.bridging.members import shape
from providers.bridging.plain import PlainDialect, Raw
from providers.dialects.elevenlabs import paths
from providers.dialects.elevenlabs.errors import parse_error, render_error
from providers.errors import Unsupported
from providers.neutral import listing
from providers.neutral.languages import alone
from providers.neutral.speech import Sound, SpeechAnswer, SpeechRequest, spoken
from providers.operations import Operation
from providers.usage import Usage
from providers.wire import members
from providers.wire.members import Json

NAME = "elevenlabs.speech"
FORMATS = {
    Sound.MP3: "mp3_44100_128",
    Sound.PCM: "pcm_24000",
    Sound.OPUS: "opus_48000_128",
    Sound.WAV: "wav_24000",
}
SOUNDS = {written: sound for sound, written in FORMATS.items()}
ALIKE = re.compile(r"(mp3|opus|wav)_\d+(?:_\d+)?")
"""Formats whose bytes say themselves how they are to be played."""
SLOWEST, FASTEST = 0.7, 1.2

BODY = frozenset({"text", "model_id", "voice_settings", "language_code", "seed"})
KNOWN = BODY | {"voice", "output_format", "enable_logging"}


def addressed(path: str, query: str) -> Address:
    """The voice, and what the query says; whether the client calls it a stream or not, the sound
    comes as it is made."""
    return paths.of_voice(path, query, paths.STREAM if path.endswith(paths.STREAM) else "", BODY)


def parse_request(body: Json, path_model: str) -> SpeechRequest:
    """What a body says, and its path."""
    paths.keeps_nothing(body)
    settings = members.mapping(body, "voice_settings") or {}
    format, nearly = _format(body)
    return SpeechRequest(
        text=members.required_text(body, "text"),
        voice=members.required_text(body, "voice"),
        format=format,
        speed=members.number(settings, "speed", "voice_settings."),
        language=members.text(body, "language_code"),
        seed=members.integer(body, "seed"),
        extras={**members.beyond(body, KNOWN), **nearly},
    )


def _format(body: Json) -> tuple[Sound | None, Json]:
    """How sound is to be written, and what of it others cannot be told; raises Unsupported for what
    they do not have at all."""
    said = members.text(body, "output_format")
    if said is None or said in SOUNDS:
        return SOUNDS.get(said or ""), {}
    found = ALIKE.fullmatch(said)
    if found is None:
        names = ", ".join(SOUNDS)
        message = f"output_format: only ElevenLabs has {said[:40]!r}; others may have {names}"
        raise Unsupported(message, param="output_format")
    return Sound(found[1]), {"output_format": said}


def echo(body: Json) -> Mapping[str, Any]:
    """In which format the client wants its sound."""
    return {"format": _format(body)[0]}


def render_request(request: SpeechRequest, model: str, dropped: list[str]) -> Json:
    """The text; a speed beyond what there is becomes the nearest, named."""
    request.one_of(*FORMATS, where=NAME)
    speed = request.speed
    if speed is not None and not SLOWEST <= speed <= FASTEST:
        dropped.append("speed")
        speed = min(max(speed, SLOWEST), FASTEST)
    return members.optional(
        text=request.text,
        model_id=model,
        language_code=alone(request.language),
        seed=request.seed,
        voice_settings=None if speed is None else {"speed": speed},
    )


def places(request: SpeechRequest) -> Mapping[str, str]:
    """Who speaks, and how it is written."""
    format = request.one_of(*FORMATS, where=NAME)
    return {"voice": request.voice, "format": FORMATS[format]}


def watch(answer: Any) -> Seen:
    """Sound says nothing of itself; the text that was spoken is known."""
    return Seen(usage=Usage())


def parse_response(answer: bytes) -> SpeechAnswer:
    """The sound."""
    return SpeechAnswer(data=answer)


def render_response(answer: SpeechAnswer, context: Context) -> Raw:
    """The bytes."""
    return Raw(*answer.finished(context.echo.get("format") or Sound.MP3))


DIALECT = PlainDialect[SpeechRequest, SpeechAnswer](
    name=NAME,
    operation=Operation.SPEECH,
    client=(Endpoint(path=paths.SPEECH), Endpoint(path=paths.SPEECH + paths.STREAM)),
    upstream=(Endpoint(path="/text-to-speech/{voice}?output_format={format}"),),
    member="model_id",
    addressed=addressed,
    binary=True,
    carries=frozenset({"format", "speed", "language", "seed"}),
    names={
        "format": "output_format",
        "speed": "voice_settings.speed",
        "language": "language_code",
    },
    nested=shape(voice_settings=shape("speed")),
    parse_request=parse_request,
    render_request=render_request,
    places=places,
    parse_response=parse_response,
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    read=bytes,
    watch=watch,
    edits=paths.model_edit,
    echo=echo,
    uses=lambda body: spoken(body, "text"),
    listing=listing.ELEVENLABS,
)

DIALECTS = (DIALECT,)
