"""Pools of keys, and credentials that come with a request, through a real Envoy."""

import os
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.listener import needs_retry_elsewhere

pytestmark = needs_retry_elsewhere

ENV = {
    **os.environ,
    **{f"KEY_{n}": f"sk-key-number-{n}" for n in range(3)},
    "AWS_ID": "AKIDOURS",
    "AWS_SECRET": "our-aws-secret",
}
KEYS = ["sk-key-number-0", "sk-key-number-1", "sk-key-number-2"]
OURS = {"access_key_id": "env:AWS_ID", "secret_access_key": "env:AWS_SECRET"}
PARTS = {
    "access_key_id": "X-Aws-Id",
    "secret_access_key": "x-aws-secret",
    "session_token": "x-aws-token",
}
CLAUDE = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
THEIRS = {
    "x-aws-id": "AKIDTHEIRS",
    "x-aws-secret": "their-aws-secret",
    "x-aws-token": "their-aws-session",
}


class World:
    """A gateway and the one provider behind it."""

    def __init__(self, local: Local, sim: RunningSimulator) -> None:
        self.local = local
        self.sim = sim
        self._before = 0

    def begin(self) -> None:
        """Forgets what the provider was shown."""
        self._before = len(self.sim.requests)

    def ask(self, model: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
        url = f"{self.local.url}/v1/chat/completions"
        return httpx.post(url, json=body, headers=named, timeout=30)

    def shown(self) -> list[str]:
        """The keys that the provider was shown, in order, as numbers."""
        texts = [request.header("authorization") for request in self.sim.requests[self._before :]]
        return [text.removeprefix("Bearer sk-key-number-") for text in texts]


def backend(url: str, credential: Any, **more: Any) -> dict[str, Any]:
    return {"provider": "openai-compatible", "base_url": url, "credential": credential, **more}


def bedrock(url: str, credential: Any) -> dict[str, Any]:
    more = {"provider": "bedrock", "region": "eu-west-1"}
    return {**backend(url, credential), **more}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with RunningSimulator() as sim:
        pool = {"api_key": [f"env:KEY_{n}" for n in range(3)]}
        asked = {"header": PARTS}
        config = {
            "backends": {
                "pool": backend(sim.url, pool),
                "other": backend(sim.url, {"api_key": ["env:KEY_2", "env:KEY_1"]}),
                "asked": bedrock(sim.url, asked),
                "either": bedrock(sim.url, {**asked, "fallback": {"aws": OURS}}),
                "key": bedrock(sim.url, {"header": "x-bedrock-key"}),
                "ours": bedrock(sim.url, {"aws": OURS}),
            },
            "routes": [
                {
                    "models": ["pool"],
                    "backends": [{"backend": "pool", "model": "m"}],
                    "retry": {"attempts": 3, "on": ["401", "402", "403", "429"]},
                },
                {
                    "models": ["two"],
                    "backends": [
                        {"backend": "pool", "model": "m"},
                        {"backend": "other", "model": "m", "priority": 1},
                    ],
                    "retry": {"attempts": 4, "on": ["401", "429"]},
                },
                *(
                    {"models": [name], "backends": [{"backend": name, "model": CLAUDE}]}
                    for name in ("asked", "either", "key", "ours")
                ),
            ],
            "extproc": {"workers": 2},
        }
        with Local(config, ENV) as local:
            yield World(local, sim)


@pytest.fixture
def fresh(world: World) -> World:
    world.begin()
    return world


@pytest.mark.parametrize("status", [401, 402, 403, 429])
def test_a_retry_takes_another_key_whichever_worker_it_meets(fresh, status):
    for _ in range(6):
        fresh.begin()
        refusals = [{"status": status, "retry_after": 1}] * 2
        fresh.sim.push(*refusals)
        answer = fresh.ask("pool")
        assert answer.status_code == 200
        assert sorted(fresh.shown()) == ["0", "1", "2"]


def test_where_every_key_is_refused_the_client_learns_it(fresh):
    fresh.sim.push(*[{"status": 429, "retry_after": 1}] * 3)
    answer = fresh.ask("pool")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert sorted(fresh.shown()) == ["0", "1", "2"]


def test_another_backend_has_keys_of_its_own(fresh):
    fresh.sim.push(*[{"status": 401, "retry_after": 1}] * 3)
    assert fresh.ask("two").status_code == 200
    shown = fresh.shown()
    assert len(shown) == 4
    # Envoy goes from one priority to the other and back; neither shows a key twice.
    assert len({*shown[::2]}) == len({*shown[1::2]}) == 2


def test_a_credential_of_aws_comes_with_the_request(fresh):
    assert fresh.ask("asked", **THEIRS).status_code == 200
    request = fresh.sim.requests[-1]
    assert "Credential=AKIDTHEIRS/" in request.header("authorization")
    assert "/eu-west-1/bedrock/" in request.header("authorization")
    assert request.header("x-amz-security-token") == "their-aws-session"
    names = {name.lower() for name, _ in request.headers}
    assert not names & THEIRS.keys()


def test_its_session_token_may_be_left_out_its_secret_may_not(fresh):
    two = {name: THEIRS[name] for name in ("x-aws-id", "x-aws-secret")}
    assert fresh.ask("asked", **two).status_code == 200
    assert fresh.sim.requests[-1].header("x-amz-security-token") == ""
    for model in ("asked", "either"):
        answer = fresh.ask(model, **{"x-aws-id": "AKIDTHEIRS"})
        assert answer.status_code == 401
        said = answer.json()["error"]["message"]
        assert said == "a part of the provider's credential is missing: x-aws-secret"


def test_without_one_the_gateways_own_is_taken_if_there_is_any(fresh):
    assert fresh.ask("either").status_code == 200
    assert "Credential=AKIDOURS/" in fresh.sim.requests[-1].header("authorization")
    assert fresh.ask("either", **THEIRS).status_code == 200
    assert "Credential=AKIDTHEIRS/" in fresh.sim.requests[-1].header("authorization")
    assert fresh.ask("asked").status_code == 401


def test_it_is_of_no_use_where_it_is_not_allowed(fresh):
    assert fresh.ask("ours", **THEIRS).status_code == 200
    request = fresh.sim.requests[-1]
    assert "Credential=AKIDOURS/" in request.header("authorization")
    assert not {name.lower() for name, _ in request.headers} & THEIRS.keys()


def test_an_api_key_of_bedrocks_comes_with_the_request(fresh):
    assert fresh.ask("key", **{"x-bedrock-key": "their-bedrock-key"}).status_code == 200
    request = fresh.sim.requests[-1]
    assert request.header("authorization") == "Bearer their-bedrock-key"
    assert request.header("x-bedrock-key") == ""


def test_none_of_them_is_in_a_log_or_in_statistics(fresh):
    fresh.sim.push({"status": 403})
    assert fresh.ask("asked", **THEIRS).status_code == 403
    fresh.ask("key", **{"x-bedrock-key": "their-bedrock-key"})
    fresh.local.wait_for(lambda: len(fresh.local.records()) > 1, "the access log")
    texts = [(fresh.local.directory / name).read_text() for name in ("server.log", "envoy.log")] + [
        fresh.local.access_log.read_text(),
        fresh.local.admin("/stats"),
    ]
    secret = re.compile("their-aws|their-bedrock|our-aws|sk-key-number")
    assert not secret.search("".join(texts))
