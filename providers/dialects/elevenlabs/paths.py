"""What paths of ElevenLabs' clients say: a voice, and in their query what others have in bodies.

https://elevenlabs.io/docs/api-reference/text-to-speech/convert
"""

from collections.abc import Iterator, Set
from urllib.parse import parse_qsl, unquote, unquote_plus

from providers.bridging.dialect import Address
from providers.errors import Unsupported
from providers.wire.members import Json

SPEECH = "/v1/text-to-speech/{voice}"
BEFORE = SPEECH.removesuffix("{voice}")
STREAM = "/stream"
SECRETS = frozenset({"key", "token", "single_use_token", "authorization"})
"""What a query may hold of a client's own credential."""


def of_voice(path: str, query: str, verb: str, known: Set[str]) -> Address:
    """Who is to speak, and what the query says beside a body that may say all of `known`; `verb`
    ends the provider's path."""
    voice = unquote(path.partition(BEFORE)[2].partition("/")[0])
    said = {**_beside(query, known), "voice": voice}
    return Address(said=said, places={"voice": voice}, ending=verb + _ending(query))


def of_query(query: str, known: Set[str]) -> Address:
    """What the query alone says."""
    return Address(said=_beside(query, known), ending=_ending(query))


def _beside(query: str, known: Set[str]) -> Json:
    """What stands in a body is never read from a query: it is the body that is charged."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return {name: value for name, value in pairs if name not in known | SECRETS}


def _ending(query: str) -> str:
    kept = "&".join(_kept(query))
    return f"?{kept}" if kept else ""


def _kept(query: str) -> Iterator[str]:
    for pair in query.split("&"):
        if pair and unquote_plus(pair.partition("=")[0]).lower() not in SECRETS:
            yield pair


def keeps_nothing(body: Json) -> None:
    """Raises Unsupported for a wish to keep nothing of the request, which others cannot be told."""
    if str(body.get("enable_logging")).lower() == "false":
        message = "enable_logging: only ElevenLabs can be told to keep nothing"
        raise Unsupported(message, param="enable_logging")


def model_edit(body: Json, model: str, usage: bool) -> Json:
    """What changes in a body for a provider that calls the model `model`."""
    return {} if body.get("model_id") == model else {"model_id": model}
