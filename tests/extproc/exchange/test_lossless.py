"""Who follows a backend that fails, as the server tells Envoy."""

import json

import pytest

from extproc.exchange.again import again
from extproc.exchange.events import Change, Reject
from extproc.exchange.lossless import NEXT
from extproc.exchange.plan import Plan
from extproc.exchange.served import Route, Share
from tests.plans import exchange, request_body, request_headers, response_body, response_headers
from tests.plans import served as backend

BACKENDS = {
    "open": backend("open"),
    "claude": backend("claude", "anthropic"),
    "other": backend("other"),
}
HELLO = {"model": "small", "messages": [{"role": "user", "content": "hello"}]}


def made(*names: str, lossless: bool = True) -> Plan:
    route = Route(
        models=("small",),
        upstream=dict.fromkeys(names, "m"),
        shares={name: Share(number, 1) for number, name in enumerate(names)},
        lossless=lossless,
        again=again(("5xx", "429"), alone=lossless),
    )
    return Plan(BACKENDS, [route])


def attempt(plan: Plan, name: str = "open", count: str = "1", **more):
    """An exchange whose request has left, and what was said with it."""
    begun = exchange(plan)
    headers = request_headers(backend=name)
    headers.headers._pairs["x-envoy-attempt-count"] = count
    begun.handle(headers)
    return begun, begun.handle(request_body({**HELLO, **more}))


@pytest.mark.parametrize(
    ("names", "more", "told"),
    [
        (("open", "claude", "other"), {}, "2"),
        (("open", "claude", "other"), {"seed": 7}, "3"),
        (("open", "claude"), {"seed": 7}, "1"),
        (("open", "claude"), {"n": 2}, "1"),
        (("claude", "open"), {"seed": 7}, "2"),
    ],
    ids=["next", "lossless", "same", "refused", "first loses"],
)
def test_the_next_one_is_told_by_its_number(names, more, told):
    _, change = attempt(made(*names), names[0], **more)
    assert dict(change.set_headers)[NEXT] == told


def test_nobody_follows_who_loses_something_itself():
    _, change = attempt(made("claude"), "claude", seed=7)
    assert dict(change.set_headers)[NEXT] == "0"


def test_nothing_is_told_where_a_route_does_not_mind():
    _, change = attempt(made("open", "claude", lossless=False))
    assert NEXT not in dict(change.set_headers)


@pytest.mark.parametrize(("count", "refused"), [("1", False), ("2", True)])
def test_who_loses_something_is_no_second_one(count, refused):
    _, action = attempt(made("open", "claude"), "claude", count, seed=7)
    assert isinstance(action, Reject if refused else Change)
    if refused:
        assert action.status == 503
        assert "seed would be lost" in json.loads(action.body)["error"]["message"]


def test_a_translation_that_fails_is_no_way():
    deep: dict = {}
    for _ in range(900):
        deep = {"items": deep}
    tool = {"type": "function", "function": {"name": "f", "parameters": deep}}
    _, change = attempt(made("open", "claude", "other"), tools=[tool])
    assert dict(change.set_headers)[NEXT] == "3"


@pytest.mark.parametrize(
    ("more", "status", "shown"),
    [
        ({"seed": 7}, 503, {"x-ai-left-out": "claude:seed"}),
        ({"seed": 7}, 400, {}),
        ({}, 503, {"x-ai-again": "unavailable"}),
        ({}, 400, {}),
    ],
    ids=["left out", "final", "again", "no failure"],
)
def test_a_refusal_says_whether_another_one_follows(more, status, shown):
    begun, _ = attempt(made("open", "claude"), **more)
    begun.handle(response_headers(status))
    action = begun.handle(response_body({"error": {"message": "no", "type": "server_error"}}))
    headers = dict(action.set_headers)
    assert {name: headers[name] for name in headers if name.startswith("x-ai-")} == shown


def test_an_answer_that_cannot_be_used_is_a_failure():
    begun, _ = attempt(made("open", "claude"))
    begun.handle(response_headers())
    action = begun.handle(response_body(b"not JSON"))
    assert dict(action.set_headers)["x-ai-again"] == "server"
