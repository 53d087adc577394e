"""What routes and backends let clients ask for, event by event."""

import json

import pytest

from extproc.exchange.events import Reject
from extproc.exchange.plan import Plan
from extproc.exchange.policy import Policy
from extproc.exchange.served import Route
from providers.bridging.caps import Cap
from providers.bridging.quirks import Quirks
from providers.operations import Operation
from tests.extproc.exchange.test_exchange import ANSWER, HELLO
from tests.plans import (
    exchange,
    request_body,
    request_headers,
    response_body,
    response_headers,
    served,
)

GEMINI = "/v1beta/models/small:streamGenerateContent?alt=sse"
LONG = {"messages": [{"role": "user", "content": "words and words " * 100}], "model": "small"}


def plan_of(policy=None, backend=None, provider="openai", **route):
    backends = {"up": served(provider=provider, policy=backend or Policy())}
    made = Route(models=("small",), upstream={"up": "m"}, policy=policy or Policy(), **route)
    return Plan(backends, [made])


def sent(plan, body, path="/v1/chat/completions", **headers):
    """(the exchange, what it answers to the request)."""
    one = exchange(plan)
    event = request_headers(path)
    event.headers._pairs |= headers
    one.handle(event)
    return one, one.handle(request_body(body))


def headers_of(action):
    return dict(action.set_headers)


@pytest.mark.parametrize("place", ["policy", "backend"])
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_no_stream_is_asked_for_where_there_may_be_none(place, provider):
    plan = plan_of(**{place: Policy(streams=False)}, provider=provider)
    _, action = sent(plan, {**HELLO, "stream": True})
    assert isinstance(action, Reject)
    assert action.status == 400
    error = json.loads(action.body)["error"]
    assert error["param"] == "stream"
    assert "streaming is not allowed" in error["message"]
    assert not isinstance(sent(plan, HELLO)[1], Reject)


def test_the_path_may_ask_for_a_stream_in_another_dialect():
    plan = plan_of(Policy(streams=False))
    contents = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
    _, action = sent(plan, contents, GEMINI)
    assert isinstance(action, Reject)
    error = json.loads(action.body)["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_number_is_lowered_before_anything_is_translated_and_named(provider):
    plan = plan_of(Policy(caps={"max_tokens": Cap(50)}), provider=provider)
    one, action = sent(plan, {**HELLO, "max_tokens": 4000})
    assert json.loads(action.body)["max_tokens"] == 50
    shown = one.handle(response_headers())
    assert headers_of(shown)["x-ai-dropped-params"] == "max_tokens"


def test_the_lower_of_two_caps_holds_and_each_by_itself():
    caps = {"max_tokens": Cap(50), "temperature": Cap(1)}
    plan = plan_of(Policy(caps=caps), backend=Policy(caps={"max_tokens": Cap(20), "n": Cap(1)}))
    one, action = sent(plan, {**HELLO, "max_tokens": 4000, "temperature": 2, "n": 3})
    body = json.loads(action.body)
    assert (body["max_tokens"], body["temperature"], body["n"]) == (20, 1, 1)
    named = headers_of(one.handle(response_headers()))["x-ai-dropped-params"]
    assert {*named.split(", ")} == {"max_tokens", "temperature", "n"}


def test_a_larger_number_may_be_refused():
    plan = plan_of(Policy(caps={"max_tokens": Cap(50, refuse=True)}))
    _, action = sent(plan, {**HELLO, "max_tokens": 51})
    error = json.loads(action.body)["error"]
    assert (action.status, error["param"]) == (400, "max_tokens")
    assert error["message"] == "max_tokens may be at most 50 here"


def test_a_form_has_numbers_too():
    form = (
        b'--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nsmall\r\n'
        b'--x\r\ncontent-disposition: form-data; name="temperature"\r\n\r\n0.9\r\n'
        b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF\r\n'
        b"--x--\r\n"
    )
    plan = plan_of(Policy(caps={"temperature": Cap(0.5)}))
    path = "/v1/audio/transcriptions"
    content_type = {"content-type": "multipart/form-data; boundary=x"}
    _, action = sent(plan, form, path, **content_type)
    assert b"\r\n\r\n0.5\r\n" in action.body
    assert b"0.9" not in action.body
    assert headers_of(action)["content-length"] == str(len(action.body))


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/v1/chat/completions", LONG, '"code":"context_length_exceeded"'),
        ("/v1/messages", {**LONG, "max_tokens": 5}, '"message":"prompt is too long: 267 tokens'),
        ("/v1/responses", {"model": "small", "input": "word " * 500}, "context_length_exceeded"),
        ("/api/chat", {**LONG, "stream": False}, "context length"),
    ],
)
def test_a_prompt_that_is_too_long_is_refused_in_the_vendors_words(path, body, words):
    plan = plan_of(Policy(longest=100))
    _, action = sent(plan, body, path)
    assert isinstance(action, Reject)
    assert action.status == 400
    assert words in action.body.decode()
    assert not isinstance(sent(plan_of(Policy(longest=1000)), body, path)[1], Reject)


def test_a_count_is_within_every_bound():
    policy = Policy(longest=5, caps={"max_tokens": Cap(1)})
    plan = plan_of(policy, provider="anthropic")
    _, action = sent(plan, LONG, "/v1/messages/count_tokens")
    assert not isinstance(action, Reject)
    assert b"max_tokens" not in (action.body or b"")


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_headers_are_set_and_removed_on_both_ways(provider):
    policy = Policy(
        sets=(("x-route", "r"), ("x-both", "route")),
        removes=frozenset({"user-agent"}),
        shows=(("x-seen", "yes"),),
        hides=("retry-after",),
    )
    backend = Policy(sets=(("x-both", "backend"),), hides=("x-provider",))
    plan = plan_of(policy, backend, provider)
    one, action = sent(plan, HELLO, **{"user-agent": "me", "x-route": "mine"})
    named = headers_of(action)
    assert (named["x-route"], named["x-both"]) == ("r", "route")
    assert "user-agent" in action.remove_headers
    shown = one.handle(response_headers(retry_after="1", x_provider="p"))
    assert headers_of(shown)["x-seen"] == "yes"
    assert {"retry-after", "x-provider"} <= {*shown.remove_headers}


def test_an_answer_without_a_body_and_a_refusal_have_the_headers():
    plan = plan_of(Policy(shows=(("x-seen", "yes"),)))
    for status, end in ((200, True), (503, True), (503, False)):
        one, _ = sent(plan, HELLO)
        action = one.handle(response_headers(status, end=end))
        assert headers_of(action)["x-seen"] == "yes"


def test_nothing_is_asked_where_nothing_is_configured():
    target = plan_of().target(_openai(), "small", "up")
    assert target.terms is None
    one, _ = sent(plan_of(), HELLO)
    one.handle(response_headers())
    assert one.handle(response_body(ANSWER)).body is None


def _openai():
    return plan_of().entrance("/v1/chat/completions").dialect


def test_a_backend_edits_every_body_and_a_route_wins():
    every = Quirks(
        defaults={"seed": 1, "top_p": 0.5}, override={"user": "all", "n": 1}, remove=(("a",),)
    )
    backends = {"up": served(quirks=every)}
    own = Quirks(defaults={"seed": 2}, override={"user": "one"}, remove=(("b",),))
    plan = Plan(backends, [Route(models=("small",), upstream={"up": ""}, quirks=own)])
    _, action = sent(plan, {**HELLO, "a": 1, "b": 2, "c": 3})
    body = json.loads(action.body)
    assert body == {**HELLO, "seed": 2, "top_p": 0.5, "user": "one", "n": 1, "c": 3}


def test_nothing_is_lost_where_nothing_may_be():
    body = {**HELLO, "seed": 1, "logit_bias": {"7": 1}, "max_tokens": 9}
    plan = plan_of(Policy(strict=True), provider="anthropic")
    _, action = sent(plan, body)
    error = json.loads(action.body)["error"]
    assert (action.status, error["type"]) == (400, "invalid_request_error")
    assert {*error["message"].removesuffix(" would be lost here, and nothing may").split(", ")} == {
        "seed",
        "logit_bias",
    }
    assert not isinstance(sent(plan, {**HELLO, "max_tokens": 9})[1], Reject)
    assert not isinstance(sent(plan_of(Policy(strict=True)), body)[1], Reject)
    lowered = Policy(strict=True, caps={"max_tokens": Cap(5)})
    assert not isinstance(sent(plan_of(lowered), body)[1], Reject)


CLAUDE = {"model": "small", "max_tokens": 9, "messages": HELLO["messages"]}


@pytest.mark.parametrize("provider", ["anthropic", "bedrock"])
def test_a_header_that_is_taken_off_says_nothing_in_a_body_either(provider):
    own = {"anthropic-version": "2023-06-01", "anthropic-beta": "context-1m-2025-08-07"}
    options = {"region": "eu-west-1"}
    backends = {
        "up": served(
            provider=provider, options=options, dialects=SPOKEN, has_secret=False, signer=None
        )
    }
    told = []
    for removes in (frozenset(), frozenset(own)):
        policy = Policy(removes=removes)
        route = Route(models=("small",), upstream={"up": OPUS}, policy=policy)
        _, action = sent(Plan(backends, [route]), CLAUDE, "/v1/messages", **own)
        gone = {*action.remove_headers}
        passed = {name: value for name, value in own.items() if name not in gone}
        told.append(f"{passed} {headers_of(action)} {action.body!r}")
    assert "context-1m" in told[0]
    assert "context-1m" not in told[1]
    if provider == "anthropic":
        assert headers_of(action)["anthropic-version"] == "2023-06-01"


OPUS = "anthropic.claude-sonnet-4-20250514-v1:0"
SPOKEN = {Operation.CHAT: "anthropic.messages"}
