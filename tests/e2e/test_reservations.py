"""What requests reserve of a budget while they run, through a real Envoy."""

import asyncio
import json
import socket
import time
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.conftest import MESSAGES, Gateway, start
from tests.e2e.stopping import limiter, still

LIMITS = [
    {"per": "header:x-user-id", "tokens": 100, "every": "day"},
    {"per": "header:x-payer", "cost_usd": 0.001, "every": "day"},
    {"per": "header:x-team", "requests": 1, "every": "day"},
]
USED = {"prompt_tokens": 8, "completion_tokens": 10}
WAIT = 120.0
"""Seconds that anything may take on a machine that is busy."""


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    settings = {"limiter": {"timeout": f"{WAIT}s"}, "extproc": {"watchdog": None}}
    yield from start("lean", limits=LIMITS, **settings)


def call(who: dict[str, str], model="small", messages=MESSAGES, **order):
    """The arguments of a POST."""
    body = {"model": model, "messages": messages, "max_tokens": 1_000}
    headers = {**who, "x-sim": json.dumps(order)}
    return {"url": "/v1/chat/completions", "json": body, "headers": headers}


def post(gateway: Gateway, who: dict[str, str], **more) -> httpx.Response:
    arguments = call(who, **more)
    url = gateway.local.url + arguments.pop("url")
    return httpx.post(url, timeout=WAIT, **arguments)


async def at_once(gateway: Gateway, times: int, who: dict[str, str], **order) -> Counter[int]:
    """How many of so many simultaneous requests had which status."""
    bounds = httpx.Limits(max_connections=times)
    async with httpx.AsyncClient(base_url=gateway.local.url, timeout=WAIT, limits=bounds) as client:
        asked = [client.post(**call(who, **order)) for _ in range(times)]
        return Counter([answer.status_code for answer in await asyncio.gather(*asked)])


def until_left(gateway: Gateway, who: dict[str, str], left: int, **order) -> httpx.Response:
    """The first answer that says that so much is left; the last charge may be on its way."""
    deadline = time.monotonic() + WAIT
    while True:
        answer = post(gateway, who, **{"status": 400, **order})
        if answer.headers.get("x-ratelimit-remaining-tokens") == str(left):
            return answer
        assert time.monotonic() < deadline, answer.headers


@pytest.mark.parametrize("warm", [False, True])
async def test_requests_at_once_stay_within_a_budget_but_for_one_answer(gateway, warm):
    who = {"x-user-id": f"sixty-{warm}"}
    if warm:
        post(gateway, {"x-user-id": "teacher"}, **USED)
        until_left(gateway, {"x-user-id": "teacher"}, 82)
    statuses = await at_once(gateway, 60, who, delay_ms=1_000, **USED)
    assert set(statuses) == {200, 429}
    assert 3 * 18 <= 18 * statuses[200] < 100 + 18


def test_one_request_after_another_uses_the_budget_up(gateway):
    who = {"x-user-id": "alone"}
    for number in range(5):
        assert post(gateway, who, **USED).status_code == 200
        until_left(gateway, who, 100 - 18 * (number + 1))
    assert post(gateway, who, **USED).status_code == 200


async def test_clients_that_hang_up_leave_nothing_reserved(gateway):
    who = {"x-user-id": "gone"}
    left = {**who, "user-agent": "gone"}
    async with httpx.AsyncClient(base_url=gateway.local.url, timeout=WAIT) as client:
        asked = [
            asyncio.ensure_future(client.post(**call(left, hang="before_headers")))
            for _ in range(10)
        ]
        async with asyncio.timeout(WAIT):
            while not any(one.done() for one in asked):
                await asyncio.sleep(0.02)
        refused = post(gateway, who)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "2"
        assert "under way" in refused.json()["error"]["message"]
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    prompts = await asyncio.to_thread(reported, gateway, "gone", 10)
    assert 0 < prompts < 40
    await asyncio.to_thread(until_left, gateway, who, 100 - prompts)


def reported(gateway: Gateway, agent: str, times: int) -> int:
    """The tokens of all that `agent` has asked, once all is in the log."""

    def found() -> list[dict]:
        return [record for record in gateway.local.records() if record["user_agent"] == agent]

    gateway.local.wait_for(lambda: len(found()) == times, f"{times} records", WAIT)
    return sum(int(record["total_tokens"] or 0) for record in found())


def test_clients_that_leave_before_the_limiter_is_heard_leave_nothing_reserved(gateway):
    local = gateway.local
    asking = "cluster.ratelimit.upstream_rq_active"
    with still(limiter(gateway)):
        clients = [ask(gateway, {"x-user-id": "early"}) for _ in range(8)]
        local.wait_for(lambda: local.counter(asking) >= len(clients), "the questions", WAIT)
        for client in clients:
            client.close()
        local.wait_for(lambda: local.counter(asking) == 0, "the clients to be gone", WAIT)
    until_left(gateway, {"x-user-id": "early"}, 100)


def ask(gateway: Gateway, who: dict[str, str]) -> socket.socket:
    """A client that has asked, and not read the answer."""
    arguments = call(who)
    request = httpx.Request("POST", gateway.local.url + arguments.pop("url"), **arguments)
    lines = [f"{name}: {value}" for name, value in request.headers.items()]
    head = "\r\n".join([f"POST {request.url.path} HTTP/1.1", *lines, "", ""])
    client = socket.create_connection(("127.0.0.1", gateway.local.port))
    client.sendall(head.encode() + request.content)
    return client


@pytest.mark.parametrize("status", [400, 500])
def test_an_error_leaves_nothing_reserved(gateway, status):
    who = {"x-user-id": f"error-{status}"}
    for _ in range(8):
        post(gateway, who, status=status)
    until_left(gateway, who, 100)


def test_a_request_that_another_limit_refuses_reserves_nothing_and_is_not_charged(gateway):
    who = {"x-user-id": "held-up", "x-team": "one"}
    assert post(gateway, who, **USED).status_code == 200
    for _ in range(8):
        refused = post(gateway, who, **USED)
        assert refused.status_code == 429
        assert refused.json()["error"]["type"] == "requests"
    until_left(gateway, {"x-user-id": "held-up"}, 82)


def test_a_request_that_is_tried_again_is_charged_once(gateway):
    who = {"x-user-id": "again"}
    before = len(gateway.b.requests)
    text = f"[[sim: {json.dumps({'at': 'a', 'status': 503})}]] hello"
    messages = [{"role": "user", "content": text}]
    assert post(gateway, who, model="robust", messages=messages, **USED).status_code == 200
    assert len(gateway.b.requests) == before + 1
    until_left(gateway, who, 82)


@pytest.mark.parametrize(
    ("who", "kind", "code"),
    [
        ({"x-user-id": "kind"}, "tokens", "rate_limit_exceeded"),
        ({"x-payer": "kind"}, "insufficient_quota", "insufficient_quota"),
        ({"x-team": "kind"}, "requests", "rate_limit_exceeded"),
    ],
)
def test_a_refusal_says_of_what_kind_the_limit_is(gateway, who, kind, code):
    used = {"prompt_tokens": 100, "completion_tokens": 100}
    assert post(gateway, who, **used).status_code == 200
    deadline = time.monotonic() + WAIT
    while (refused := post(gateway, who, **used)).status_code == 200:
        assert time.monotonic() < deadline
    error = refused.json()["error"]
    assert (error["type"], error["code"]) == (kind, code)
    assert error["message"].startswith("Rate limit reached: ")
    assert refused.headers["retry-after"]


async def test_money_is_reserved_too(gateway):
    who = {"x-payer": "many"}
    statuses = await at_once(gateway, 60, who, delay_ms=1_000, **USED)
    assert 0 < 120 * statuses[200] <= 1_000 + 120
