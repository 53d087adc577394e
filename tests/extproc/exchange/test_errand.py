"""Requests about what is kept, without an Envoy: bodies that are none, and what goes wrong."""

import json

import pytest

from extproc.config import parse
from extproc.exchange.compile import compile_plan
from extproc.exchange.events import Change, Leave, Reject
from extproc.exchange.machine import OrderError
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, CALL
from tests.plans import (
    Pairs,
    RequestHeaders,
    exchange,
    request_body,
    response_body,
    response_headers,
)


def alone() -> Plan:
    one = {"provider": "openai", "credential": {"api_key": "env:K"}}
    return compile_plan(parse({"version": 1, "backends": {"up": one}}))


def begun(method: str, path: str, *, kind: str = "openai.files", end: bool = True):
    one = exchange(alone())
    headers = Pairs(content_type="application/json")
    headers._pairs |= {":path": path, ":method": method}
    attributes = {BACKEND: "up", CALL: f"kept\n{path}\n{kind}"}
    return one, one.handle(RequestHeaders(headers, attributes, end))


def test_an_answer_without_a_body_stays_so():
    one, action = begun("DELETE", "/v1/containers/c", kind="openai.containers")
    assert type(action) is Leave
    answer = one.handle(response_headers(204, end=True))
    assert isinstance(answer, Change)
    assert answer.body is None
    assert answer.metadata["status"] == 204
    assert answer.metadata["total_tokens"] == 0


def test_a_refusal_is_shown_as_the_provider_says_it_and_costs_nothing():
    one, _ = begun("GET", "/v1/files/x")
    one.handle(response_headers(404))
    error = {
        "message": "No such File",
        "type": "invalid_request_error",
        "param": "id",
        "code": None,
    }
    answer = one.handle(response_body({"error": error}))
    assert json.loads(answer.body or json.dumps({"error": error}))["error"]["message"]
    assert answer.metadata["status"] == 404


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff"])
def test_a_body_that_is_no_object_is_refused(body: bytes):
    one, action = begun("POST", "/v1/batches", kind="openai.batches", end=False)
    assert isinstance(action, Change)
    refused = one.handle(request_body(body))
    assert isinstance(refused, Reject)
    assert refused.status == 400


@pytest.mark.parametrize(
    "path", ["/v1/files/..", "/v1/files/%2e%2e", "/v1/files/%2E/content", "/v1/files/a/b/c"]
)
def test_no_id_changes_the_path(path: str):
    _, action = begun("GET", path)
    assert isinstance(action, Reject)
    assert action.status == 404


def test_an_id_is_one_segment_whatever_is_in_it():
    _, action = begun("GET", "/v1/files/a%2Fb%3Fc%0d%0ad/content?x=1%262&key=secret&api-version=9")
    assert dict(action.set_headers)[":path"] == "/v1/files/a%2Fb%3Fc%0D%0Ad/content?x=1%262"


def test_no_answer_comes_before_a_body_that_was_announced():
    one, _ = begun("POST", "/v1/batches", kind="openai.batches", end=False)
    with pytest.raises(OrderError):
        one.handle(response_headers())
