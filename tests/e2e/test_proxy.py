"""Providers behind an HTTP proxy, by a real Envoy: TLS inside of what CONNECT makes."""

import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import openai
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.connecting import Connecting, secured

ENV = {**os.environ, "KEY": "sk-of-the-gateway", "PROXY": "open sesame%"}
WHO = f"Basic {b64encode(b'ann:open sesame%').decode()}"
CERTIFICATES = Path(__file__).parents[1] / "extproc" / "render" / "certificates"
CHAT = [{"role": "user", "content": "hello there"}]
PORT = 8443
"""Where nobody listens: only the proxy leads there."""


class World:
    def __init__(self, local: Local, simulator: RunningSimulator, proxy: Connecting) -> None:
        self.local, self.simulator, self.proxy = local, simulator, proxy

    def client(self) -> openai.OpenAI:
        url = f"{self.local.url}/v1"
        return openai.OpenAI(base_url=url, api_key="mine", max_retries=0, timeout=30)


def behind(proxy: object, host: str = "provider.test", **more: object) -> dict:
    return {
        "provider": "openai",
        "base_url": f"https://{host}:{PORT}",
        "credential": {"api_key": "env:KEY"},
        "tls": {"ca": str(CERTIFICATES / "ca.pem")},
        "proxy": proxy,
        **more,
    }


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with ExitStack() as stack:
        simulator = stack.enter_context(RunningSimulator(name="a"))
        certificate, key = (str(CERTIFICATES / f"server.{end}") for end in ("pem", "key"))
        front = stack.enter_context(secured(simulator.port, certificate, key))
        proxy = stack.enter_context(Connecting(front.port, who=WHO))
        url = f"http://localhost:{proxy.port}"
        told = {"url": url, "username": "ann", "password": "env:PROXY"}
        backends = {
            "behind": behind(told),
            "refused": behind(url),
            "stranger": behind(told, host="other.test"),
            "direct": {
                "provider": "openai",
                "base_url": simulator.url,
                "credential": {"api_key": "env:KEY"},
            },
        }
        served = [
            {"models": [name], "backends": [{"backend": name, "model": "gpt-4o-mini"}]}
            for name in backends
        ]
        both = [
            {"backend": name, "model": "gpt-4o-mini", "priority": priority}
            for priority, name in enumerate(("stranger", "refused", "behind", "direct"))
        ]
        retry = {"attempts": 4, "on": ["5xx", "connect-failure"], "backoff": "1ms"}
        served.append({"models": ["any"], "backends": both, "retry": retry})
        config = {"backends": backends, "routes": served}
        local = stack.enter_context(Local(config, ENV, static=False))
        yield World(local, simulator, proxy)


def test_a_provider_is_found_by_its_name_and_only_by_the_proxy(world: World):
    client = world.client()
    whole = client.chat.completions.create(model="behind", messages=CHAT)
    assert whole.choices[0].message.content
    said = world.proxy.asked[-1]
    assert said.pop("") == f"CONNECT provider.test:{PORT} HTTP/1.1"
    assert said == {"host": f"provider.test:{PORT}", "proxy-authorization": WHO.lower()}
    sent = world.simulator.requests[-1]
    assert sent.header("host") == f"provider.test:{PORT}"
    assert sent.header("authorization") == "Bearer sk-of-the-gateway"
    assert not sent.header("proxy-authorization")
    asked = client.chat.completions.create(model="behind", messages=CHAT, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in asked if chunk.choices)


@pytest.mark.parametrize("model", ["refused", "stranger"])
def test_whoever_the_proxy_or_the_certificate_refuses_is_not_reached(world: World, model: str):
    before = len(world.simulator.requests)
    with pytest.raises(openai.InternalServerError) as caught:
        world.client().chat.completions.create(model=model, messages=CHAT)
    assert caught.value.status_code == 503
    assert len(world.simulator.requests) == before


def test_another_backend_is_asked_where_the_way_is_closed(world: World):
    answer = world.client().chat.completions.with_raw_response.create(model="any", messages=CHAT)
    assert answer.parse().choices[0].message.content
    assert world.simulator.requests[-1].header("host") == f"provider.test:{PORT}"


def test_the_listener_of_a_proxy_is_its_owners(world: World):
    found = [*(world.local.directory / "sockets").glob("proxy-*.sock")]
    assert len(found) == 2
    assert {one.stat().st_mode & 0o777 for one in found} == {0o600}
