"""Every capability of every provider through a real Envoy: host, SNI, path, signature and body.

The hosts are the real ones; only their addresses are those of loopback. Rows of the catalogue are
covered by themselves: `python -m tests.docs` writes what a new one is sent.
"""

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import yaml

from extproc.config.nameable import variable
from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from extproc.lab.simulator.record import Recorded
from extproc.reference.cells import Cell, cells
from providers.catalog import PROVIDERS
from providers.signing.aws_sigv4 import aws_sigv4
from providers.signing.sign import Call
from providers.vendors.provider import Provider
from tests.e2e.providers.asking import asked, configuration
from tests.e2e.providers.front import Front, certify
from tests.e2e.providers.vectors import AWS, readable, vector

EXPECTED = Path(__file__).parent / "expected"
HOSTS = sorted(
    {
        one["upstream"]["host"]
        for path in EXPECTED.iterdir()
        for one in orjson.loads(path.read_bytes()).values()
    }
)
ASKED = [one for one in PROVIDERS.values() if one.dialects]
"""Those that are asked for a model; what others keep has tests of its own."""
EVERY = pytest.mark.parametrize("provider", ASKED, ids=lambda one: one.name)
ENV = {
    "AWS_ACCESS_KEY_ID": AWS["access_key_id"],
    "AWS_SECRET_ACCESS_KEY": AWS["secret_access_key"],
    "GOOGLE_ACCESS_TOKEN": "key-of-provider",
    **{variable(name): "key-of-provider" for name in PROVIDERS},
}


class World:
    """A gateway before every provider at once."""

    def __init__(self, local: Local, sim: RunningSimulator, front: Front) -> None:
        self.local, self.sim, self.front = local, sim, front
        self.client = httpx.Client(timeout=30)

    def ask(self, request: httpx.Request) -> tuple[httpx.Response, Recorded]:
        """The client's answer, and what the provider was asked."""
        before = self.sim.requests[-1] if self.sim.requests else None
        url = f"{self.local.url}{request.url.raw_path.decode()}"
        headers = {"content-type": request.headers["content-type"]}
        answer = self.client.post(url, content=request.content, headers=headers)
        seen = self.sim.requests[-1]
        assert seen is not before, answer.text
        return answer, seen


def at_loopback(port: int) -> Any:
    """A bootstrap whose providers have their own names, and the address of `port`."""

    def edit(text: str) -> str:
        bootstrap = yaml.safe_load(text)
        for cluster in bootstrap["static_resources"]["clusters"]:
            if cluster["name"].startswith("ai/"):
                for group in cluster["load_assignment"]["endpoints"]:
                    for endpoint in group["lb_endpoints"]:
                        address = endpoint["endpoint"]["address"]["socket_address"]
                        address |= {"address": "127.0.0.1", "port_value": port}
        return json.dumps(bootstrap)

    return edit


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    certificate = certify(tmp_path_factory.mktemp("front"), HOSTS)
    config = configuration(tls={"ca": str(certificate)})
    with RunningSimulator() as sim, Front(certificate, sim.port) as front:
        env = {"PATH": "/usr/bin:/bin", **ENV}
        with Local(config, env, edit=at_loopback(front.port)) as local:
            yield World(local, sim, front)


def expected(provider: Provider, cell: Cell, kind: str) -> dict[str, Any]:
    found = orjson.loads((EXPECTED / f"{provider.name}.json").read_bytes())
    wanted: dict[str, Any] = found[cell.capability.key][kind]
    return wanted


def check(world: World, provider: Provider, seen: Recorded, wanted: dict[str, Any]) -> None:
    """Host, SNI, path, headers, signature and body are those of the vector."""
    headers = dict(seen.headers)
    assert seen.method == "POST"
    assert (headers["host"], seen.target) == (wanted["host"], wanted["target"])
    assert wanted["host"] in world.front.names
    assert wanted["headers"].items() <= headers.items()
    body = seen.body
    assert readable(headers["content-type"], body) == wanted["body"]
    if provider.signer is aws_sigv4:
        check_signature(seen, headers)


def check_signature(seen: Recorded, headers: dict[str, str]) -> None:
    """It covers the host, path and body that have arrived."""
    date = datetime.datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
    now = date.replace(tzinfo=datetime.UTC).timestamp()
    call = Call(seen.method, headers["host"], seen.target, seen.body)
    assert aws_sigv4(call, AWS, now)["authorization"] == headers["authorization"]


def test_no_vector_is_left_of_a_provider_that_is_gone():
    assert {path.stem for path in EXPECTED.iterdir()} == {one.name for one in ASKED}


@EVERY
def test_the_committed_vectors_are_those_of_the_catalogue(provider):
    assert orjson.loads((EXPECTED / f"{provider.name}.json").read_bytes()) == vector(provider)


@EVERY
def test_a_provider_is_asked_as_its_vector_says_and_its_answer_comes_back(world, provider):
    for cell in cells(provider):
        answer, seen = world.ask(asked(provider, cell))
        check(world, provider, seen, expected(provider, cell, "upstream"))
        assert answer.status_code == 200, (cell.capability.key, answer.text)
        assert answer.content


@EVERY
def test_streams_have_the_same_place_and_end_as_they_should(world, provider):
    for cell in cells(provider):
        if cell.stream != "yes" or cell.capability.client not in STREAMED:
            continue
        answer, seen = world.ask(asked(provider, cell, stream=True))
        check(world, provider, seen, expected(provider, cell, "streamed"))
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert STREAMED[cell.capability.client] in answer.text


STREAMED = {
    "openai.chat": "data: [DONE]",
    "openai.completions": "data: [DONE]",
    "openai.responses": "response.completed",
}
"""Client's format → what its streams end with."""


@EVERY
def test_a_providers_error_comes_in_the_clients_form(world, provider):
    cell = cells(provider)[0]
    world.sim.push({"status": 429, "message": "slow down, please"})
    answer, _ = world.ask(asked(provider, cell))
    assert answer.status_code == 429
    assert "slow down, please" in answer.text


def test_usage_of_every_chat_is_recorded(world):
    chats = [
        (provider, cell)
        for provider in PROVIDERS.values()
        for cell in cells(provider)
        if cell.capability.key == "chat"
    ]
    for provider, cell in chats:
        answer, _ = world.ask(asked(provider, cell))
        used = answer.json()["usage"]
        assert used["total_tokens"] == used["prompt_tokens"] + used["completion_tokens"] > 0
