"""The official SDK has texts spoken and recordings written down, through a real Envoy."""

import wave
from collections.abc import Iterator
from io import BytesIO

import httpx
import openai
import pytest
from mistralai.client import Mistral

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import ENV

KEY = {"api_key": "env:KEY"}
SPEECH = {
    "openai": ({}, "gpt-4o-mini-tts", "alloy"),
    "azure": ({"instance": "i"}, "tts-1", "alloy"),
    "groq": ({}, "playai-tts", "Fritz-PlayAI"),
    "elevenlabs": ({}, "eleven_multilingual_v2", "21m00Tcm4TlvDq8ikWAM"),
    "gemini": ({}, "gemini-2.5-flash-preview-tts", "Kore"),
}
HEARING = {
    "openai": ({}, "gpt-4o-transcribe"),
    "azure": ({"instance": "i", "api_version": "2025-04-01-preview"}, "whisper"),
    "groq": ({}, "whisper-large-v3"),
    "mistral": ({}, "voxtral-mini-latest"),
    "vllm": ({}, "openai/whisper-large-v3"),
    "elevenlabs": ({}, "scribe_v1"),
}
STREAMED = ("openai", "mistral")
"""Those who are asked for a stream, and answer with one."""
SAID = "the quick brown fox"
RECORDING = ("fox.wav", b"RIFF\x00\x01" + SAID.encode(), "audio/wav")


@pytest.fixture(scope="module")
def gateway() -> Iterator[Local]:
    with RunningSimulator() as sim:
        backends = {
            name: {"provider": name, "base_url": sim.url, "credential": KEY, **more}
            for name, (more, *_) in {**SPEECH, **HEARING}.items()
        }
        price = {"characters": 15, "second": 0.0001, "input": 1, "output": 1}
        routes = [
            {"models": [f"{kind}-{name}"], "backends": [{"backend": name, "model": row[1]}]}
            | {"price": price}
            for kind, table in (("say", SPEECH), ("hear", HEARING | {"gemini": SPEECH["gemini"]}))
            for name, row in table.items()
        ]
        with Local({"backends": backends, "routes": routes}, ENV) as local:
            yield local


@pytest.fixture
def client(gateway: Local) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="client", max_retries=0)


def record(gateway: Local, model: str) -> dict:
    return gateway.record(request_model=model)


@pytest.mark.parametrize("provider", SPEECH)
def test_a_text_is_spoken(gateway: Local, client: openai.OpenAI, provider: str):
    voice = SPEECH[provider][2]
    model = f"say-{provider}"
    format = "wav" if provider == "gemini" else "mp3"
    answer = client.audio.speech.create(
        model=model, voice=voice, input=SAID, response_format=format
    )
    if provider == "gemini":
        with wave.open(BytesIO(answer.content)) as sound:
            assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (
                24000,
                1,
                2,
            )
            assert sound.readframes(50) == bytes(range(100))
        assert answer.response.headers["content-type"] == "audio/wav"
    else:
        assert voice in answer.content.decode()
        assert SAID in answer.content.decode()
        assert answer.response.headers["content-type"] == "audio/mpeg"
    used = record(gateway, model)
    assert used["operation"] == "speech"
    assert used["cost_nanousd"] >= len(SAID) * 15_000
    assert used["estimated"] is False


def test_sound_comes_as_a_stream_of_events(gateway: Local):
    body = {"model": "say-openai", "voice": "alloy", "input": SAID, "stream_format": "sse"}
    with httpx.stream("POST", f"{gateway.url}/v1/audio/speech", json=body) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in answer.iter_lines() if line]
    assert "speech.audio.delta" in lines[0]
    assert "speech.audio.done" in lines[-1]
    gateway.wait_for(
        lambda: any(r.get("output_tokens") == 100 for r in gateway.records()), "its usage"
    )


@pytest.mark.parametrize(
    ("model", "member", "value", "named"),
    [
        ("say-gemini", "response_format", "mp3", "response_format"),
        ("say-elevenlabs", "response_format", "flac", "response_format"),
        ("say-openai", "response_format", "vinyl", "response_format"),
    ],
)
def test_a_format_that_there_is_not_is_refused_by_name(gateway, model, member, value, named):
    body = {"model": model, "voice": "alloy", "input": SAID, member: value}
    answer = httpx.post(f"{gateway.url}/v1/audio/speech", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == named


def test_a_hint_that_a_voice_cannot_follow_is_named(gateway: Local):
    body = {"model": "say-elevenlabs", "voice": SPEECH["elevenlabs"][2], "input": SAID}
    more = {"speed": 3, "instructions": "whisper"}
    answer = httpx.post(f"{gateway.url}/v1/audio/speech", json=body | more)
    assert answer.status_code == 200
    assert answer.headers["x-ai-dropped-params"] == "instructions, speed"


@pytest.mark.parametrize("voice", ["", ".", ".."])
def test_a_voice_that_would_change_the_path_is_none(gateway: Local, voice: str):
    body = {"model": "say-elevenlabs", "voice": voice, "input": SAID}
    answer = httpx.post(f"{gateway.url}/v1/audio/speech", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "voice"


def test_a_voice_stays_in_its_place_in_the_path(gateway: Local):
    body = {"model": "say-elevenlabs", "voice": "../../v1/user?", "input": SAID}
    answer = httpx.post(f"{gateway.url}/v1/audio/speech", json=body)
    assert answer.status_code == 404
    assert "voice" in answer.json()["error"]["message"]


@pytest.mark.parametrize("provider", HEARING)
def test_a_recording_is_written_down(gateway: Local, client: openai.OpenAI, provider: str):
    answer = client.audio.transcriptions.create(model=f"hear-{provider}", file=RECORDING)
    assert answer.text == SAID
    used = record(gateway, f"hear-{provider}")
    assert used["operation"] == "transcription"
    assert used["cost_nanousd"] > 0
    assert used["estimated"] is False


@pytest.mark.parametrize("provider", ["openai", "elevenlabs", "mistral", "groq", "vllm"])
@pytest.mark.parametrize("form", ["srt", "vtt", "text"])
def test_subtitles_are_texts(client: openai.OpenAI, provider: str, form: str):
    answer = client.audio.transcriptions.create(
        model=f"hear-{provider}", file=RECORDING, response_format=form
    )
    assert SAID in answer
    times = {"srt": "00:00:00,000 --> 00:00:02,000", "vtt": "00:00:00.000 --> 00:00:02.000"}
    assert times.get(form, "") in answer


@pytest.mark.parametrize("provider", ["openai", "elevenlabs", "mistral"])
def test_words_have_their_times(client: openai.OpenAI, provider: str):
    answer = client.audio.transcriptions.create(
        model=f"hear-{provider}",
        file=RECORDING,
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert [(word.word, word.start, word.end) for word in answer.words][1] == ("quick", 0.5, 1.0)
    assert answer.segments[0].text == SAID
    assert answer.duration == 2


@pytest.mark.parametrize("provider", ["openai", "elevenlabs", "mistral"])
def test_a_transcript_comes_as_a_stream(client: openai.OpenAI, provider: str):
    events = list(
        client.audio.transcriptions.create(model=f"hear-{provider}", file=RECORDING, stream=True)
    )
    deltas = [event.delta for event in events if event.type == "transcript.text.delta"]
    assert "".join(deltas).strip() == SAID
    assert (len(deltas) > 1) is (provider in STREAMED)
    assert events[-1].type == "transcript.text.done"
    assert events[-1].text == SAID


@pytest.mark.parametrize("provider", ["openai", "elevenlabs", "mistral"])
def test_mistrals_clients_are_heard(gateway: Local, provider: str):
    file = {"file_name": RECORDING[0], "content": RECORDING[1]}
    asked = {"model": f"hear-{provider}", "file": file}
    with Mistral(server_url=gateway.url, api_key="client") as sdk:
        whole = sdk.audio.transcriptions.complete(**asked, timestamp_granularities=["segment"])
        assert (whole.text, whole.segments[0].text, whole.segments[0].end) == (SAID, SAID, 2)
        assert whole.usage.total_tokens or whole.usage.prompt_audio_seconds
        with sdk.audio.transcriptions.stream(**asked) as events:
            found = [event.data for event in events]
    deltas = [event.text for event in found if event.type.endswith("text.delta")]
    assert "".join(deltas).strip() == SAID
    assert (len(deltas) > 1) is (provider in STREAMED)
    assert (found[-1].type, found[-1].text) == ("transcription.done", SAID)


def test_gemini_hears_too(client: openai.OpenAI):
    answer = client.audio.transcriptions.create(model="hear-gemini", file=RECORDING)
    assert answer.text


def test_speech_is_translated(gateway: Local):
    answer = httpx.post(
        f"{gateway.url}/v1/audio/translations",
        files={"file": RECORDING},
        data={"model": "hear-openai"},
    )
    assert answer.json()["text"] == SAID


@pytest.mark.parametrize("provider", ["openai", "elevenlabs"])
@pytest.mark.parametrize("first", [True, False])
def test_a_large_recording_passes_whatever_stands_before_it(gateway, provider, first):
    recording = (RECORDING[0], RECORDING[1] + b"\x00" * 24_000_000, RECORDING[2])
    model = ("model", (None, f"hear-{provider}"))
    parts = [model, ("file", recording)] if first else [("file", recording), model]
    answer = httpx.post(f"{gateway.url}/v1/audio/transcriptions", files=parts, timeout=30)
    assert answer.json()["text"] == SAID


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"model": "hear-openai"}'),
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n--x--"),
        ("multipart/form-data; boundary=x", b"nothing of the kind"),
    ],
)
def test_what_is_no_form_is_refused_in_words(gateway: Local, kind: str, body: bytes):
    headers = {"content-type": kind}
    answer = httpx.post(f"{gateway.url}/v1/audio/transcriptions", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_two_models_are_one_too_many(gateway: Local):
    parts = [("model", (None, "hear-openai")), ("model", (None, "x")), ("file", RECORDING)]
    answer = httpx.post(f"{gateway.url}/v1/audio/transcriptions", files=parts)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "model"
