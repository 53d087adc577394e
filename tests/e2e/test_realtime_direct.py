"""Ephemeral keys and calls, by OpenAI's SDK through a real Envoy: only where it is allowed."""

import json
import os
from collections.abc import Iterator

import httpx
import openai
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator

ENV = {**os.environ, "KEY": "sk-key-of-the-gateway", "ANN": "key-of-ann", "BOB": "key-of-bob"}
ENV |= {"IDS": "a secret that signs ids"}
KEY = {"api_key": "env:KEY"}
SESSION = {"type": "realtime", "model": "talk", "instructions": "be brief"}
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"


class Direct:
    def __init__(self, local: Local, sim: RunningSimulator) -> None:
        self.local, self.sim = local, sim

    def client(self, key: str = "key-of-ann") -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.local.url}/v1", api_key=key, max_retries=0)

    def post(self, path: str, **options) -> httpx.Response:
        headers = {"authorization": "Bearer key-of-ann", **options.pop("headers", {})}
        return httpx.post(f"{self.local.url}{path}", headers=headers, timeout=30, **options)


@pytest.fixture(scope="module")
def direct(tmp_path_factory) -> Iterator[Direct]:
    keys = tmp_path_factory.mktemp("clients") / "clients.yaml"
    keys.write_text("ann: env:ANN\nbob: env:BOB\n")
    with RunningSimulator(keys=frozenset({ENV["KEY"]})) as sim:
        usual = {"base_url": sim.url, "credential": KEY}
        allowed = ["realtime", "realtime_direct"]
        to = [{"backend": "open", "model": "gpt-realtime"}]
        dated = {"instance": "i", "api_version": "2025-04-01-preview"}
        config = {
            "backends": {
                "open": {"provider": "openai", "operations": allowed, **usual},
                "plain": {"provider": "openai", **usual},
                "azure": {"provider": "azure", "operations": allowed, **dated, **usual},
            },
            "resources": {"secret": "env:IDS", "default": {"realtime_direct": "open"}},
            "routes": [
                {"models": ["talk"], "backends": [*to, {"backend": "azure", "model": "deployed"}]},
                {"models": ["secret"], "backends": to, "clients": ["bob"]},
                {"models": ["elsewhere"], "backends": [{"backend": "plain"}]},
            ],
            "clients": {"api_keys": {"file": str(keys)}},
        }
        with Local(config, ENV) as local:
            yield Direct(local, sim)


def test_an_ephemeral_key_is_the_vendors_for_the_vendors_model(direct):
    made = direct.client().realtime.client_secrets.create(
        session=SESSION, expires_after={"anchor": "created_at", "seconds": 60}
    )
    assert made.value.startswith("ek_")
    asked = direct.sim.requests[-1]
    assert asked.target == "/v1/realtime/client_secrets"
    assert asked.json["session"] == {**SESSION, "model": "gpt-realtime"}
    assert asked.header("authorization") == f"Bearer {ENV['KEY']}"


@pytest.mark.parametrize("model", ["nobody", "secret", "elsewhere"])
def test_a_model_that_is_not_the_clients_gets_no_key(direct, model):
    before = len(direct.sim.requests)
    with pytest.raises(openai.NotFoundError, match=model):
        direct.client().realtime.client_secrets.create(session={**SESSION, "model": model})
    assert len(direct.sim.requests) == before


def test_the_older_forms_name_their_model_at_the_top(direct):
    said = direct.post("/v1/realtime/sessions", json={"model": "talk", "voice": "marin"})
    assert said.json()["client_secret"]["value"].startswith("ek_")
    assert direct.sim.requests[-1].json == {"model": "gpt-realtime", "voice": "marin"}
    heard = {"input_audio_transcription": {"model": "whisper-1"}}
    assert direct.post("/v1/realtime/transcription_sessions", json=heard).status_code == 200
    assert direct.sim.requests[-1].json == heard


def test_a_call_is_a_form_whose_session_names_the_model(direct):
    answer = direct.client().realtime.calls.create(sdp=SDP, session=SESSION)
    assert answer.content.startswith(b"v=0")
    asked = direct.sim.requests[-1]
    assert b'"model":"gpt-realtime"' in asked.body
    assert SDP.encode() in asked.body


def test_a_call_may_be_nothing_but_its_offer(direct):
    offer = {"content": SDP, "headers": {"content-type": "application/sdp"}}
    answer = direct.post("/v1/realtime/calls", **offer)
    assert (answer.status_code, answer.headers["content-type"]) == (201, "application/sdp")
    assert direct.sim.requests[-1].body == SDP.encode()


def test_a_session_that_is_no_json_is_refused_here(direct):
    parts = {"sdp": (None, SDP), "session": (None, "{")}
    answer = direct.post("/v1/realtime/calls", files=parts)
    assert (answer.status_code, "not valid JSON" in answer.text) == (400, True)


def test_azure_has_keys_at_its_newer_path_alone(direct):
    headers = {"x-ai-backend": "azure"}
    said = direct.post("/v1/realtime/client_secrets", json={"session": SESSION}, headers=headers)
    assert said.json()["value"].startswith("ek_")
    asked = direct.sim.requests[-1]
    assert asked.target == "/openai/v1/realtime/client_secrets"
    assert asked.json["session"]["model"] == "deployed"
    assert asked.header("api-key") == ENV["KEY"]


def test_a_backend_that_does_not_name_it_gives_no_keys(direct):
    answer = direct.post("/v1/realtime/client_secrets", json={}, headers={"x-ai-backend": "plain"})
    assert answer.status_code == 404
    assert json.loads(answer.text)["error"]["message"]
