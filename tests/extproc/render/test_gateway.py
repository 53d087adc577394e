"""The rendered Envoy, the server and simulated providers together."""

import json
import os
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator

ENV = {**os.environ, "KEY_A": "sk-key-of-a", "KEY_B": "sk-key-of-b"}
CHAT = "/v1/chat/completions"


def ask(local: Local, model: str, who: dict[str, str], **order: Any) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": "hello there"}]}
    sent = {**who, "x-sim": json.dumps(order)}
    return httpx.post(f"{local.url}{CHAT}", json=body, headers=sent, timeout=30)


def backend(url: str, credential: Any) -> dict[str, Any]:
    base_url = f"{url}/v1"
    return {"provider": "openai-compatible", "base_url": base_url, "credential": credential}


def only(*backends: str) -> dict[str, Any]:
    """A route named like its backends, one after the other."""
    members = [{"backend": name, "priority": number} for number, name in enumerate(backends)]
    return {"models": ["-".join(backends)], "backends": members}


@pytest.fixture(scope="module")
def limited() -> Iterator[Local]:
    with RunningSimulator() as provider:
        settings = {
            "backends": {"a": backend(provider.url, {"api_key": "env:KEY_A"})},
            "routes": [{**only("a"), "price": {"input": 1, "output": 1}}],
            "limits": [
                {"per": "header:x-user-id", "tokens": 50, "every": "day"},
                {"per": "header:x-team", "cost_usd": 5, "every": "day"},
            ],
        }
        with Local(settings, ENV) as local:
            yield local


def test_a_spent_budget_is_told_in_the_limiters_words(limited: Local) -> None:
    who = {"x-user-id": "spent"}
    assert ask(limited, "a", who, prompt_tokens=40, completion_tokens=20).status_code == 200
    limited.wait_for(lambda: ask(limited, "a", who).status_code == 429, "the charge")
    error = ask(limited, "a", who).json()["error"]
    assert error["message"].startswith("Rate limit reached: 50 tokens per day for each x-user-id.")
    assert error["code"] == "rate_limit_exceeded"


def test_a_request_that_no_provider_saw_is_charged_nothing_and_nothing_is_logged(
    limited: Local,
) -> None:
    who = {"x-user-id": "careful", "x-team": "red"}
    for content in (b"", b"{}", b'{"model":7}', b'{"model":"unknown"}', b'{"model":"a"'):
        httpx.post(f"{limited.url}{CHAT}", content=content, headers=who)
    for path in ("/", "/v1/models", "/v1/chat"):
        httpx.post(f"{limited.url}{path}", content=b'{"model":"a"}', headers=who)
    hang_up(limited, who)
    assert ask(limited, "a", who, status=500).status_code == 500
    assert ask(limited, "a", who, prompt_tokens=20, completion_tokens=20).status_code == 200
    assert ask(limited, "a", who, prompt_tokens=4, completion_tokens=4).status_code == 200
    limited.wait_for(
        lambda: any(record["total_tokens"] == 8 for record in limited.records()), "the log"
    )
    said = limited.envoy.log.read_text()
    assert "hits_addend" not in said, said
    assert "null_value" not in said, said


def hang_up(local: Local, headers: dict[str, str]) -> None:
    """Sends half a body, and a whole one whose answer nobody waits for."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    body = b'{"model":"a","messages":[{"role":"user","content":"hello"}]}'
    for part in (body[:9], body):
        before = len(local.records())
        with socket.create_connection(("127.0.0.1", local.port)) as connection:
            length = f"content-length: {len(body)}\r\n"
            order = 'x-sim: {"hang": "before_headers"}\r\n'
            line = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\n{head}{length}{order}\r\n"
            connection.sendall(line.encode() + part)
            local.wait_for(lambda: local.counter("http.gateway.downstream_rq_active"), "the call")
        local.wait_for(lambda before=before: len(local.records()) > before, "the record of the end")


def test_a_providers_own_limits_are_not_mixed_with_ours(limited: Local) -> None:
    theirs = {"x-ratelimit-remaining-requests": "7", "x-ratelimit-odd": "1", "x-other": "2"}
    answer = ask(limited, "a", {"x-user-id": "reader"}, headers=theirs)
    assert answer.headers["x-other"] == "2"
    assert "x-ratelimit-odd" not in answer.headers
    assert "x-ratelimit-remaining-requests" not in answer.headers
    assert answer.headers["x-ratelimit-limit"].startswith("50")
    assert answer.headers["x-ratelimit-limit-tokens"] == "50"


class Keys:
    """A gateway whose backends have credentials of every kind that a client can bring."""

    def __init__(self, local: Local, a: RunningSimulator, b: RunningSimulator) -> None:
        self.local, self.a, self.b = local, a, b

    def sent(self, model: str, headers: dict[str, str], **order: Any) -> list[dict[str, str]]:
        """The headers that each provider got, those of `a` first."""
        before = [len(provider.requests) for provider in (self.a, self.b)]
        answer = ask(self.local, model, headers, **order)
        assert answer.status_code == 200, answer.text
        pairs = zip((self.a, self.b), before, strict=True)
        return [dict(got.headers) for one, start in pairs for got in one.requests[start:]]


@pytest.fixture(scope="module")
def keys() -> Iterator[Keys]:
    with RunningSimulator(name="a") as a, RunningSimulator(name="b") as b:
        settings = {
            "backends": {
                "forward": backend(a.url, "forward"),
                "forward2": backend(b.url, "forward"),
                "named": backend(a.url, {"header": "X-Their-Key"}),
                "static": backend(a.url, {"api_key": "env:KEY_A"}),
                "static2": backend(b.url, {"api_key": "env:KEY_B"}),
            },
            "routes": [
                only("forward"),
                only("named"),
                only("static"),
                only("static", "static2"),
                only("static", "forward2"),
                only("forward", "static2"),
                only("named", "static2"),
            ],
        }
        with Local(settings, ENV) as local:
            yield Keys(local, a, b)


THEIRS = {"authorization": "Bearer theirs", "x-their-key": "own", "x-api-key": "other"}
FAIL = {"status": 503, "at": "a"}


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"authorization": "Bearer theirs"}, "Bearer theirs"),
        ({"x-api-key": "theirs"}, "Bearer theirs"),
        ({"api-key": "theirs"}, "Bearer theirs"),
        ({"x-goog-api-key": "theirs"}, "Bearer theirs"),
    ],
)
def test_a_clients_own_key_is_forwarded_wherever_it_stood(
    keys: Keys, headers: dict[str, str], key: str
) -> None:
    (sent,) = keys.sent("forward", headers)
    assert sent["authorization"] == key
    assert not {"x-api-key", "api-key", "x-goog-api-key"} & set(sent)


def test_a_key_may_come_in_a_header_of_its_own_which_goes_no_further(keys: Keys) -> None:
    (sent,) = keys.sent("named", THEIRS)
    assert sent["authorization"] == "Bearer own"
    assert "x-their-key" not in sent


@pytest.mark.parametrize(
    ("model", "first", "second"),
    [
        ("static", "Bearer sk-key-of-a", None),
        ("static-static2", "Bearer sk-key-of-a", "Bearer sk-key-of-b"),
        ("static-forward2", "Bearer sk-key-of-a", "Bearer theirs"),
        ("forward-static2", "Bearer theirs", "Bearer sk-key-of-b"),
        ("named-static2", "Bearer own", "Bearer sk-key-of-b"),
    ],
)
def test_no_provider_sees_a_key_that_is_not_meant_for_it(
    keys: Keys, model: str, first: str, second: str | None
) -> None:
    expected = [first] if second is None else [first, second]
    sent = keys.sent(model, THEIRS, **({} if second is None else FAIL))
    assert [headers["authorization"] for headers in sent] == expected
    assert not [one for one in sent if {"x-their-key", "x-api-key"} & set(one)]


def test_a_key_is_in_no_log(keys: Keys) -> None:
    keys.sent("forward", {"authorization": "Bearer very-secret", "user-agent": "logged"})
    keys.local.wait_for(
        lambda: any(record["user_agent"] == "logged" for record in keys.local.records()), "the log"
    )
    for process in keys.local.processes:
        assert "very-secret" not in process.tail()
    assert "very-secret" not in keys.local.access_log.read_text()


def test_a_key_that_must_come_and_does_not_is_a_401(keys: Keys) -> None:
    answer = ask(keys.local, "named", {"authorization": "Bearer theirs"})
    assert answer.status_code == 401
    assert "x-their-key" in answer.json()["error"]["message"]
