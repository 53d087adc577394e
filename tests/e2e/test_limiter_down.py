"""A limiter that is slow or gone: waited for as long as configured, then open or closed."""

import asyncio
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
import redis

from extproc.lab.local import Local
from tests.e2e.conftest import MESSAGES, Gateway, start
from tests.e2e.stopping import limiter, said, still
from tests.extproc.ratelimit.conftest import Server

PATIENCE, MORE = 2.5, 60.0
"""Seconds for which a limiter waits, and one that shall wait however busy the machine is."""
SHORT, LONG = 0.7, 7.5
"""Seconds for which something does not answer: shorter than MORE; longer than PATIENCE with a
question, and then with the charge that follows."""
WAIT = 120.0
"""Seconds that anything else may take."""
PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("r"))
    running.start()
    yield running
    running.stop()


def gateway_on(
    storage: str, on_error: str, patience: float = PATIENCE, watchdog: str | None = None
) -> Iterator[Gateway]:
    settings = {"storage": storage, "timeout": f"{patience}s", "on_error": on_error}
    limits = [
        {"per": "header:x-user-id", "requests": 3, "every": "day"},
        {"per": "header:x-payer", "tokens": 100, "every": "day"},
    ]
    yield from start("lean", limits=limits, limiter=settings, extproc={"watchdog": watchdog})


@pytest.fixture(scope="module")
def storage(server) -> str:
    url = server.socket.parent / "url"
    url.write_text(server.url)
    return f"file:{url}"


@pytest.fixture(scope="module")
def closed(storage) -> Iterator[Gateway]:
    yield from gateway_on(storage, "deny")


@pytest.fixture(scope="module")
def opened(storage) -> Iterator[Gateway]:
    yield from gateway_on(storage, "allow")


@pytest.fixture(scope="module")
def patient(storage) -> Iterator[Gateway]:
    yield from gateway_on(storage, "allow", MORE)


@pytest.fixture(params=["redis", "memory"])
def watched(request, storage) -> Iterator[Gateway]:
    kept = storage if request.param == "redis" else "memory"
    yield from gateway_on(kept, "allow", watchdog="3s")


def call(who: dict[str, str], family="openai") -> dict:
    """The arguments of a POST."""
    body = {"model": "small", "messages": MESSAGES, "max_tokens": 1_000}
    headers = {**who, "x-sim": '{"prompt_tokens": 8, "completion_tokens": 10, "delay_ms": 500}'}
    return {"url": PATHS[family], "json": body, "headers": headers}


def post(gateway: Gateway, who: dict[str, str], family="openai") -> httpx.Response:
    arguments = call(who, family)
    return httpx.post(gateway.local.url + arguments.pop("url"), timeout=WAIT, **arguments)


async def flood(times: int, who: dict[str, str], *gateways: Gateway) -> Counter[int]:
    """How many of so many simultaneous requests at each gateway had which status."""
    bounds = httpx.Limits(max_connections=times)
    statuses: Counter[int] = Counter()

    async def at(gateway: Gateway) -> None:
        address = gateway.local.url
        async with httpx.AsyncClient(base_url=address, timeout=WAIT, limits=bounds) as client:
            asked = [client.post(**call(who)) for _ in range(times)]
            statuses.update([answer.status_code for answer in await asyncio.gather(*asked)])

    await asyncio.gather(*map(at, gateways))
    return statuses


def still_shortly(pid: int) -> None:
    """The process does nothing for a while that begins now."""
    os.kill(pid, signal.SIGSTOP)
    threading.Timer(SHORT, os.kill, (pid, signal.SIGCONT)).start()


def paused(server: Server, seconds: float) -> None:
    with redis.Redis(unix_socket_path=str(server.socket)) as client:
        client.client_pause(int(seconds * 1000), all=True)


def errors(gateway: Gateway, kind: str) -> int:
    return gateway.local.counter(rf"cluster\..*\.ratelimit\.{kind}")


def left(gateway: Gateway, who: dict[str, str]) -> str | None:
    """The tokens that are left, as an answer says that costs nothing."""
    arguments = call(who)
    arguments["headers"]["x-sim"] = '{"status": 400}'
    answer = httpx.post(gateway.local.url + arguments.pop("url"), timeout=WAIT, **arguments)
    return answer.headers.get("x-ratelimit-remaining-tokens")


def until_left(gateway: Gateway, who: dict[str, str], tokens: int) -> None:
    local: Local = gateway.local
    local.wait_for(lambda: left(gateway, who) == str(tokens), f"{tokens} tokens", WAIT)


@pytest.mark.parametrize(
    "how",
    [
        lambda server: paused(server, SHORT),
        lambda server: server.sleep(SHORT),
        lambda server: still_shortly(server.pid),
    ],
    ids=["paused", "busy", "stopped"],
)
async def test_a_slow_redis_does_not_open_a_limit_under_a_flood(server, patient, how, request):
    who = {"x-user-id": request.node.name}
    await asyncio.to_thread(how, server)
    statuses = await flood(100, who, patient)
    assert statuses == {200: 3, 429: 97}
    assert errors(patient, "error") == 0


async def test_a_limiter_that_stands_still_does_not_open_a_limit(patient):
    who = {"x-user-id": "still"}
    still_shortly(limiter(patient))
    assert await flood(50, who, patient) == {200: 3, 429: 47}


async def test_two_limiters_keep_one_budget_but_for_one_answer(patient, closed):
    statuses = await flood(30, {"x-payer": "both"}, patient, closed)
    assert set(statuses) == {200, 429}
    assert 18 * statuses[200] < 100 + 18


async def test_closed_a_client_is_told_in_its_own_form(server, closed):
    before = errors(closed, "error")
    who = {"x-user-id": "closed"}
    begun = time.monotonic()
    with still(server.pid):
        told = [asyncio.to_thread(post, closed, who, family) for family in PATHS]
        openai, anthropic = await asyncio.gather(*told)
    assert time.monotonic() - begun >= PATIENCE
    assert (openai.status_code, openai.json()["error"]["type"]) == (503, "server_error")
    assert anthropic.status_code == 503
    assert anthropic.json()["type"] == "error"
    for answer in (openai, anthropic):
        assert "rate limits cannot be checked" in answer.json()["error"]["message"]
    assert errors(closed, "error") >= before + 2
    assert said(closed, "rate limit store failed")[-1]["error"] == "no answer in time"


def test_open_requests_go_on_and_are_counted_when_redis_is_back(server, opened):
    who = {"x-payer": "open"}
    before = errors(opened, "failure_mode_allowed")
    with still(server.pid):
        assert post(opened, who).status_code == 200
        assert errors(opened, "failure_mode_allowed") > before
    until_left(opened, who, 82)


def test_a_limiter_that_stands_still_for_too_long_says_so(opened):
    who = {"x-payer": "stopped"}
    before = errors(opened, "failure_mode_allowed")
    with still(limiter(opened), LONG):
        assert post(opened, who).status_code == 200
    assert errors(opened, "failure_mode_allowed") > before
    opened.local.wait_for(lambda: said(opened, "stood still"), "a line about it", WAIT)
    # Envoy had given up the charge, too, when it went on.
    until_left(opened, who, 82)


def test_a_limiter_that_hangs_is_replaced_and_redis_has_lost_nothing(watched, request):
    kept = request.node.callspec.params["watched"] == "redis"
    who = {"x-payer": "hung"}
    assert post(watched, who).status_code == 200
    until_left(watched, who, 82)
    hung = limiter(watched)
    os.kill(hung, signal.SIGSTOP)
    watched.local.wait_for(lambda: limiter(watched) != hung, "another limiter", WAIT)
    assert said(watched, "worker is silent, killed")[-1]["pid"] == hung
    if kept:
        # What the last look has reserved may be lost with the limiter that was to take it back.
        local: Local = watched.local
        local.wait_for(lambda: int(left(watched, who) or 100) <= 82, "what was used", WAIT)
    else:
        until_left(watched, who, 100)
    assert post(watched, who).status_code == 200
