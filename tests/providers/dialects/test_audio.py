"""What clients of OpenAI's audio say beyond it, and others understand."""

import base64
from typing import Any

import msgspec
import orjson

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Context, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.wire import multipart
from providers.wire.multipart import Upload

FILE = Upload(data=b"a", filename="a.mp3", media_type="audio/mpeg")
SAID = {"input": "a", "voice": "b", "language": "de", "seed": 7, "user": "u"}


def sent(client: str, target: str, body: dict[str, Any], model: str = "m") -> Sent:
    call = Call(data=b"", body=body, model=model, stream=False)
    found = bridge(DIALECTS[client], DIALECTS[target], Quirks()).request(call)
    assert isinstance(found, Sent)
    return found


def test_speech_has_a_language_and_a_seed_where_there_are_such():
    spoken = sent("openai.speech", "elevenlabs.speech", SAID)
    body = orjson.loads(spoken.body or b"")
    assert (body["language_code"], body["seed"], spoken.dropped) == ("de", 7, ("user",))
    spoken = sent("openai.speech", "gemini.speech", SAID)
    config = orjson.loads(spoken.body or b"")["generationConfig"]
    assert (config["speechConfig"]["languageCode"], config["seed"]) == ("de-DE", 7)
    assert spoken.dropped == ("user",)


def test_a_language_has_a_region_where_it_must_and_none_where_it_must_not():
    gemini = {"en": "en-US", "en-GB": "en-GB", "zh": "cmn-CN", "sw": "sw"}
    for language, told in gemini.items():
        spoken = sent("openai.speech", "gemini.speech", {**SAID, "language": language})
        config = orjson.loads(spoken.body or b"")["generationConfig"]["speechConfig"]
        assert config["languageCode"] == told
    spoken = sent("openai.speech", "elevenlabs.speech", {**SAID, "language": "en-US"})
    assert orjson.loads(spoken.body or b"")["language_code"] == "en"
    heard = {"file": FILE, "language": "pt-BR"}
    for target, name in (("elevenlabs", "language_code"), ("mistral", "language")):
        form = sent("openai.transcriptions", f"{target}.transcripts", heard)
        assert multipart.parse(form.body or b"", form.content_type).members()[name] == "pt"


def test_a_transcript_has_a_seed_where_there_is_such():
    heard = sent("openai.transcriptions", "elevenlabs.transcripts", {"file": FILE, "seed": "7"})
    form = multipart.parse(heard.body or b"", heard.content_type).members()
    assert (form["seed"], heard.dropped) == ("7", ())
    heard = sent("openai.transcriptions", "gemini.transcripts", {"file": FILE, "seed": "7"})
    assert orjson.loads(heard.body or b"")["generationConfig"] == {"seed": 7}


def told(client: str, target: str, answer: dict[str, Any], **echo: str) -> bytes:
    context = msgspec.structs.replace(Context(model="m", id="x", now=0), echo=echo)
    between = bridge(DIALECTS[client], DIALECTS[target], Quirks())
    data = orjson.dumps(answer)
    if client == "openai.speech":
        return between.replay(data, context)[0]
    return between.whole(data, context)[0] or b""


def test_a_recording_is_as_long_as_the_provider_says():
    word = {"text": "a", "start": 0, "end": 1.5, "type": "word"}
    answer = {"text": "a", "words": [word], "audio_duration_secs": 2.5}
    ours, theirs = "openai.transcriptions", "elevenlabs.transcripts"
    assert orjson.loads(told(ours, theirs, answer, form="verbose_json"))["duration"] == 2.5
    del answer["audio_duration_secs"]
    assert orjson.loads(told(ours, theirs, answer, form="verbose_json"))["duration"] == 1.5


def test_a_stream_of_speech_ends_with_what_gemini_counted():
    parts = [{"inlineData": {"mimeType": "audio/L16", "data": base64.b64encode(b"ab").decode()}}]
    usage = {"promptTokenCount": 5, "candidatesTokenCount": 30, "totalTokenCount": 35}
    answer = {"candidates": [{"content": {"parts": parts}}], "usageMetadata": usage}
    done = told("openai.speech", "gemini.speech", answer).split(b"data: ")[-1]
    counts = {"input_tokens": 5, "output_tokens": 30, "total_tokens": 35}
    assert orjson.loads(done)["usage"] == counts


def test_what_gemini_thinks_is_no_part_of_a_transcript():
    parts = [{"text": "Let me listen.", "thought": True}, {"text": "Hello"}]
    answer = {"candidates": [{"content": {"parts": parts}}]}
    said = told("openai.transcriptions", "gemini.transcripts", answer)
    assert orjson.loads(said)["text"] == "Hello"
