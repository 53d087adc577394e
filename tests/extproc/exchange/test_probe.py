"""The gateway's own look at a backend, without an Envoy: where it goes, and who may ask for it."""

import pytest

from extproc.config import parse
from extproc.exchange import probe
from extproc.exchange.compile import compile_plan
from extproc.exchange.events import Change, Leave, Reject
from extproc.exchange.proof import BACKEND, CALL
from extproc.exchange.recorded import Recorded
from tests.plans import Pairs, RequestHeaders, exchange, response_headers

SECRET = "s" * 64
KEY = {"api_key": "env:K"}


def plan(**backend: object):
    said = {"credential": KEY, "probe": {}, **backend}
    return compile_plan(parse({"version": 1, "backends": {"up": said}}))


def begun(made, *, secret: str = SECRET, method: str = "GET", end: bool = True):
    headers = Pairs()
    headers._pairs |= {":path": probe.PATH, ":method": method}
    call = dict(probe.headers("up", secret))["x-ai-call"]
    one = exchange(made, probing=SECRET)
    return one, one.handle(RequestHeaders(headers, {BACKEND: "up", CALL: f"side {call}"}, end))


@pytest.mark.parametrize(
    ("backend", "path"),
    [
        ({"provider": "openai"}, "/v1/models"),
        ({"provider": "openai", "base_url": "http://h:1/api/v2"}, "/api/v2/models"),
        ({"provider": "anthropic"}, "/v1/models"),
        ({"provider": "gemini"}, "/v1beta/models"),
        (
            {"provider": "azure", "instance": "i", "api_version": "2024-10-21"},
            "/openai/models?api-version=2024-10-21",
        ),
        ({"provider": "azure", "instance": "i"}, "/openai/v1/models"),
        ({"provider": "cohere", "probe": {"path": "/v1/models"}}, "/v1/models"),
    ],
)
def test_it_asks_for_the_providers_models_in_the_gateways_name(backend, path):
    one, action = begun(plan(**backend))
    assert type(action) is Leave
    said = dict(action.set_headers)
    assert said[":path"] == path
    assert "key-of-up" in " ".join(said.values())
    assert isinstance(one.handle(response_headers()), Change)


@pytest.mark.parametrize("secret", ["", "another"])
def test_nobody_else_may(secret):
    _, action = begun(plan(provider="openai"), secret=secret)
    assert isinstance(action, Reject)
    assert action.status == 401


def test_it_has_no_body():
    _, action = begun(plan(provider="openai"), end=False)
    assert isinstance(action, Reject)
    assert action.status == 400


def test_it_is_no_record():
    lines: list[bytes] = []
    headers = Pairs()
    headers._pairs |= {":path": probe.PATH, ":method": "GET"}
    call = dict(probe.headers("up", SECRET))["x-ai-call"]
    one = Recorded(exchange(plan(provider="openai"), probing=SECRET), "n", 0, lines.append)
    one.handle(RequestHeaders(headers, {BACKEND: "up", CALL: f"side {call}"}, True))
    one.handle(response_headers(500))
    one.end()
    assert lines == []
