"""A limiter that is slow or gone: waited for as long as configured, then open or closed."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import orjson
import pytest
import redis

from tests.e2e.conftest import MESSAGES, Gateway, start
from tests.extproc.ratelimit.conftest import Server

PATIENCE = 2.5
SHORT, LONG = 0.7, 3.5
"""Seconds for which something does not answer: shorter and longer than patience."""
PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("r"))
    running.start()
    yield running
    running.stop()


def gateway_on(server: Server, on_error: str, **limiter) -> Iterator[Gateway]:
    url = server.socket.parent / "url"
    url.write_text(server.url)
    settings = {"storage": f"file:{url}", "timeout": f"{PATIENCE}s", "on_error": on_error}
    limits = [
        {"per": "header:x-user-id", "requests": 3, "every": "day"},
        {"per": "header:x-payer", "tokens": 100, "every": "day"},
    ]
    yield from start("lean", limits=limits, limiter={**settings, **limiter})


@pytest.fixture(scope="module")
def closed(server) -> Iterator[Gateway]:
    yield from gateway_on(server, "deny")


@pytest.fixture(scope="module")
def opened(server) -> Iterator[Gateway]:
    yield from gateway_on(server, "allow")


def call(who: dict[str, str], family="openai") -> dict:
    """The arguments of a POST."""
    body = {"model": "small", "messages": MESSAGES, "max_tokens": 1_000}
    headers = {**who, "x-sim": '{"prompt_tokens": 8, "completion_tokens": 10, "delay_ms": 500}'}
    return {"url": PATHS[family], "json": body, "headers": headers}


def post(gateway: Gateway, who: dict[str, str], family="openai") -> httpx.Response:
    arguments = call(who, family)
    return httpx.post(gateway.local.url + arguments.pop("url"), timeout=30, **arguments)


async def flood(times: int, who: dict[str, str], *gateways: Gateway) -> Counter[int]:
    """How many of so many simultaneous requests at each gateway had which status."""
    bounds = httpx.Limits(max_connections=times)
    statuses: Counter[int] = Counter()

    async def at(gateway: Gateway) -> None:
        address = gateway.local.url
        async with httpx.AsyncClient(base_url=address, timeout=60, limits=bounds) as client:
            asked = [client.post(**call(who)) for _ in range(times)]
            statuses.update([answer.status_code for answer in await asyncio.gather(*asked)])

    await asyncio.gather(*map(at, gateways))
    return statuses


def said(gateway: Gateway, event: str) -> list[dict]:
    """The limiter's log lines with `event`."""
    lines = gateway.local.server.log.read_bytes().splitlines()
    found = [orjson.loads(line) for line in lines if line.startswith(b"{")]
    return [one for one in found if one["worker"] == "limiter" and one["event"].startswith(event)]


@contextmanager
def stopped(gateway: Gateway, seconds: float) -> Iterator[None]:
    """The limiter does nothing for so long, or until the block ends, whichever is later."""
    pid = said(gateway, "ready")[-1]["pid"]
    os.kill(pid, signal.SIGSTOP)
    begun = time.monotonic()

    async def go_on() -> None:
        await asyncio.sleep(max(0, begun + seconds - time.monotonic()))
        os.kill(pid, signal.SIGCONT)

    try:
        yield
    finally:
        asyncio.run(go_on())


def paused(server: Server, seconds: float) -> None:
    with redis.Redis(unix_socket_path=str(server.socket)) as client:
        client.client_pause(int(seconds * 1000), all=True)


def errors(gateway: Gateway, kind: str) -> int:
    return gateway.local.counter(rf"cluster\..*\.ratelimit\.{kind}")


@pytest.mark.parametrize("how", [paused, lambda server, seconds: server.sleep(seconds)])
async def test_a_slow_redis_does_not_open_a_limit_under_a_flood(server, opened, how, request):
    who = {"x-user-id": request.node.name}
    await asyncio.to_thread(how, server, SHORT)
    statuses = await flood(100, who, opened)
    assert statuses == {200: 3, 429: 97}
    assert errors(opened, "error") == 0


async def test_a_limiter_that_stands_still_does_not_open_a_limit(opened):
    who = {"x-user-id": "still"}
    pid = said(opened, "ready")[-1]["pid"]
    os.kill(pid, signal.SIGSTOP)
    asyncio.get_running_loop().call_later(SHORT, os.kill, pid, signal.SIGCONT)
    assert await flood(50, who, opened) == {200: 3, 429: 47}


async def test_two_limiters_keep_one_budget_but_for_one_answer(opened, closed):
    statuses = await flood(30, {"x-payer": "both"}, opened, closed)
    assert set(statuses) == {200, 429}
    assert 18 * statuses[200] < 100 + 18


async def test_closed_a_client_is_told_in_its_own_form(server, closed):
    before = errors(closed, "error")
    begun = time.monotonic()
    await asyncio.to_thread(paused, server, LONG)
    told = [asyncio.to_thread(post, closed, {"x-user-id": "closed"}, family) for family in PATHS]
    openai, anthropic = await asyncio.gather(*told)
    assert time.monotonic() - begun >= PATIENCE
    assert (openai.status_code, openai.json()["error"]["type"]) == (503, "server_error")
    assert anthropic.status_code == 503
    assert anthropic.json()["type"] == "error"
    for answer in (openai, anthropic):
        assert "rate limits cannot be checked" in answer.json()["error"]["message"]
    assert errors(closed, "error") >= before + 2
    assert said(closed, "rate limit store failed")[-1]["error"] == "no answer in time"
    redis.Redis(unix_socket_path=str(server.socket)).ping()  # until it goes on


def test_open_requests_go_on_and_are_counted_when_redis_is_back(server, opened):
    who = {"x-payer": "open"}
    before = errors(opened, "failure_mode_allowed")
    paused(server, LONG)
    assert post(opened, who).status_code == 200
    assert errors(opened, "failure_mode_allowed") > before
    with redis.Redis(unix_socket_path=str(server.socket)) as client:
        client.ping()
    deadline = time.monotonic() + 10
    while post(opened, who).headers.get("x-ratelimit-remaining-tokens", "100") == "100":
        assert time.monotonic() < deadline


def test_a_limiter_that_stands_still_for_too_long_says_so(opened):
    who = {"x-payer": "stopped"}
    before = errors(opened, "failure_mode_allowed")
    with stopped(opened, LONG):
        assert post(opened, who).status_code == 200
    assert errors(opened, "failure_mode_allowed") > before
    opened.local.wait_for(lambda: said(opened, "stood still"), "a line about it", 10)
