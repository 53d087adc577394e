"""What one backend has done to a client's headers is undone before the next one is asked."""

from collections.abc import Iterator

import httpx
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import ENV, backend
from tests.e2e.listener import needs_retry_elsewhere
from tests.e2e.tapes.clients import CLIENTS

pytestmark = needs_retry_elsewhere

FIRST, SECOND = "first", "second"
OWN = {
    "anthropic.messages": {"anthropic-beta": "own-beta", "anthropic-version": "2023-06-01"},
    "openai.chat": {"openai-beta": "own-beta"},
    "cohere.chat": {"x-client-name": "own-name"},
}
"""What clients send that means something in their dialect only."""
SET = {"x-first": "of the first backend", "x-shared": "of the first backend"}
DIALECTS = (*OWN, "bedrock.converse")


class World:
    def __init__(self, url: str, first: RunningSimulator, second: RunningSimulator) -> None:
        self.url = url
        self.first = first
        self.second = second


def config(first: str, second: str) -> dict:
    pairs = [(a, b) for a in DIALECTS for b in DIALECTS]
    names = {dialect: dialect.replace(".", "-") for dialect in DIALECTS}
    return {
        "backends": {
            **{f"{names[d]}-1": {**backend(d, first), "headers": SET} for d in DIALECTS},
            **{f"{names[d]}-2": backend(d, second) for d in DIALECTS},
        },
        "routes": [
            {
                "models": [f"{a}+{b}"],
                "backends": [
                    {"backend": f"{names[a]}-1", "model": "m"},
                    {"backend": f"{names[b]}-2", "model": "m", "priority": 1},
                ],
            }
            for a, b in pairs
        ],
    }


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with (
        RunningSimulator(name=FIRST) as first,
        RunningSimulator(name=SECOND) as second,
        Local(config(first.url, second.url), ENV) as local,
    ):
        yield World(local.url, first, second)


@pytest.mark.parametrize("target", DIALECTS)
@pytest.mark.parametrize("failing", DIALECTS)
@pytest.mark.parametrize("client", OWN)
def test_the_second_backend_gets_what_the_client_has_sent(world: World, client, failing, target):
    path, body = CLIENTS[client].request(f"{failing}+{target}", False)
    sent = {**OWN[client], "x-shared": "own-value", "x-sim": f'{{"at": "{FIRST}", "status": 503}}'}
    answer = httpx.post(world.url + path, content=body, headers=sent, timeout=30)
    assert answer.status_code == 200, answer.text
    assert world.first.requests[-1].header("x-shared") == "of the first backend"
    asked = world.second.requests[-1]
    assert asked.header("x-first") == ""
    assert asked.header("x-shared") == "own-value"
    for owner, headers in OWN.items():
        for name, value in headers.items():
            expected = value if owner == client == target else ""
            if name == "anthropic-version" and target == "anthropic.messages":
                expected = value
            assert asked.header(name) == expected, name
