"""Voices of a client's own, by OpenAI's SDK through a real Envoy."""

from collections.abc import Iterator

import openai
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.test_resources import ENV, Two, backends

SAMPLE = ("said.wav", b"RIFF said", "audio/wav")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """Two providers, and two clients."""
    keys = tmp_path_factory.mktemp("keys") / "clients.yaml"
    keys.write_text("ann: env:ANN\nbob: env:BOB\n")
    with RunningSimulator(name="a") as a, RunningSimulator(name="b") as b:
        config = {
            "backends": backends(a=a.url, b=b.url),
            "routes": [
                {
                    "models": ["speaker"],
                    "backends": [{"backend": name, "model": "gpt-4o-mini-tts"} for name in "ab"],
                }
            ],
            "clients": {"api_keys": {"file": str(keys)}},
            "resources": {"secret": "env:IDS", "default": "a"},
        }
        with Local(config, ENV) as local:
            yield Two(local, a, b)


def agreed(client: openai.OpenAI) -> str:
    said = client.audio.voice_consents.create(language="en-US", name="mine", recording=SAMPLE)
    return said.id


def test_a_voice_is_made_used_and_deleted_where_it_is_kept(two: Two):
    ann = two.client("key-of-ann")
    at_b = two.client("key-of-ann", **{"x-ai-backend": "b"})
    consent = agreed(at_b)
    assert ann.audio.voice_consents.retrieve(consent).id == consent
    assert ann.audio.voice_consents.update(consent, name="ours").name == "ours"
    voice = ann.audio.voices.create(name="me", audio_sample=SAMPLE, consent=consent)
    own = voice.id.partition("0gw")[0]
    assert own != voice.id
    assert own in two.b.simulator.desk.shelf.things
    for _ in range(3):
        heard = ann.audio.speech.create(model="speaker", voice={"id": voice.id}, input="hello")
        assert heard.content
        sent = two.b.requests[-1].json
        assert (sent["model"], sent["voice"]) == ("gpt-4o-mini-tts", {"id": own})
    assert ann.audio.voices.delete(voice.id).id == voice.id
    assert ann.audio.voice_consents.delete(consent).deleted
    with pytest.raises(openai.NotFoundError):
        ann.audio.voice_consents.retrieve(consent)


def test_a_voice_of_another_client_is_not_found(two: Two):
    ann, bob = two.client("key-of-ann"), two.client("key-of-bob")
    consent = agreed(ann)
    voice = ann.audio.voices.create(name="me", type="prompt", prompt="a warm voice").id
    before = len(two.a.requests), len(two.b.requests)
    for one in (consent, consent.partition("0gw")[0]):
        with pytest.raises(openai.NotFoundError):
            bob.audio.voice_consents.retrieve(one)
        with pytest.raises(openai.NotFoundError):
            bob.audio.voice_consents.delete(one)
        with pytest.raises(openai.NotFoundError):
            bob.audio.voices.create(name="me", audio_sample=SAMPLE, consent=one)
    for one in (voice, voice.partition("0gw")[0]):
        with pytest.raises(openai.NotFoundError):
            bob.audio.voices.delete(one)
        for said in ({"id": one}, one):
            with pytest.raises(openai.NotFoundError):
                bob.audio.speech.create(model="speaker", voice=said, input="hello")
    with pytest.raises(openai.BadRequestError, match="shared"):
        ann.audio.voice_consents.list()
    assert (len(two.a.requests), len(two.b.requests)) == before


@pytest.mark.parametrize("voice", ["alloy", "af_heart"])
def test_the_vendors_own_voices_are_for_everybody(two: Two, voice: str):
    heard = two.client("key-of-bob").audio.speech.create(model="speaker", voice=voice, input="hi")
    assert voice.encode() in heard.content


def test_what_openai_refuses_is_its_own_error(two: Two):
    ann = two.client("key-of-ann")
    with pytest.raises(openai.NotFoundError):
        ann.audio.voices.delete("voice_nobody")
    with pytest.raises(openai.BadRequestError, match="consent"):
        ann.post("/audio/voices", body={"name": "me", "audio_sample": "x"}, cast_to=object)
