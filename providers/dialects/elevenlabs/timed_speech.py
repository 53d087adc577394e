"""The elevenlabs.timed_speech dialect: sound, and when each letter of the text is heard.

https://elevenlabs.io/docs/api-reference/text-to-speech/convert-with-timestamps
"""

import base64

import msgspec

from providers.bridging.dialect import Address, Endpoint, Seen
from providers.bridging.members import shape
from providers.bridging.plain import known
from providers.dialects.elevenlabs import paths, speech
from providers.errors import BadAnswer, Unsupported
from providers.neutral.speech import SpeechAnswer, SpeechRequest
from providers.usage import Usage
from providers.wire import members
from providers.wire.members import Json

NAME = "elevenlabs.timed_speech"
TIMED = "/with-timestamps"
ASKED = "/text-to-speech/{voice}"
FORMAT = "?output_format={format}"


def addressed(path: str, query: str) -> Address:
    """The voice, and what the query says."""
    return paths.of_voice(path, query, "", speech.BODY)


def parse_request(body: Json, path_model: str) -> SpeechRequest:
    """Nobody else is asked: raises Unsupported."""
    raise Unsupported("with-timestamps: only ElevenLabs tells when each letter is heard")


def parse_response(answer: Json) -> SpeechAnswer:
    """The sound, without its times; raises BadAnswer."""
    try:
        data = base64.b64decode(members.string(answer.get("audio_base64")), validate=True)
    except ValueError:
        data = b""
    if not data:
        raise BadAnswer("the provider's answer has no sound")
    return SpeechAnswer(data=data)


class TimedRelay:
    """Watches objects go by, of which each has a piece of the sound."""

    def __init__(self, wants_usage: bool) -> None:
        self.seen = Seen(usage=Usage())

    def feed(self, data: bytes) -> None:
        """Nothing is changed."""

    def flush(self) -> bytes:
        """Nothing is added."""
        return b""


DIALECT = msgspec.structs.replace(
    speech.DIALECT,
    name=NAME,
    client=(
        Endpoint(path=paths.SPEECH + TIMED, stream=False),
        Endpoint(path=paths.SPEECH + paths.STREAM + TIMED, stream=True),
    ),
    upstream=(
        Endpoint(path=ASKED + TIMED + FORMAT, stream=False),
        Endpoint(path=ASKED + paths.STREAM + TIMED + FORMAT, stream=True),
    ),
    addressed=addressed,
    binary=False,
    read=None,
    stream_type="",  # whatever the provider calls it
    parse_request=parse_request,
    parse_response=parse_response,
    leaves=known(shape("audio_base64")),
    relay=TimedRelay,
)

DIALECTS = (DIALECT,)
