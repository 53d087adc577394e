"""Tokens of clouds through a real Envoy: fetched, rotated under load, kept while they are good."""

import concurrent.futures
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.extproc.credentials.clouds_at_home import MARK, Clouds, running, service_account

ROLE = "arn:aws:iam::123456789012:role/gateway"
SECRETS = {
    "AWS_ID": "AKIDBASE",
    "AWS_SECRET": f"aws-{MARK}-secret",
    "ENTRA_SECRET": f"entra-{MARK}-secret",
    "OAUTH_SECRET": f"oauth-{MARK}-secret",
    "KEY": f"plain-{MARK}-key",
}
MODELS = {
    "aws": "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "gcp": "gemini-2.5-flash",
    "entra": "gpt-5.1",
    "oauth": "gpt-5.1",
}


class World:
    """A gateway whose backends need tokens, and the clouds that give them."""

    def __init__(self, local: Local, sim: RunningSimulator, clouds: Clouds) -> None:
        self.local = local
        self.sim = sim
        self.clouds = clouds

    def ask(self, model: str, **more: Any) -> httpx.Response:
        body = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
        url = f"{self.local.url}/v1/chat/completions"
        with httpx.Client(timeout=30, trust_env=False) as client:
            return client.post(url, json=body, **more)

    def token(self) -> str:
        """What the provider was shown last."""
        headers = {name.lower(): value for name, value in self.sim.requests[-1].headers}
        return headers.get("x-amz-security-token") or headers["authorization"]

    def said(self) -> str:
        return (self.local.directory / "server.log").read_text()


def backends(url: str, clouds: Clouds, directory: Path) -> dict[str, Any]:
    key = directory / "google.json"
    key.write_text(service_account(directory / "clouds.key"))
    aws = {"access_key_id": "env:AWS_ID", "secret_access_key": "env:AWS_SECRET"}
    application = {"tenant_id": "t", "client_id": "c", "client_secret": "env:ENTRA_SECRET"}
    oauth = {
        "token_url": f"{clouds.url}/oidc/v1/token",
        "client_id": "c",
        "client_secret": "env:OAUTH_SECRET",
        "scope": "all-apis",
    }
    place = {"project": "p", "region": "europe-west4"}
    return {
        "aws": {
            "provider": "bedrock",
            "region": "eu-west-1",
            "credential": {"aws": {**aws, "role_arn": ROLE}},
        },
        "gcp": {
            "provider": "vertex",
            **place,
            "credential": {"gcp": {"service_account": f"file:{key}"}},
        },
        "entra": {
            "provider": "azure",
            "instance": "i",
            "dialect": {"chat": "openai.chat"},
            "credential": {"entra": application},
        },
        "oauth": {"provider": "openai-compatible", "credential": {"oauth": oauth}},
    }


def started(directory: Path, lifetime: float, **extproc: Any) -> Iterator[World]:
    with running(directory) as (clouds, environment), RunningSimulator() as sim:
        clouds.lifetime = lifetime
        made = backends(sim.url, clouds, directory)
        config = {
            "backends": {name: {**each, "base_url": sim.url} for name, each in made.items()},
            "routes": [
                {"models": [name], "backends": [{"backend": name, "model": MODELS[name]}]}
                for name in made
            ],
            "extproc": extproc,
        }
        with Local(config, {**os.environ, **environment, **SECRETS}) as local:
            yield World(local, sim, clouds)


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    yield from started(tmp_path, lifetime=3600, workers=2)


@pytest.fixture
def brief(tmp_path) -> Iterator[World]:
    """Tokens live for four seconds."""
    yield from started(tmp_path, lifetime=4, workers=2)


@pytest.fixture
def passing(tmp_path) -> Iterator[World]:
    """Tokens live for twenty seconds, and the next ones are asked for five seconds before."""
    yield from started(tmp_path, lifetime=20, workers=2)


SIGNED = {"aws": "session-", "gcp": "Bearer token-", "entra": "Bearer token-", "oauth": "Bearer "}


def test_every_identity_signs_from_the_first_request_and_is_asked_for_once(world):
    for model, begins in SIGNED.items():
        for _ in range(4):
            answer = world.ask(model)
            assert answer.status_code == 200, (answer.text, world.said())
            assert world.token().startswith(f"{begins}"), model
            assert MARK in world.token()
    # Two workers, four identities: one token each.
    assert world.clouds.issued == 4 + 1, "an AWS identity has two secrets"
    file = world.local.directory / "sockets" / "identities.json"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_token_of_microsofts_is_a_bearer_token_and_no_api_key(world):
    assert world.ask("entra").status_code == 200
    names = {name.lower() for name, _ in world.sim.requests[-1].headers}
    assert "authorization" in names
    assert "api-key" not in names


@pytest.mark.slow
def test_tokens_are_rotated_under_load_and_no_request_fails(passing):
    """For as long as it takes that every identity has three tokens."""
    failed: list[str] = []

    def rotated() -> bool:
        return passing.clouds.issued >= 3 * 5

    def one(model: str) -> int:
        done, stop = 0, time.monotonic() + 90
        while not rotated() and time.monotonic() < stop:
            answer = passing.ask(model)
            if answer.status_code != 200:
                failed.append(answer.text)
            done += 1
        return done

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        done = sum(threads.map(one, [*SIGNED] * 2))
    assert not failed, (failed[:3], passing.said())
    assert rotated()
    assert done > 50
    shown = {dict(r.headers).get("authorization", "") for r in passing.sim.requests}
    assert len({text for text in shown if text.startswith("Bearer token-")}) >= 6


def test_an_old_token_is_used_while_it_is_good_then_it_is_503_and_then_well_again(brief):
    assert brief.ask("oauth").status_code == 200
    echoed = f'{{"error": "x", "error_description": "{SECRETS["OAUTH_SECRET"]} is wrong"}}'
    brief.clouds.failing = (500, echoed)
    assert brief.ask("oauth").status_code == 200
    brief.local.wait_for(lambda: brief.ask("oauth").status_code == 503, "the token's end")
    answer = brief.ask("oauth")
    message = answer.json()["error"]["message"]
    assert message == "the backend 'oauth' has no credential now"
    brief.local.wait_for(lambda: "an identity has no token" in brief.said(), "the log")
    assert "[redacted] is wrong" in brief.said()
    brief.clouds.failing = None
    brief.local.wait_for(lambda: brief.ask("oauth").status_code == 200, "the next token", 30)


def test_a_changed_key_file_is_used_at_once(world, tmp_path):
    assert world.ask("gcp").status_code == 200
    before = world.token()
    file = tmp_path / "google.json"
    fresh = tmp_path / "fresh.json"
    fresh.write_text(file.read_text().replace('"k1"', '"k2"'))
    fresh.replace(file)
    world.local.wait_for(
        lambda: world.ask("gcp").status_code == 200 and world.token() != before, "the next token"
    )


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def identities_pid(world: World) -> int:
    parent = world.local.server.popen.pid
    pids = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    lines = [line for line in world.said().splitlines() if "identities" in line and "pid" in line]
    pids_in_log = re.findall(r"\"?pid\"?[=:] ?(\d+)", plain(" ".join(lines)))
    return next(int(pid) for pid in reversed(pids_in_log) if pid in pids)


def test_who_asks_for_tokens_may_die_and_so_may_everybody(world):
    assert world.ask("oauth").status_code == 200
    before = world.clouds.issued
    os.kill(identities_pid(world), signal.SIGKILL)
    assert world.ask("oauth").status_code == 200
    world.local.wait_for(lambda: world.clouds.issued >= before + 5, "tokens of the next one")
    assert world.ask("oauth").status_code == 200
    world.clouds.failing = (503, "down")
    world.local.server.stop()
    world.local.processes.remove(world.local.server)
    world.local.start_server()
    world.local.wait_ready()
    answer = world.ask("oauth")
    assert answer.status_code == 200, "what was left is still good"


def test_an_identity_that_a_reload_brings_is_asked_for(tmp_path):
    with running(tmp_path) as (clouds, environment), RunningSimulator() as sim:
        plain_key = {"provider": "openai-compatible", "credential": {"api_key": "env:KEY"}}
        token = backends(sim.url, clouds, tmp_path)["oauth"]
        routes = [{"models": ["m"], "backends": [{"backend": "b", "model": "gpt-5.1"}]}]

        def config(backend: dict[str, Any]) -> dict[str, Any]:
            return {"backends": {"b": {**backend, "base_url": sim.url}}, "routes": routes}

        with Local(config(plain_key), {**os.environ, **environment, **SECRETS}) as local:
            world = World(local, sim, clouds)
            assert world.ask("m").status_code == 200
            assert not (local.directory / "sockets" / "identities.json").exists()
            local.write_config(config(token))
            local.server.popen.send_signal(signal.SIGHUP)
            seen = []

            def changed() -> bool:
                seen.append(world.ask("m").status_code)
                return world.token().startswith("Bearer token-")

            local.wait_for(changed, "the token")
            assert set(seen) == {200}, "the old configuration holds until there is a token"


def test_no_secret_is_in_any_file_but_the_one_that_hands_them_on(brief):
    """Logs, access logs, Envoy's configuration and statistics, whatever has gone wrong."""
    brief.sim.push({"status": 401})
    for model in SIGNED:
        brief.ask(model, headers={"x-other": "1"})
    brief.clouds.failing = (400, f'{{"error": "{SECRETS["ENTRA_SECRET"]} {MARK}"}}')
    brief.local.wait_for(lambda: "no token" in brief.said(), "a failure", 30)
    brief.clouds.failing = (400, "")
    stats = brief.local.admin("/stats") + brief.local.admin("/config_dump")
    secrets = [*SECRETS.values(), *(f"{kind}-{MARK}-" for kind in ("token", "secret", "session"))]
    secrets.remove("AKIDBASE")
    texts = {"stats": stats}
    for file in brief.local.directory.rglob("*"):
        if file.is_file() and file.name not in ("identities.json", "identities.new"):
            texts[file.name] = file.read_text(errors="replace")
    assert {"server.log", "access.log", "envoy.log"} <= texts.keys()
    found = [(name, secret) for name, text in texts.items() for secret in secrets if secret in text]
    assert found == []
