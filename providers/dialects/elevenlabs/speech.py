"""The elevenlabs.speech dialect, for providers alone: the voice stands in the path.

https://elevenlabs.io/docs/api-reference/text-to-speech/convert
"""

from collections.abc import Mapping

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.plain import PlainDialect, Raw
from providers.dialects.elevenlabs.errors import parse_error, render_error
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
SLOWEST, FASTEST = 0.7, 1.2


def parse_request(body: Json, path_model: str) -> SpeechRequest:
    """What a body says; the voice is not in it."""
    settings = members.mapping(body, "voice_settings") or {}
    return SpeechRequest(
        text=members.required_text(body, "text"),
        voice="",
        speed=members.number(settings, "speed", "voice_settings."),
        language=members.text(body, "language_code"),
        seed=members.integer(body, "seed"),
    )


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
        language_code=request.language,
        seed=request.seed,
        voice_settings=None if speed is None else {"speed": speed},
    )


def places(request: SpeechRequest) -> Mapping[str, str]:
    """Who speaks, and how it is written."""
    format = request.one_of(*FORMATS, where=NAME)
    return {"voice": request.voice, "format": FORMATS[format]}


def watch(answer: bytes) -> Seen:
    """Sound says nothing of itself; the text that was spoken is known."""
    return Seen(usage=Usage())


def parse_response(answer: bytes) -> SpeechAnswer:
    """The sound."""
    return SpeechAnswer(data=answer)


def render_response(answer: SpeechAnswer, context: Context) -> Raw:
    """The bytes."""
    return Raw(*answer.finished(Sound.MP3))


DIALECT = PlainDialect[SpeechRequest, SpeechAnswer](
    name=NAME,
    operation=Operation.SPEECH,
    client=(),
    upstream=(Endpoint(path="/text-to-speech/{voice}?output_format={format}"),),
    binary=True,
    carries=frozenset({"format", "speed", "language", "seed"}),
    parse_request=parse_request,
    render_request=render_request,
    places=places,
    parse_response=parse_response,
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    read=bytes,
    watch=watch,
    uses=lambda body: spoken(body, "text"),
)

DIALECTS = (DIALECT,)
