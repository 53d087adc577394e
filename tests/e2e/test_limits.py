"""Budgets that Envoy enforces and that usage drives, through a real Envoy."""

import json
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.conftest import MESSAGES, TRANSPORTS, Gateway, start

LIMITS = [
    {"per": "header:x-user-id", "tokens": 1000, "every": "day"},
    {"per": "header:x-team", "requests": 2, "every": "day"},
    {"per": "header:x-payer", "cost_usd": 0.01, "every": "day"},
    {"per": "header:x-writer", "output_tokens": 100, "every": "day"},
    {"per": ["header:x-org", "model"], "input_tokens": 100, "every": "day"},
    {"per": "header:x-second", "requests": 1, "every": "second"},
]


@pytest.fixture(scope="module", params=TRANSPORTS)
def gateway(request) -> Iterator[Gateway]:
    yield from start(request.param, limits=LIMITS)


def call(gateway: Gateway, who: dict[str, str], model="small", stream=False, **order):
    body = {"model": model, "messages": MESSAGES, "stream": stream}
    headers = {**who, "x-sim": json.dumps(order)}
    url = f"{gateway.local.url}/v1/chat/completions"
    return httpx.post(url, json=body, headers=headers, timeout=30)


def until_refused(gateway: Gateway, who: dict[str, str], **order) -> httpx.Response:
    """The charge is made when Envoy is done with a stream, a moment after the client is."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        answer = call(gateway, who, **order)
        if answer.status_code == 429:
            return answer
        assert answer.status_code == 200, answer.text
    raise AssertionError("never refused")


def test_a_token_budget_is_charged_with_what_was_used(gateway: Gateway):
    who = {"x-user-id": "tom"}
    assert call(gateway, who, prompt_tokens=990, completion_tokens=9).status_code == 200
    gateway.record(total_tokens=999)
    assert call(gateway, who, prompt_tokens=5, completion_tokens=5).status_code == 200
    refused = until_refused(gateway, who, prompt_tokens=5, completion_tokens=5)
    error = refused.json()["error"]
    assert error["message"]
    assert error["code"] == "rate_limit_exceeded"
    assert 0 < int(refused.headers["retry-after"]) <= 86_400
    assert refused.headers["x-ratelimit-remaining"] == "0"


def test_another_user_has_a_budget_of_its_own(gateway: Gateway):
    until_refused(gateway, {"x-user-id": "ann"}, prompt_tokens=900, completion_tokens=200)
    assert call(gateway, {"x-user-id": "bob"}).status_code == 200
    assert call(gateway, {}).status_code == 200


def test_a_request_budget_counts_requests(gateway: Gateway):
    statuses = [call(gateway, {"x-team": "red"}).status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]


def test_a_streams_usage_is_charged(gateway: Gateway):
    who = {"x-writer": "eve"}
    assert call(gateway, who, stream=True, completion_tokens=150).status_code == 200
    assert until_refused(gateway, who, stream=True).headers["retry-after"]


def test_a_budget_of_money_is_charged_by_the_routes_price(gateway: Gateway):
    who = {"x-payer": "acme"}
    # 4,000 input tokens at 2.50 USD a million are exactly the budget of one cent.
    assert call(gateway, who, prompt_tokens=4000, completion_tokens=1).status_code == 200
    until_refused(gateway, who, prompt_tokens=1, completion_tokens=1)


def test_a_budget_for_each_model_leaves_the_others_alone(gateway: Gateway):
    who = {"x-org": "one"}
    until_refused(gateway, who, prompt_tokens=120, completion_tokens=1)
    assert call(gateway, who, model="other", prompt_tokens=5).status_code == 200


def test_a_refused_request_reaches_no_provider(gateway: Gateway):
    who = {"x-team": "blue"}
    for _ in range(2):
        call(gateway, who)
    before = len(gateway.a.requests)
    assert call(gateway, who).status_code == 429
    assert len(gateway.a.requests) == before


def test_a_window_ends(gateway: Gateway):
    who = {"x-second": "hand"}
    until_refused(gateway, who)
    deadline = time.monotonic() + 5
    while call(gateway, who).status_code == 429:
        assert time.monotonic() < deadline


def test_an_aborted_stream_is_charged_for_what_was_generated(gateway: Gateway):
    who = {"x-writer": "abe", "x-sim": json.dumps({"tokens": 5000, "chunk_delay_ms": 1})}
    body = {"model": "small", "messages": MESSAGES, "stream": True}
    url = f"{gateway.local.url}/v1/chat/completions"
    with httpx.stream("POST", url, json=body, headers=who, timeout=30) as answer:
        seen = 0
        for piece in answer.iter_raw():
            seen += piece.count(b"data: ")
            if seen > 200:
                break
    record = gateway.record(stream=True, estimated=True)
    assert record["output_tokens"] >= 150
    assert until_refused(gateway, {"x-writer": "abe"}).status_code == 429
