"""Which headers pass, both ways, between equal dialects and between two."""

import pytest

from extproc.exchange.passing import ANSWERS, MAX_KNOWN, TRANSLATED_ANSWERS, Passing
from tests.plans import exchange, plan, request_body, request_headers, response_headers, served

SENT = {
    "traceparent": "00-1-2-01",
    "user-agent": "OpenAI/Python",
    "accept": "application/json",
    "x-custom": "1",
    "x-tenant": "1",
    "openai-beta": "assistants=v2",
    "openai-organization": "org-1",
    "anthropic-beta": "a",
    "x-stainless-retry-count": "0",
    "x-fern-sdk-version": "2",
    "x-codex-turn-metadata": "{}",
    "x-ai-backends": "up",
    "x-ai-again": "1",
    "x-ai-unserved": "1",
    "originator": "codex_cli_rs",
    "referer": "https://app.example",
    "authorization": "Bearer k",
    "proxy-authorization": "Basic eDp5",
    "cookie": "a=b",
    "x-forwarded-host": "inner",
}
EVERYWHERE = {"traceparent", "user-agent", "accept", "x-tenant"}


def kept(provider: str, **members: object) -> set[str]:
    backend = served(provider=provider, passes=("x-tenant",), **members)
    one = exchange(plan(backends={"up": backend}))
    event = request_headers()
    event.headers._pairs |= SENT
    one.handle(event)
    hello = {"model": "small", "messages": [{"role": "user", "content": "hi"}]}
    sent = one.handle(request_body(hello))
    return SENT.keys() - set(sent.remove_headers)


def test_a_translated_request_keeps_only_what_means_something_there():
    assert kept("anthropic") == EVERYWHERE | {"anthropic-beta"}


def test_a_request_of_the_same_dialect_loses_credentials_and_telemetry():
    assert kept("openai") == EVERYWHERE | {"x-custom", "openai-beta", "anthropic-beta"}


def test_who_pays_is_said_only_with_the_clients_own_key():
    own = kept("openai", client_keys=("authorization",), has_secret=False, signer=None)
    assert "openai-organization" in own


@pytest.mark.parametrize("name", ["location", "set-cookie", "openai-organization", "x-ai-unserved"])
def test_what_is_about_the_providers_host_reaches_no_client(name):
    assert name in ANSWERS
    assert TRANSLATED_ANSWERS.removed(f":status\n{name}\nretry-after\ncf-ray") == (name, "cf-ray")


def test_an_answer_that_goes_on_loses_them():
    one = exchange(plan(backends={"up": served(provider="anthropic")}))
    one.handle(request_headers())
    one.handle(request_body({"model": "small", "messages": [{"role": "user", "content": "hi"}]}))
    change = one.handle(response_headers(cf_ray="1", retry_after="3", location="https://inner"))
    assert set(change.remove_headers) == {"cf-ray", "location"}


def test_what_is_remembered_is_bounded():
    rule = Passing(denied=frozenset({"a"}))
    for number in range(3 * MAX_KNOWN):
        assert rule.removed(f"a\nx{number}") == ("a",)
    assert len(rule._known) <= MAX_KNOWN
