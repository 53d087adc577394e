"""Each cause of a failure, and what a route makes of it: another backend, or the answer."""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import ENV, MODELS, backend
from tests.e2e.listener import needs_retry_elsewhere

pytestmark = needs_retry_elsewhere

FIRST, SECOND = "anthropic.messages", "openai.chat"
STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

CAUSES = {
    "context-length": {"status": 400, "message": "prompt is too long: 210000 tokens > 200000"},
    "quota": {"status": 402, "message": "Insufficient Balance"},
    "rate-limit": {"status": 429, "message": "too many requests"},
    "overloaded": {"status": 529, "message": "Overloaded"},
    "authentication": {"status": 401, "message": "invalid x-api-key"},
    "content-filter": {"status": 400, "message": "Output blocked by content filtering policy"},
    "400": {"status": 400, "message": "messages: at least one message is required"},
    "403": {"status": 403, "message": "your account may not do that"},
    "5xx": {"status": 503, "message": "down"},
    "429": {"status": 429, "message": "too many requests"},
    "reset": {"drop": "before_headers", "reset": True},
    "timeout": {"hang": "before_headers"},
}
"""What a route retries → how the first provider then fails."""
SAME = [("400", "context-length"), ("403", "authentication"), ("overloaded", "5xx")]
SAME += [("rate-limit", "429"), ("429", "rate-limit"), ("5xx", "overloaded")]
"""Pairs of which each failure is also the other's."""


class World:
    """A route for each cause, and one for all that are none of a policy's."""

    def __init__(self, local: Local, first: RunningSimulator) -> None:
        self.local = local
        self.first = first
        self.http = httpx.Client(base_url=local.url, timeout=30)
        self._number = 0

    def ask(self, route: str, failure: str, stream: bool = False) -> tuple[httpx.Response, dict]:
        """The answer, and what the access log says of it."""
        self._number += 1
        agent = f"cause/{self._number}"
        order = {"at": "first", **CAUSES[failure]} if failure else {}
        answer = self.http.post(
            "/v1/chat/completions",
            json={
                "model": route,
                "messages": [{"role": "user", "content": "hello"}],
                "stream": stream,
            },
            headers={"user-agent": agent, "x-sim": json.dumps(order)},
        )
        found: list[dict] = []

        def logged() -> bool:
            found[:] = [one for one in self.local.records() if one["user_agent"] == agent]
            return bool(found)

        self.local.wait_for(logged, "the record")
        return answer, found[0]


def route(model: str, **retry) -> dict:
    return {
        "models": [model],
        "backends": [
            {"backend": "first", "model": MODELS[FIRST]},
            {"backend": "second", "model": MODELS[SECOND], "priority": 1},
        ],
        "retry": retry,
    }


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with ExitStack() as stack:
        first = stack.enter_context(RunningSimulator(name="first"))
        second = stack.enter_context(RunningSimulator(name="second"))
        everything = [cause for cause in CAUSES if cause != "content-filter"]
        config = {
            "backends": {
                "first": backend(FIRST, first.url),
                "second": backend(SECOND, second.url),
            },
            "routes": [
                *(route(cause, on=[cause], per_try_timeout="1500ms") for cause in CAUSES),
                route("all but policy", on=everything, per_try_timeout="1500ms"),
                route("once", attempts=1, on=everything),
                {"models": ["usual"], "backends": route("x")["backends"]},
                {
                    "models": ["patient"],
                    "backends": [{"backend": "first", "model": MODELS[FIRST]}],
                    "retry": {"on": ["429"], "retry_after": "5s"},
                },
            ],
        }
        world = World(stack.enter_context(Local(config, ENV, edit=without_ejection)), first)
        yield world
        world.http.close()


def without_ejection(bootstrap: str) -> str:
    """A backend that fails on purpose stays the first."""
    return bootstrap.replace(
        "enforcing_consecutive_gateway_failure: 100", "enforcing_consecutive_gateway_failure: 0"
    )


@STREAM
@pytest.mark.parametrize("cause", CAUSES)
def test_another_backend_answers_for_the_causes_that_the_route_names(world, cause, stream):
    answer, record = world.ask(cause, cause, stream)
    assert answer.status_code == 200, answer.text
    assert "heard: hello" in answer.text or stream
    assert (record["attempts"], record["backend"], record["status"]) == (2, "second", 200)
    told, last = record["backends"].split()
    assert told.partition(":")[0] == "first"
    assert last == "second"
    assert answer.headers["x-ai-backends"] == record["backends"]
    assert "x-ai-again" not in answer.headers


@pytest.mark.parametrize("failure", CAUSES)
@pytest.mark.parametrize("cause", ["context-length", "quota", "400", "content-filter"])
def test_for_no_other_cause(world, cause, failure):
    if failure == cause or (cause, failure) in SAME or failure in ("reset", "timeout"):
        return
    answer, record = world.ask(cause, failure)
    assert answer.status_code >= 400
    assert (record["attempts"], record["backend"]) == (1, "first")
    assert not {"x-ai-again", "x-ai-backends"} & answer.headers.keys()


@STREAM
def test_what_a_provider_does_not_allow_is_not_asked_of_another(world, stream):
    answer, record = world.ask("all but policy", "content-filter", stream)
    assert answer.status_code == 400
    assert "blocked by content filtering" in answer.text
    assert (record["attempts"], record["backends"]) == (1, "first:invalid_request")
    answer, record = world.ask("all but policy", "400", stream)
    assert (answer.status_code, record["attempts"]) == (200, 2)


def test_with_one_attempt_nothing_is_marked(world):
    answer, record = world.ask("once", "400")
    assert (answer.status_code, record["attempts"]) == (400, 1)
    assert "x-ai-again" not in answer.headers


def test_an_account_without_money_is_passed_over_by_default(world):
    answer, record = world.ask("usual", "quota")
    assert answer.status_code == 200
    assert record["backends"] == "first:quota second"
    answer, record = world.ask("usual", "context-length")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "context_length_exceeded"


def test_one_backend_is_told_where_the_first_has_answered(world):
    answer, record = world.ask("usual", "")
    assert record["backends"] == "first"
    assert "x-ai-backends" not in answer.headers


def test_who_has_failed_is_told_where_all_have(world):
    answer = world.http.post(
        "/v1/chat/completions",
        json={"model": "usual", "messages": [{"role": "user", "content": "hello"}]},
        headers={"user-agent": "all fail", "x-sim": '{"status": 529}'},
    )
    assert answer.status_code >= 500
    world.local.wait_for(
        lambda: [one for one in world.local.records() if one["user_agent"] == "all fail"], "it"
    )
    (record,) = [one for one in world.local.records() if one["user_agent"] == "all fail"]
    assert record["backends"] == "first:overloaded second:overloaded"


@pytest.mark.parametrize(("wanted", "least"), [(1, 1000), (3600, 0)])
def test_retry_after_is_heeded_where_it_is_not_too_long(world, wanted, least):
    world.first.push({"status": 429, "retry_after": wanted}, {})
    answer, record = world.ask("patient", "")
    assert (answer.status_code, record["attempts"]) == (200, 2)
    assert record["duration"] >= least
