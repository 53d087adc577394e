"""Ten thousand clients that hang up at random moments leave nothing behind."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.e2e.conftest import MESSAGES, TRANSPORTS, Gateway, start
from tests.e2e.storm import storm

BUDGET = 10**12
LIMITS = [{"per": "header:x-user-id", "tokens": BUDGET, "every": "month"}]
COUNT = {"lean": 10_000, "grpcio": 10_000}


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


def recorded(gateway: Gateway) -> int:
    return sum(
        int(record.get("total_tokens") or 0)
        for record in gateway.local.records()
        if record.get("request_model") == "robust"
    )


def quiet(gateway: Gateway) -> bool:
    return not any(
        gateway.local.counter(name)
        for name in (
            "cluster.extproc.upstream_rq_active",
            "cluster.ratelimit.upstream_rq_active",
            "http.gateway.downstream_rq_active",
        )
    )


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_a_storm_of_clients_that_hang_up_leaves_nothing_behind(gateway: Gateway, request):
    local = gateway.local
    transport = local.transport
    warm = asyncio.run(storm(local.port, 500, seed=7))
    assert warm.total() == 500
    local.wait_for(lambda: quiet(gateway), "the streams to end")
    server, envoy = tree(local.server.popen.pid), psutil.Process(local.envoy.popen.pid)
    open_before = {pid: descriptors(pid) for pid in server}
    memory_before = {pid: process.memory_info().rss for pid, process in server.items()}

    ways = asyncio.run(storm(local.port, COUNT[transport]))

    assert ways.total() == COUNT[transport]
    assert len(ways) >= 4, ways
    local.wait_for(lambda: quiet(gateway), "the streams to end")
    assert tree(local.server.popen.pid).keys() == server.keys()
    assert envoy.is_running()
    assert local.envoy.popen.poll() is None
    for pid, process in server.items():
        assert descriptors(pid) <= open_before[pid] + 4
        assert process.memory_info().rss - memory_before[pid] < 40 * 1024 * 1024
    local.wait_for(lambda: len(gateway.local.records()) >= COUNT[transport], "the records")
    local.wait_for(lambda: charged(gateway) == recorded(gateway), "the charges to add up")
    assert recorded(gateway) > 0
