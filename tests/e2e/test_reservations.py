"""What requests reserve of a budget while they run, through a real Envoy."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.conftest import MESSAGES, Gateway, start

LIMITS = [
    {"per": "header:x-user-id", "tokens": 100, "every": "day"},
    {"per": "header:x-payer", "cost_usd": 0.001, "every": "day"},
    {"per": "header:x-team", "requests": 1, "every": "day"},
]
USED = {"prompt_tokens": 8, "completion_tokens": 10}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    yield from start("lean", limits=LIMITS)


def call(who: dict[str, str], model="small", messages=MESSAGES, **order):
    """The arguments of a POST."""
    body = {"model": model, "messages": messages, "max_tokens": 1_000}
    headers = {**who, "x-sim": json.dumps(order)}
    return {"url": "/v1/chat/completions", "json": body, "headers": headers}


def post(gateway: Gateway, who: dict[str, str], **more) -> httpx.Response:
    arguments = call(who, **more)
    url = gateway.local.url + arguments.pop("url")
    return httpx.post(url, timeout=30, **arguments)


async def at_once(gateway: Gateway, times: int, who: dict[str, str], **order) -> Counter[int]:
    """How many of so many simultaneous requests had which status."""
    bounds = httpx.Limits(max_connections=times)
    async with httpx.AsyncClient(base_url=gateway.local.url, timeout=30, limits=bounds) as client:
        asked = [client.post(**call(who, **order)) for _ in range(times)]
        return Counter([answer.status_code for answer in await asyncio.gather(*asked)])


def until_left(gateway: Gateway, who: dict[str, str], left: int, **order) -> httpx.Response:
    """The first answer that says that so much is left; the last charge may be on its way."""
    deadline = time.monotonic() + 10
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
    async with httpx.AsyncClient(base_url=gateway.local.url) as client:
        asked = [
            asyncio.ensure_future(client.post(**call(who, hang="before_headers"), timeout=60))
            for _ in range(10)
        ]
        async with asyncio.timeout(10):
            while not any(one.done() for one in asked):
                await asyncio.sleep(0.02)
        refused = post(gateway, who)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "2"
        assert "under way" in refused.json()["error"]["message"]
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    await asyncio.to_thread(until_prompts_are_all, gateway, who)


def until_prompts_are_all(gateway: Gateway, who: dict[str, str]) -> None:
    """Whoever hung up is charged for the prompt; nothing of an answer stays reserved."""
    deadline = time.monotonic() + 10
    while int(post(gateway, who, status=400).headers["x-ratelimit-remaining-tokens"]) < 60:
        assert time.monotonic() < deadline


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
    deadline = time.monotonic() + 10
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
