"""Thousands of clients that hang up at random moments leave nothing behind.

`python -m tests.e2e.storm` sends as many as one likes.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import psutil
import pytest

from extproc.lab.local import Local
from tests.e2e.clients.backends import ENV
from tests.e2e.conftest import MESSAGES, TRANSPORTS, Gateway, start
from tests.e2e.storm import storm, translated
from tests.e2e.tapes.clients import CLIENTS
from tests.e2e.tapes.gateway import config
from tests.e2e.tapes.server import Player

BUDGET = 10**12
LIMITS = [{"per": "header:x-user-id", "tokens": BUDGET, "every": "month"}]
WARM, COUNT, TRANSLATED = 300, 2_500, 1_500
PATIENCE = 120.0
"""Seconds that anything may take on a machine that is busy."""


@pytest.fixture(params=TRANSPORTS)
def gateway(request) -> Iterator[Gateway]:
    yield from start(request.param, limits=LIMITS, extproc={"workers": 2})


def tree(pid: int) -> dict[int, psutil.Process]:
    parent = psutil.Process(pid)
    return {process.pid: process for process in (parent, *parent.children(recursive=True))}


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def left(url: str, **request) -> int:
    """What is left of the storm's budget, asked by a request that costs nothing."""
    headers = {"x-user-id": "storm", **request.pop("headers")}
    answer = httpx.post(url, headers=headers, timeout=PATIENCE, **request)
    return int(answer.headers["x-ratelimit-remaining-tokens"])


def recorded(local: Local) -> int:
    return sum(int(record.get("total_tokens") or 0) for record in local.records())


def quiet(local: Local) -> bool:
    return not any(
        local.counter(name)
        for name in (
            "cluster.extproc.upstream_rq_active",
            "cluster.ratelimit.upstream_rq_active",
            "http.gateway.downstream_rq_active",
        )
    )


def over(local: Local) -> None:
    local.wait_for(lambda: quiet(local), "the streams to end", PATIENCE)


def weather(local: Local, count: int, made: Sequence[bytes]) -> None:
    """A storm of `count` clients, after which everything is as it was before."""
    warm = asyncio.run(storm(local.port, WARM, seed=7, made=made))
    assert warm.total() == WARM
    over(local)
    server, envoy = tree(local.server.popen.pid), psutil.Process(local.envoy.popen.pid)
    most = {pid: descriptors(pid) + 4 for pid in server}
    memory_before = {pid: process.memory_info().rss for pid, process in server.items()}

    ways = asyncio.run(storm(local.port, count, made=made))

    assert ways.total() == count
    assert len(ways) >= 4, ways
    over(local)
    assert tree(local.server.popen.pid).keys() == server.keys()
    assert envoy.is_running()
    assert local.envoy.popen.poll() is None
    local.wait_for(
        lambda: all(descriptors(pid) <= most[pid] for pid in server), "descriptors", PATIENCE
    )
    for pid, process in server.items():
        assert process.memory_info().rss - memory_before[pid] < 40 * 1024 * 1024


def adds_up(local: Local, left: Callable[[], int]) -> None:
    """What the limiter has counted is what was reported, and nothing is reserved any more."""
    total = "http.gateway.downstream_rq_total"
    local.wait_for(lambda: len(local.records()) == local.counter(total), "the records", PATIENCE)
    charged = recorded(local)
    assert charged > 0
    local.wait_for(lambda: BUDGET - left() == charged, "the charges to add up", PATIENCE)
    assert recorded(local) == charged


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_a_storm_of_clients_that_hang_up_leaves_nothing_behind(gateway: Gateway):
    weather(gateway.local, COUNT, ())
    url = f"{gateway.local.url}/v1/chat/completions"
    body = {"model": "robust", "messages": MESSAGES}
    refused = {"x-sim": '{"status": 400}'}
    adds_up(gateway.local, lambda: left(url, json=body, headers=refused))


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_so_does_one_in_every_dialect_before_providers_of_every_dialect(transport: str):
    path, body = CLIENTS["openai.chat"].request("openai.chat", False)
    refused = {"user-agent": "case/openai.chat/openai.chat/refused"}
    with Player() as player:
        settings = {"transport": transport, "workers": 2}
        made = config(player.url, limits=LIMITS, extproc=settings)
        with Local(made, ENV) as local:
            weather(local, TRANSLATED, translated())
            adds_up(local, lambda: left(local.url + path, content=body, headers=refused))
