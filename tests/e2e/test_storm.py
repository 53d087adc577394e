"""Ten thousand clients that hang up at random moments leave nothing behind."""

import asyncio
from collections.abc import Iterator, Sequence
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
from tests.e2e.tapes.providers import TAPES
from tests.e2e.tapes.server import Player

BUDGET = 10**12
LIMITS = [{"per": "header:x-user-id", "tokens": BUDGET, "every": "month"}]
COUNT = {"lean": 10_000, "grpcio": 10_000}
TRANSLATED = 4_000


@pytest.fixture(params=TRANSPORTS)
def gateway(request) -> Iterator[Gateway]:
    yield from start(request.param, limits=LIMITS, extproc={"workers": 2})


def tree(pid: int) -> dict[int, psutil.Process]:
    parent = psutil.Process(pid)
    return {process.pid: process for process in (parent, *parent.children(recursive=True))}


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def charged(gateway: Gateway) -> int:
    """What the limiter has counted for the storm's user."""
    answer = httpx.post(
        f"{gateway.local.url}/v1/chat/completions",
        json={"model": "nothing-that-is-charged", "messages": MESSAGES},
        headers={"x-user-id": "storm", "x-ai-model": "robust", "x-sim": '{"status": 400}'},
        timeout=30,
    )
    return BUDGET - int(answer.headers["x-ratelimit-remaining-tokens"])


def recorded(local: Local, model: str) -> int:
    return sum(
        int(record.get("total_tokens") or 0)
        for record in local.records()
        if record.get("request_model") == model
    )


def quiet(local: Local) -> bool:
    return not any(
        local.counter(name)
        for name in (
            "cluster.extproc.upstream_rq_active",
            "cluster.ratelimit.upstream_rq_active",
            "http.gateway.downstream_rq_active",
        )
    )


def weather(local: Local, count: int, made: Sequence[bytes]) -> None:
    """A storm of `count` clients, after which everything is as it was before."""
    warm = asyncio.run(storm(local.port, 500, seed=7, made=made))
    assert warm.total() == 500
    local.wait_for(lambda: quiet(local), "the streams to end")
    server, envoy = tree(local.server.popen.pid), psutil.Process(local.envoy.popen.pid)
    open_before = {pid: descriptors(pid) for pid in server}
    memory_before = {pid: process.memory_info().rss for pid, process in server.items()}

    ways = asyncio.run(storm(local.port, count, made=made))

    assert ways.total() == count
    assert len(ways) >= 4, ways
    local.wait_for(lambda: quiet(local), "the streams to end")
    assert tree(local.server.popen.pid).keys() == server.keys()
    assert envoy.is_running()
    assert local.envoy.popen.poll() is None
    for pid, process in server.items():
        assert descriptors(pid) <= open_before[pid] + 4
        assert process.memory_info().rss - memory_before[pid] < 40 * 1024 * 1024
    local.wait_for(lambda: len(local.records()) >= count, "the records")


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_a_storm_of_clients_that_hang_up_leaves_nothing_behind(gateway: Gateway):
    local = gateway.local
    weather(local, COUNT[local.transport], ())
    local.wait_for(lambda: charged(gateway) == recorded(local, "robust"), "the charges to add up")
    assert recorded(local, "robust") > 0


@pytest.mark.slow
@pytest.mark.timeout(500)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_so_does_one_in_every_dialect_before_providers_of_every_dialect(transport: str):
    with Player() as player:
        settings = {"transport": transport, "workers": 2}
        made = config(player.url, limits=LIMITS, extproc=settings)
        with Local(made, ENV) as local:
            weather(local, TRANSLATED, translated())
            local.wait_for(
                lambda: BUDGET - remaining(local) == sum(recorded(local, model) for model in TAPES),
                "the charges to add up",
            )
            assert remaining(local) < BUDGET


def remaining(local: Local) -> int:
    """What is left of the storm's budget, asked by a request that costs nothing."""
    path, body = CLIENTS["openai.chat"].request("openai.chat", False)
    headers = {"x-user-id": "storm", "user-agent": "case/openai.chat/openai.chat/refused"}
    answer = httpx.post(local.url + path, content=body, headers=headers, timeout=30)
    return int(answer.headers["x-ratelimit-remaining-tokens"])
