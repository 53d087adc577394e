"""What Mistral's SDK alone asks for, through a real Envoy: code, agents and judges."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from mistralai.client import Mistral
from mistralai.client.errors import SDKError

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import ENV

SAID = [{"role": "user", "content": "I am happy"}]
JUDGE = "mistral-moderation-latest"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Local]:
    with RunningSimulator() as sim:
        backend = {
            "provider": "mistral",
            "base_url": sim.url,
            "credential": {"api_key": "env:KEY"},
        }
        voices = {**backend, "base_url": f"{sim.url}/mistral/v1"}
        others = {**backend, "provider": "openai"}
        models = {"coder": "codestral-latest", "ag:mine": "ag:theirs", "judge": JUDGE}
        routes = [
            {"models": [name], "backends": [{"backend": "m", "model": model}]}
            for name, model in models.items()
        ]
        for name, model in {"v": "voxtral-mini-tts-latest", "o": "tts-1"}.items():
            route = {"models": [f"say-{name}"], "backends": [{"backend": name, "model": model}]}
            routes.append({**route, "price": {"characters": 15}})
        theirs = [{"backend": "o", "model": "gpt-4o-mini"}]
        routes.append({"models": ["theirs"], "backends": theirs})
        backends = {"m": backend, "v": voices, "o": others}
        with Local({"backends": backends, "routes": routes}, ENV) as local:
            yield local


@pytest.fixture
def sdk(gateway: Local) -> Iterator[Mistral]:
    with Mistral(api_key="client", server_url=gateway.url, timeout_ms=30_000) as client:
        yield client


TOOL = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
}


def test_what_it_alone_has_words_for_reaches_others_in_theirs(sdk: Mistral):
    sdk.chat.complete(
        model="theirs",
        messages=[{"role": "user", "content": "look"}],
        random_seed=7,
        tools=[TOOL],
        tool_choice="any",
    )


def test_what_nobody_else_has_is_named(gateway: Local):
    body = {"model": "theirs", "messages": SAID, "safe_prompt": True, "prompt_mode": "reasoning"}
    answer = httpx.post(f"{gateway.url}/v1/chat/completions", json=body).raise_for_status()
    assert answer.headers["x-ai-dropped-params"] == "prompt_mode, safe_prompt"


def record(gateway: Local, operation: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    def look() -> bool:
        found[:] = [one for one in gateway.records() if one["operation"] == operation]
        return bool(found)

    gateway.wait_for(look, f"a record of {operation}")
    return found[-1]


def test_code_is_filled_in_between_a_prompt_and_a_suffix(gateway: Local, sdk: Mistral):
    answer = sdk.fim.complete(model="coder", prompt="def f(x):", suffix="return x", max_tokens=20)
    assert answer.choices[0].message.content.endswith("heard: def f(x):")
    one = record(gateway, "completions")
    assert one["response_model"] == "codestral-latest"
    assert one["input_tokens"] == answer.usage.prompt_tokens > 0


def test_an_agent_is_known_by_its_id(gateway: Local, sdk: Mistral):
    answer = sdk.agents.complete(agent_id="ag:mine", messages=SAID)
    assert answer.choices[0].message.content.endswith("heard: I am happy")
    pieces = sdk.agents.stream(agent_id="ag:mine", messages=SAID)
    told = [choice.delta.content or "" for piece in pieces for choice in piece.data.choices]
    assert "".join(told) == answer.choices[0].message.content
    one = record(gateway, "agents")
    assert (one["upstream_model"], one["response_model"]) == ("ag:theirs", "mistral-large-latest")
    assert one["output_tokens"] == answer.usage.completion_tokens


def test_texts_and_chats_are_judged(gateway: Local, sdk: Mistral):
    judges = sdk.classifiers
    texts = judges.classify(model="judge", inputs=["happy", "no"])
    assert [one["mood"].scores["happy"] for one in texts.results] == [0.9, 0.1]
    chats = judges.classify_chat(model="judge", input={"messages": SAID})
    assert chats.results[0]["mood"].scores["happy"] == 0.9
    verdicts = judges.moderate_chat(model="judge", inputs=[{"role": "user", "content": "pii"}])
    assert verdicts.results[0].categories["pii"] is True
    one = record(gateway, "classification")
    assert (one["response_model"], one["output_tokens"]) == (JUDGE, 0)


@pytest.mark.parametrize("model", ["say-v", "say-o"])
def test_a_text_is_spoken(gateway: Local, sdk: Mistral, model: str):
    answer = sdk.audio.speech.complete(
        model=model, input="hello", voice_id="alloy", response_format="wav"
    )
    assert base64.b64decode(answer.audio_data) == b"SOUND wav alloy: hello"
    with sdk.audio.speech.complete(
        model=model, input="hello", voice_id="alloy", response_format="wav", stream=True
    ) as events:
        *told, done = [event.data for event in events]
    assert b"".join(base64.b64decode(one.audio_data) for one in told) == b"SOUND wav alloy: hello"
    assert done.type == "speech.audio.done"
    assert record(gateway, "speech")["cost_nanousd"] == 75_000


def test_openais_clients_are_spoken_to(gateway: Local):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="client", max_retries=0) as sdk:
        sound = sdk.audio.speech.create(model="say-v", input="hello", voice="gb_jane_neutral")
    assert sound.read() == b"SOUND mp3 gb_jane_neutral: hello"
    assert sound.response.headers["content-type"] == "audio/mpeg"


def test_an_unknown_agent_is_not_found(sdk: Mistral):
    with pytest.raises(SDKError) as caught:
        sdk.agents.complete(agent_id="ag:other", messages=SAID)
    assert caught.value.status_code == 404
    assert "ag:other" in caught.value.body


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """A provider that keeps files, and two clients."""
    keys = tmp_path_factory.mktemp("keys") / "clients.yaml"
    keys.write_text("ann: env:ANN\nbob: env:BOB\n")
    with RunningSimulator() as sim:
        backend = {
            "provider": "mistral",
            "base_url": f"{sim.url}/mistral/v1",
            "credential": {"api_key": "env:KEY"},
        }
        config = {
            "backends": {"m": backend},
            "routes": [{"models": ["any"], "backends": [{"backend": "m"}]}],
            "clients": {"api_keys": {"file": str(keys)}},
            "resources": {"secret": "env:IDS"},
        }
        more = {"ANN": "key-of-ann", "BOB": "key-of-bob", "IDS": "a secret that signs ids"}
        with Local(config, {**ENV, **more}) as local:
            yield local


def as_client(gateway: Local, name: str) -> Mistral:
    return Mistral(api_key=f"key-of-{name}", server_url=gateway.url, timeout_ms=30_000)


def test_a_file_is_shown_by_a_url_to_its_client_alone(kept: Local):
    with as_client(kept, "ann") as ann, as_client(kept, "bob") as bob:
        made = httpx.post(
            f"{kept.url}/v1/files",
            headers={"authorization": "Bearer key-of-ann"},
            data={"purpose": "assistants"},
            files={"file": ("a.txt", b"words")},
            timeout=30,
        )
        id = made.json()["id"]
        own = id.partition("0gw")[0]
        assert own != id
        url = ann.files.get_signed_url(file_id=id, expiry=2).url
        assert url == f"https://storage.example/{own}?hours=2"
        for one in (id, own):
            for act in (bob.files.get_signed_url, bob.files.retrieve, bob.files.delete):
                with pytest.raises(SDKError) as caught:
                    act(file_id=one)
                assert caught.value.status_code == 404
        assert ann.files.delete(file_id=id).deleted
