"""Paths that no format here has, without an Envoy: who may ask for what, and what is counted."""

import json

import pytest

from extproc.config import ConfigError, parse
from extproc.exchange.compile import compile_plan
from extproc.exchange.events import Change, Leave, Reject
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, CALL
from providers.bridging.passthrough import LONGEST, Reading
from providers.catalog import DIALECTS, PROVIDERS
from providers.operations import Operation
from providers.usage import Usage
from providers.wire.budget import BOUNDS
from tests.plans import (
    Pairs,
    RequestHeaders,
    exchange,
    request_body,
    response_body,
    response_headers,
)


def open_(*rules: str, **backend: object) -> Plan:
    one = {"provider": "openai", "credential": {"api_key": "env:K"}, **backend}
    return compile_plan(
        parse({"version": 1, "backends": {"up": {**one, "passthrough": list(rules)}}})
    )


def begun(made: Plan, method: str, path: str, *, end: bool = True, **more: str):
    one = exchange(made)
    headers = Pairs(**more)
    headers._pairs |= {":path": f"/passthrough/up{path}", ":method": method}
    attributes = {BACKEND: "up", CALL: f"passthrough\n{path}\nup"}
    return one, one.handle(RequestHeaders(headers, attributes, end))


def test_a_request_leaves_in_the_gateways_name():
    made = open_("GET /v1/things/*", "POST /v1/things")
    _, action = begun(made, "GET", "/v1/things/a?x=%2F&API_KEY=mine&y", authorization="Bearer mine")
    assert type(action) is Leave
    set_ = dict(action.set_headers)
    assert set_[":path"] == "/v1/things/a?x=%2F&y"
    assert set_[":authority"] == "api.openai.com"
    assert set_["authorization"] == "Bearer key-of-up"
    assert "authorization" in action.remove_headers
    one, action = begun(made, "POST", "/v1/things", end=False, content_type="text/plain")
    assert action == Change()
    action = one.handle(request_body(b"any bytes \xff"))
    assert action.body is None
    assert "content-type" not in (*dict(action.set_headers), *action.remove_headers)
    assert action.metadata["operation"] == "passthrough"


def test_headers_are_edited_as_the_backend_says():
    made = open_(
        "GET /v1/things",
        request={"headers": {"set": {"x-tenant": "red"}, "remove": ["x-own"]}},
        response={"headers": {"set": {"x-by": "us"}, "remove": ["x-region"]}},
    )
    one, action = begun(made, "GET", "/v1/things", x_own="mine")
    assert dict(action.set_headers)["x-tenant"] == "red"
    assert "x-own" in action.remove_headers
    answered = one.handle(response_headers(x_region="eu"))
    assert dict(answered.set_headers)["x-by"] == "us"
    assert "x-region" in answered.remove_headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/things/a", 404),
        ("GET", "/v1/things", 404),
        ("GET", "/v1/thingsome", 404),
        ("GET", "/v1/things/../a", 400),
        ("GET", "/v1/things//a", 400),
        ("GET", "/v1/things/%2e%2e/a", 400),
        ("GET", "/v1/things/a%2F..%2Fb", 400),
        ("GET", "/v1/things/a%5c", 400),
        ("GET", "/v1/things/a%0d%0ax", 400),
        ("GET", "/v1/things/a%", 400),
    ],
)
def test_whatever_is_not_allowed_goes_nowhere(method: str, path: str, status: int):
    _, action = begun(open_("GET /v1/things/*"), method, path)
    assert isinstance(action, Reject)
    assert action.status == status


def test_a_backend_that_says_nothing_lets_nothing_pass():
    assert begun(open_(), "GET", "/v1/things")[1].status == 404


@pytest.mark.parametrize(
    "rule", ["/v1/a", "get /v1/a", "GET v1/a", "GET /v1/*/a", "GET /v1/a*", "GET /v1/../a", "GET "]
)
def test_rules_that_are_none_are_refused(rule: str):
    with pytest.raises(ConfigError):
        open_(rule)


def test_a_refusal_is_told_in_the_providers_own_words():
    one, _ = begun(open_("GET /v1/a"), "GET", "/v1/a")
    one.handle(response_headers(418, content_type="text/html"))
    told = one.handle(response_body(b"<p>no, key-of-up</p>"))
    assert told.body.startswith(b"<p>no, ")
    assert b"key-of-up" not in told.body
    assert dict(told.set_headers)["content-type"] == "text/html"


CHATS = {
    one for provider in PROVIDERS.values() for one in provider.dialects.get(Operation.CHAT, ())
}
OPENAI = [DIALECTS["openai.chat"], DIALECTS["openai.responses"]]
ANTHROPIC = [DIALECTS["anthropic.messages"]]
GEMINI = [DIALECTS["gemini.generate_content"]]

CHAT = b'{"id":"x","model":"m","usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}'
RESPONSES = (
    b'event: response.created\ndata: {"response":{"model":"m","usage":null}}\n\n'
    b'event: response.completed\ndata: {"response":{"model":"m","usage":'
    b'{"input_tokens":5,"output_tokens":7}}}\n\n'
)
MESSAGES = (
    b'event: message_start\ndata: {"message":{"model":"m","usage":{"input_tokens":5,'
    b'"output_tokens":1}}}\n\nevent: message_delta\ndata: {"usage":{"output_tokens":7}}\n\n'
)
GEMINIS = b'[{"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":3}}\n,'
GEMINIS += b'{"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":7},"modelVersion":"m"}]'
LINES = CHAT.replace(b"7", b"6") + b"\n" + CHAT + b"\n"


@pytest.mark.parametrize(
    ("speaks", "data"),
    [
        (OPENAI, CHAT),
        (OPENAI, b"\n " + CHAT.replace(b",", b",\n  ")),
        (OPENAI, LINES),
        (OPENAI, RESPONSES),
        (OPENAI, RESPONSES.replace(b"\n", b"\r\n")),
        (ANTHROPIC, MESSAGES),
        (GEMINI, GEMINIS),
    ],
)
def test_usage_is_read_wherever_an_answer_is_cut(speaks, data: bytes):
    for cut in range(len(data) + 1):
        reading = Reading(speaks, BOUNDS)
        for piece in (data[:cut], data[cut:]):
            assert reading.feed(piece) is None
        assert reading.flush() == b""
        assert (reading.seen.usage.input, reading.seen.usage.output) == (5, 7), cut
        assert reading.seen.model == "m"


@pytest.mark.parametrize("data", [b"", b"\x89PNG", b"<p>", b'{"a":1}', b"data", b'"usage', b"[1,"])
def test_whatever_tells_of_no_usage_used_nothing(data: bytes):
    reading = Reading(OPENAI, BOUNDS)
    for byte in data:
        reading.feed(bytes([byte]))
    reading.flush()
    assert reading.seen.usage == Usage()


@pytest.mark.parametrize("name", sorted(CHATS))
@pytest.mark.parametrize("value", [None, 1, -1, 1e300, "x", [], {}, True, [[1]], {"a": {"b": 1}}])
def test_numbers_that_are_none_break_nothing(name: str, value: object):
    members = ("prompt_tokens", "input_tokens", "output_tokens", "inputTokens", "total_tokens")
    members += ("prompt_tokens_details", "billed_units", "tokens", "promptTokenCount")
    for member in members:
        reading = Reading([DIALECTS[name]], BOUNDS)
        for usage in ("usage", "usageMetadata"):
            reading.feed(json.dumps({usage: {member: value}, "model": value}).encode() + b"\n")
        reading.flush()


def test_more_than_may_be_read_is_known_to_be_unknown():
    reading = Reading(OPENAI, BOUNDS)
    reading.feed(b'data: {"usage":' + b"[" + b"1," * 700_000 + b"1]}\n\n")
    assert reading.seen.usage is None


def test_what_is_too_long_to_be_read_is_known_to_be_unknown():
    reading = Reading(OPENAI, BOUNDS)
    reading.feed(b'{"usage":')
    reading.feed(b" " * LONGEST)
    reading.feed(CHAT)
    reading.flush()
    assert reading.seen.usage is None
