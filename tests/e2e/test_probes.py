"""Backends that are asked whether they answer, by a real Envoy that asks for its configuration."""

import os
from collections.abc import Iterator

import httpx
import pytest

from extproc.lab.local import Local, free_port
from extproc.lab.simulator import RunningSimulator

ENV = {**os.environ, "KEY": "sk-key-of-the-gateway", "ADMIN": "adm"}


class World:
    """A gateway whose backends are looked at: one that answers, one that does not, one at a wrong
    path."""

    def __init__(self, local: Local, port: int, provider: RunningSimulator, config: dict) -> None:
        self.local, self.port, self.provider, self.config = local, port, provider, config

    def ask(self, path: str) -> dict:
        url = f"http://127.0.0.1:{self.port}/api/{path}"
        return httpx.get(url, headers={"authorization": "Bearer adm"}, timeout=20).json()

    def status(self, name: str, wanted: str) -> dict:
        """How a backend is told, once its status is `wanted`."""
        found: dict = {}

        def look() -> bool:
            found.update(self.ask(f"providers/{name}"))
            return found["status"] == wanted

        self.local.wait_for(look, f"{name} to be {wanted}")
        return found


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    port = free_port()
    with RunningSimulator() as provider:
        common = {"credential": {"api_key": "env:KEY"}, "probe": {"every": "10s"}}
        own = {"base_url": provider.url, **common}
        config = {
            "backends": {
                "sound": {"provider": "anthropic", **own},
                "astray": {"provider": "openai", **own, "probe": {"path": "/nowhere"}},
                "gone": {"provider": "openai", **common, "base_url": "http://127.0.0.1:9"},
                "unasked": {"provider": "openai", **own, "probe": None},
            },
            "routes": [{"models": ["m"], "backends": [{"backend": "unasked"}]}],
            "admin": {"port": port, "key": "env:ADMIN"},
        }
        with Local(config, ENV, static=False) as local:
            yield World(local, port, provider, config)


def test_who_does_not_answer_is_told_with_why_and_when(world):
    astray = world.status("astray", "probe_failed")
    assert astray["provider_status"] == "error"
    assert "status 404: Invalid URL (GET /nowhere)" in astray["description"]
    gone = world.status("gone", "probe_failed")
    assert "status 503" in gone["description"]
    told = {one["name"]: one for one in world.ask("backends")["backends"]}
    assert told["gone"]["status"] == "unhealthy"
    assert told["gone"]["probe"]["failure"].startswith("status 503")
    assert told["unasked"]["probe"] is None


def test_who_answers_is_asked_with_the_gateways_key(world):
    def look() -> bool:
        told = {one["name"]: one["probe"] for one in world.ask("backends")["backends"]}
        return bool(told["sound"])

    world.local.wait_for(look, "a probe of the sound one")
    assert world.status("sound", "success")["provider_status"] == "active"
    asked = [one for one in world.provider.requests if one.method == "GET"]
    found, *_ = [one for one in asked if one.target == "/v1/models"]
    said = dict(found.headers)
    assert said["x-api-key"] == "sk-key-of-the-gateway"
    assert not [name for name in said if name.startswith("x-ai-")]


def test_who_answers_again_is_active_again(world):
    world.status("astray", "probe_failed")
    backends = world.config["backends"]
    mended = {**backends, "astray": {**backends["astray"], "probe": {"every": "10s"}}}
    world.local.write_config({**world.config, "backends": mended})
    # A provider of which nothing is known yet is active, too.
    world.local.wait_for(
        lambda: any(
            one["name"] == "astray" and one["probe"] and not one["probe"]["failure"]
            for one in world.ask("backends")["backends"]
        ),
        "the mended one's probe",
    )
    assert world.status("astray", "success")["provider_status"] == "active"
