"""ElevenLabs' SDK has texts spoken and recordings written down, by whoever does it."""

from collections.abc import Iterator

import httpx
import pytest
from elevenlabs import ElevenLabs
from elevenlabs.core.api_error import ApiError

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import ENV

KEY = {"api_key": "env:KEY"}
BACKENDS = {
    "elevenlabs": ({}, "eleven_multilingual_v2", "scribe_v1"),
    "openai": ({}, "gpt-4o-mini-tts", "whisper-1"),
    "azure": ({"instance": "i"}, "tts-1", ""),
    "groq": ({}, "playai-tts", "whisper-large-v3"),
    "gemini": ({}, "gemini-2.5-flash-preview-tts", "gemini-2.5-flash"),
    "mistral": ({}, "", "voxtral-mini-latest"),
}
SPEAKERS = tuple(name for name, row in BACKENDS.items() if row[1])
HEARERS = tuple(name for name, row in BACKENDS.items() if row[2])
VOICE = "21m00Tcm4TlvDq8ikWAM"
SAID = "the quick brown fox"
RECORDING = ("fox.wav", b"RIFF\x00\x01" + SAID.encode(), "audio/wav")


class World:
    def __init__(self, local: Local, simulator: RunningSimulator) -> None:
        self.local, self.simulator = local, simulator
        self.sdk = ElevenLabs(base_url=local.url, api_key="key-of-ann")

    def last(self):
        return self.simulator.requests[-1]

    def record(self, model: str) -> dict:
        return self.local.record(request_model=model)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with RunningSimulator() as simulator:
        backends = {
            name: {"provider": name, "base_url": simulator.url, "credential": KEY, **more}
            for name, (more, *_) in BACKENDS.items()
        }
        routes = [
            {"models": [f"{kind}-{name}"], "backends": [{"backend": name, "model": row[column]}]}
            | {"price": {"characters": 15, "second": 0.0001, "input": 1, "output": 1}}
            for column, kind in ((1, "say"), (2, "hear"))
            for name, row in BACKENDS.items()
            if row[column]
        ]
        routes.append({"models": ["usual"], "backends": [{"backend": "elevenlabs", "model": "m"}]})
        settings = {"backends": backends, "routes": routes, "default_model": "usual"}
        with Local(settings, ENV) as local:
            yield World(local, simulator)


@pytest.mark.parametrize("provider", SPEAKERS)
def test_a_text_is_spoken(world: World, provider: str):
    model = f"say-{provider}"
    sound = b"".join(world.sdk.text_to_speech.convert(VOICE, text=SAID, model_id=model))
    if provider == "gemini":
        assert sound[:4] == b"RIFF"
    else:
        assert VOICE in sound.decode()
        assert SAID in sound.decode()
    used = world.record(model)
    assert used["operation"] == "speech"
    assert used["cost_nanousd"] >= len(SAID) * 15_000
    assert used["estimated"] is False


@pytest.mark.parametrize("provider", ["elevenlabs", "openai"])
def test_a_stream_of_sound_is_sound(world: World, provider: str):
    pieces = world.sdk.text_to_speech.stream(
        VOICE, text=SAID, model_id=f"say-{provider}", output_format="pcm_24000"
    )
    assert "pcm" in (sound := b"".join(pieces).decode())
    assert SAID in sound


def test_the_models_are_listed(world: World):
    names = {model.model_id for model in world.sdk.models.list()}
    assert {"say-elevenlabs", "usual"} <= names


def test_at_elevenlabs_all_is_as_the_client_has_said(world: World):
    told = world.sdk.text_to_speech.stream(
        VOICE,
        text=SAID,
        model_id="say-elevenlabs",
        output_format="ulaw_8000",
        enable_logging=False,
        voice_settings={"stability": 0.4, "speed": 1.1},
    )
    assert b"ulaw_8000" in b"".join(told)
    sent = world.last()
    assert sent.target == (
        f"/v1/text-to-speech/{VOICE}/stream?enable_logging=false&output_format=ulaw_8000"
    )
    assert sent.header("xi-api-key") == ENV["KEY"]


def test_letters_have_their_times(world: World):
    found = world.sdk.text_to_speech.convert_with_timestamps(
        VOICE, text=SAID, model_id="say-elevenlabs"
    )
    assert found.alignment.characters == ["t", "h"]
    pieces = world.sdk.text_to_speech.stream_with_timestamps(
        VOICE, text=SAID, model_id="say-elevenlabs"
    )
    letters = [letter for one in pieces for letter in one.alignment.characters]
    assert "".join(letters) == SAID
    assert world.record("say-elevenlabs")["cost_nanousd"] >= len(SAID) * 15_000


def test_nobody_else_tells_times_of_letters(world: World):
    with pytest.raises(ApiError) as refused:
        world.sdk.text_to_speech.convert_with_timestamps(VOICE, text="a", model_id="say-openai")
    assert refused.value.status_code == 400
    assert "when each letter is heard" in refused.value.body["detail"]["message"]


def test_what_was_not_carried_is_named(world: World):
    answer = world.sdk.text_to_speech.with_raw_response.convert
    with answer(
        VOICE,
        text=SAID,
        model_id="say-openai",
        output_format="mp3_22050_32",
        optimize_streaming_latency=2,
    ) as told:
        named = told.headers["x-ai-dropped-params"]
        b"".join(told.data)
    assert named == "optimize_streaming_latency, output_format"


@pytest.mark.parametrize("provider", HEARERS)
def test_a_recording_is_written_down(world: World, provider: str):
    model = f"hear-{provider}"
    told = world.sdk.speech_to_text.convert(model_id=model, file=RECORDING)
    assert told.text == SAID if provider != "gemini" else told.text
    used = world.record(model)
    assert used["operation"] == "transcription"
    assert used["cost_nanousd"] > 0


@pytest.mark.parametrize("provider", ["elevenlabs", "openai", "mistral"])
def test_words_have_their_times(world: World, provider: str):
    told = world.sdk.speech_to_text.convert(
        model_id=f"hear-{provider}", file=RECORDING, timestamps_granularity="word"
    )
    words = [(one.text, one.start, one.end) for one in told.words if one.type == "word"]
    assert words[1] == ("quick", 0.5, 1.0)
    assert "".join(one.text for one in told.words) == SAID


def test_speakers_are_told(world: World):
    told = world.sdk.speech_to_text.convert(
        model_id="hear-mistral", file=RECORDING, diarize=True, num_speakers=2
    )
    assert {one.speaker_id for one in told.words} == {"speaker_1"}


def test_who_names_no_model_gets_the_usual_one(world: World):
    b"".join(world.sdk.text_to_speech.convert(VOICE, text=SAID))
    assert world.last().json == {"text": SAID, "model_id": "m"}


def test_a_model_that_there_is_not_is_an_error_of_the_sdk(world: World):
    with pytest.raises(ApiError) as refused:
        b"".join(world.sdk.text_to_speech.convert(VOICE, text=SAID, model_id="nope"))
    assert refused.value.status_code == 404
    assert refused.value.body["detail"]["status"] == "model_not_found"


def test_a_voice_stays_in_its_place_in_the_path(world: World):
    body = {"text": SAID, "model_id": "say-elevenlabs"}
    path = "/v1/text-to-speech/..%2f..%2fv1%2fuser%3f/stream"
    answer = httpx.post(f"{world.local.url}{path}", json=body)
    assert answer.status_code == 404
    assert "voice" in answer.json()["detail"]["message"]
