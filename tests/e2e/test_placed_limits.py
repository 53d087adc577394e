"""Limits where the gateway is one filter of somebody's listener, through a real Envoy."""

import json
import time
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import openai
import pytest
from redis import Redis as Client

from extproc.lab.simulator import RunningSimulator
from tests.e2e.conftest import ENV, MESSAGES, Gateway, config
from tests.e2e.listener import Authenticating, Placed
from tests.e2e.stopping import still
from tests.extproc.ratelimit.conftest import Server as Redis

LIMITS = [
    {"per": "client", "tokens": 1000, "every": "day"},
    {"per": "header:x-team", "requests": 2, "every": "day"},
    {"per": "header:x-payer", "cost_usd": 0.01, "every": "day"},
    {"per": "header:x-writer", "output_tokens": 100, "every": "day"},
    {"per": ["header:x-org", "model"], "input_tokens": 100, "every": "day"},
    {"per": ["header:x-site", "backend"], "requests": 1, "every": "day"},
    {"per": "header:x-small", "models": ["small"], "requests": 1, "every": "day"},
]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with RunningSimulator(name="a") as a, RunningSimulator(name="b") as b:
        key_a, key_b = {"api_key": "env:KEY_A"}, {"api_key": "env:KEY_B"}
        settings = {
            "backends": {
                "a": {"provider": "openai", "base_url": a.url, "credential": key_a},
                "b": {"provider": "anthropic", "base_url": b.url, "credential": key_b},
            },
            "routes": [
                {
                    "models": ["small"],
                    "backends": [{"backend": "a", "model": "gpt-4o-mini"}],
                    "price": {"input": 2.5, "output": 10},
                },
                {
                    "models": ["claude"],
                    "backends": [{"backend": "b", "model": "claude-sonnet-4-5"}],
                    "price": {"input": 2.5, "output": 10},
                },
            ],
            "limits": LIMITS,
            "clients": {"api_keys": {"file": "clients.yaml"}},
        }
        placed = Authenticating(settings, {**ENV, "KEY_OF_SOMEONE": "sk-nobody-asks-for-it"})
        (placed.directory / "clients.yaml").write_text("someone: env:KEY_OF_SOMEONE\n")
        with placed as local:
            yield Gateway(local, a, b)


def ordering(**order: Any) -> list[dict[str, str]]:
    """A conversation that says what the provider does, whatever becomes of the client's headers."""
    return [{"role": "user", "content": f"Hello. [[sim: {json.dumps(order)}]]"}]


def call(
    gateway: Gateway,
    who: dict[str, str],
    model: str = "small",
    *,
    stream: bool = False,
    **order: Any,
) -> httpx.Response:
    body = {"model": model, "messages": ordering(**order), "stream": stream}
    url = f"{gateway.local.url}/v1/chat/completions"
    return httpx.post(url, json=body, headers=who, timeout=30)


def until_refused(
    gateway: Gateway, who: dict[str, str], model: str = "small", **order: Any
) -> httpx.Response:
    """The charge is made when Envoy is done with a stream, a moment after the client is."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        answer = call(gateway, who, model, **order)
        if answer.status_code == 429:
            return answer
        assert answer.status_code == 200, answer.text
    raise AssertionError("never refused")


@pytest.mark.parametrize("model", ["small", "claude"])
def test_a_budget_of_money_is_each_payers_own(gateway: Gateway, model: str):
    who = {"x-payer": f"for {model}"}
    # 4,000 input tokens at 2.50 USD a million are exactly the budget of one cent.
    assert call(gateway, who, model, prompt_tokens=4000, completion_tokens=1).status_code == 200
    refused = until_refused(gateway, who, model)
    assert refused.json()["error"]["type"] == "insufficient_quota"
    assert 0 < int(refused.headers["retry-after"]) <= 86_400
    assert call(gateway, {"x-payer": f"another for {model}"}, model).status_code == 200


def test_whose_tokens_they_are_their_filter_says(gateway: Gateway):
    known = {"x-key": "right"}
    assert call(gateway, known, prompt_tokens=1100, completion_tokens=1).status_code == 200
    refused = until_refused(gateway, known)
    assert refused.json()["error"]["type"] == "tokens"
    assert refused.headers["x-ratelimit-remaining-tokens"] == "0"
    assert call(gateway, {"x-ai-client": "someone"}).status_code == 200


@pytest.mark.parametrize("model", ["small", "claude"])
def test_a_refusal_has_the_form_of_the_clients_sdk(gateway: Gateway, model: str):
    who = {"x-team": f"of {model}"}
    theirs = anthropic.Anthropic(
        base_url=gateway.local.url, api_key="any", max_retries=0, default_headers=who
    )
    ours = openai.OpenAI(
        base_url=f"{gateway.local.url}/v1", api_key="any", max_retries=0, default_headers=who
    )
    asked: dict[str, Any] = {"model": model, "messages": MESSAGES, "max_tokens": 50}
    theirs.messages.create(**asked)
    ours.chat.completions.create(**asked)
    before = len(gateway.a.requests) + len(gateway.b.requests)
    with pytest.raises(anthropic.RateLimitError) as told:
        theirs.messages.create(**asked)
    assert told.value.body["error"]["type"] == "rate_limit_error"
    assert told.value.body["error"]["message"].startswith("Rate limit reached: 2 requests per day")
    with pytest.raises(openai.RateLimitError) as said:
        ours.chat.completions.create(**asked, stream=True)
    assert (said.value.type, said.value.code) == ("requests", "rate_limit_exceeded")
    assert said.value.response.headers["retry-after"]
    assert said.value.response.headers["x-ratelimit-limit-requests"] == "2"
    assert len(gateway.a.requests) + len(gateway.b.requests) == before


def test_what_is_refused_is_not_charged(gateway: Gateway):
    who = {"x-org": "refused", "x-team": "refused"}
    for _ in range(2):
        assert call(gateway, who, prompt_tokens=1).status_code == 200
    for _ in range(30):
        assert call(gateway, who, prompt_tokens=1).status_code == 429
    record = gateway.record(response_code=429, request_model="small")
    assert (record["total_tokens"], record["error_type"]) == (0, "rate_limit")
    assert call(gateway, {"x-org": "refused"}, prompt_tokens=1).status_code == 200


def test_each_model_and_each_backend_has_a_budget(gateway: Gateway):
    who = {"x-org": "one"}
    until_refused(gateway, who, prompt_tokens=120, completion_tokens=1)
    assert call(gateway, who, "claude", prompt_tokens=5).status_code == 200
    site = {"x-site": "here"}
    assert [call(gateway, site, model).status_code for model in ("small", "claude") * 2] == [
        *(200, 200),
        *(429, 429),
    ]


def test_a_limit_of_some_models_leaves_the_others_alone(gateway: Gateway):
    who = {"x-small": "one"}
    models = ("claude", "claude", "small", "small", "claude")
    assert [call(gateway, who, model).status_code for model in models] == [200, 200, 200, 429, 200]


@pytest.mark.parametrize("model", ["small", "claude"])
def test_who_hangs_up_pays_for_what_was_generated(gateway: Gateway, model: str):
    name = f"gone from {model}"
    who = {"x-writer": name}
    messages = ordering(tokens=5000, chunk_delay_ms=1)
    body = {"model": model, "messages": messages, "stream": True}
    url = f"{gateway.local.url}/v1/chat/completions"
    with httpx.stream("POST", url, json=body, headers=who, timeout=30) as answer:
        seen = 0
        for piece in answer.iter_raw():
            seen += piece.count(b"data: ")
            if seen > 200:
                break
    record = gateway.record(request_model=model, stream=True, estimated=True)
    assert record["output_tokens"] >= 150
    until_refused(gateway, who, model)


def test_what_the_server_or_the_provider_refuses_is_not_charged(gateway: Gateway):
    who = {"x-org": "unlucky", "content-type": "application/json"}
    url = f"{gateway.local.url}/v1/chat/completions"
    for body in (b"{", b'{"model": "small"}', b'{"model": "nobody", "messages": []}'):
        assert httpx.post(url, content=body, headers=who, timeout=30).status_code in (400, 404)
    assert call(gateway, who, status=429).status_code == 429
    assert call(gateway, who, prompt_tokens=1).status_code == 200


@pytest.mark.parametrize("model", ["small", "claude"])
def test_a_stream_is_charged_at_its_end(gateway: Gateway, model: str):
    who = {"x-org": f"streams of {model}"}
    order = {"prompt_tokens": 120, "completion_tokens": 1}
    assert call(gateway, who, model, stream=True, **order).status_code == 200
    until_refused(gateway, who, model, prompt_tokens=1)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    running = Redis(tmp_path_factory.mktemp("r"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def strict(redis: Redis) -> Iterator[Gateway]:
    """Limits that are kept in Redis, and hold when it is gone."""
    url = redis.socket.parent / "url"
    url.write_text(redis.url)
    with RunningSimulator(name="a") as a:
        settings = config(
            a.url,
            a.url,
            limits=[{"per": "header:x-user-id", "requests": 2, "every": "day"}],
            limiter={"storage": f"file:{url}", "on_error": "deny", "timeout": "1s"},
        )
        with Placed(settings, ENV) as local:
            yield Gateway(local, a, a)


def test_redis_keeps_what_was_asked_for(strict: Gateway, redis: Redis):
    who = {"x-user-id": "kept"}
    assert [call(strict, who).status_code for _ in range(3)] == [200, 200, 429]
    with Client(unix_socket_path=str(redis.socket)) as client:
        assert client.dbsize() > 0
        client.flushall()
    assert call(strict, who).status_code == 200


def test_without_redis_a_client_is_refused_in_its_own_form(strict: Gateway, redis: Redis):
    asked: dict[str, Any] = {"model": "small", "messages": MESSAGES, "max_tokens": 50}
    sent = len(strict.a.requests)
    with still(redis.pid):
        for path, form in (("/v1/chat/completions", "server_error"), ("/v1/messages", "api_error")):
            told = httpx.post(
                f"{strict.local.url}{path}", json=asked, headers={"x-user-id": "x"}, timeout=30
            )
            assert told.status_code == 503
            assert told.json()["error"]["type"] == form
            assert "rate limits cannot be checked" in told.json()["error"]["message"]
    assert len(strict.a.requests) == sent
