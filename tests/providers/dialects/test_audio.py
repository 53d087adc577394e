"""What clients of OpenAI's audio say beyond it, and others understand."""

from typing import Any

import orjson

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.wire import multipart
from providers.wire.multipart import Upload

FILE = Upload(data=b"a", filename="a.mp3", media_type="audio/mpeg")
SAID = {"input": "a", "voice": "b", "language": "de", "seed": 7, "user": "u"}


def sent(client: str, target: str, body: dict[str, Any]) -> Sent:
    call = Call(data=b"", body=body, model="m", stream=False)
    found = bridge(DIALECTS[client], DIALECTS[target], Quirks()).request(call)
    assert isinstance(found, Sent)
    return found


def test_speech_has_a_language_and_a_seed_where_there_are_such():
    spoken = sent("openai.speech", "elevenlabs.speech", SAID)
    body = orjson.loads(spoken.body or b"")
    assert (body["language_code"], body["seed"], spoken.dropped) == ("de", 7, ("user",))
    spoken = sent("openai.speech", "gemini.speech", SAID)
    config = orjson.loads(spoken.body or b"")["generationConfig"]
    assert (config["speechConfig"]["languageCode"], config["seed"]) == ("de", 7)
    assert spoken.dropped == ("user",)


def test_a_transcript_has_a_seed_where_there_is_such():
    heard = sent("openai.transcriptions", "elevenlabs.transcripts", {"file": FILE, "seed": "7"})
    form = multipart.parse(heard.body or b"", heard.content_type).members()
    assert (form["seed"], heard.dropped) == ("7", ())
    heard = sent("openai.transcriptions", "gemini.transcripts", {"file": FILE, "seed": "7"})
    assert orjson.loads(heard.body or b"")["generationConfig"] == {"seed": 7}
