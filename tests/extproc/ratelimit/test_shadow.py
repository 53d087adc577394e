"""Limits that only watch."""

import yaml

from extproc.config import parse
from extproc.exchange.compile import limits
from extproc.ratelimit.limiter import Limiter
from extproc.ratelimit.memory import Memory
from extproc.render import ratelimit
from tests.extproc.ratelimit.queries import (
    OK,
    OVER,
    Clock,
    headers,
    limit,
    parsed,
    query,
    reserving,
    returning,
)

ACME = {"client": "acme"}


def service(*given, capacity=1_000, on_error="allow"):
    clock = Clock()
    limiter = Limiter(given, Memory(clock, capacity), clock=clock, on_error=on_error)
    return lambda *asked: parsed(limiter.should_rate_limit(query(*asked)))


def above(response):
    return response.dynamic_metadata.fields["above"].string_value


def test_it_refuses_nobody_and_says_who_is_above_it():
    send = service(limit("requests", 2, shadow=True))
    answers = [send(("requests", ACME, None)) for _ in range(4)]
    assert [one.overall_code for one in answers] == [OK] * 4
    assert [above(one) for one in answers] == ["", "", "requests", "requests"]
    assert all(not headers(one) for one in answers)
    assert all(not one.statuses[0].HasField("current_limit") for one in answers)


def test_it_is_charged_and_counts_on():
    send = service(limit(amount=100, shadow=True))
    send(("tokens", ACME, 90))
    assert above(send(("tokens", ACME, 0))) == ""
    send(("tokens", ACME, 500))
    assert above(send(("tokens", ACME, 0))) == "tokens"


def test_one_that_binds_beside_it_refuses_and_is_all_that_the_client_sees():
    send = service(limit("requests", 1, shadow=True), limit("requests", 2, name="hard"))
    both = [("requests", ACME, None), ("hard", ACME, None)]
    answers = [send(*both) for _ in range(3)]
    assert [one.overall_code for one in answers] == [OK, OK, OVER]
    assert headers(answers[0])["x-ratelimit-limit-requests"] == "2"
    assert [above(one) for one in answers] == ["", "requests", ""]


def test_what_is_reserved_for_it_comes_back():
    send = service(limit(amount=100, shadow=True))
    first = send(("tokens", ACME, 0), reserving(size=40))
    assert returning(first)
    send(("tokens", ACME, 100), *returning(first))
    second = send(("tokens", ACME, 0), reserving(size=40))
    assert above(second) == "tokens"
    assert returning(second)


def test_a_store_that_is_full_holds_nobody_up():
    send = service(limit("requests", 2, shadow=True), capacity=0, on_error="deny")
    answer = send(("requests", ACME, None))
    assert (answer.overall_code, above(answer)) == (OK, "")


def test_a_smaller_one_may_watch_beside_one_of_the_same_thing():
    backend = {"provider": "openai", "credential": {"api_key": "env:K"}}
    entry = {"per": "model", "requests": 10, "every": "day"}
    found = limits(
        parse(
            {
                "version": 1,
                "backends": {"up": backend},
                "limits": [entry, {**entry, "requests": 5, "shadow": True}],
            }
        )
    )
    assert [one.name for one in found] == ["model_requests_day_0", "model_shadow_requests_day_0"]


def test_envoys_own_service_knows_such_a_mode():
    text = ratelimit.render([limit(name="a", shadow=True), limit(name="b")]).text
    first, second = yaml.safe_load(text)["descriptors"]
    assert first["descriptors"][0]["shadow_mode"] is True
    assert "shadow_mode" not in second["descriptors"][0]


def test_each_request_that_it_would_have_refused_is_told():
    told: list[str] = []
    clock = Clock()
    limiter = Limiter(
        [limit("requests", 2, shadow=True), limit("requests", 9, name="hard")],
        Memory(clock, 1_000),
        clock=clock,
        exceeded=told.append,
    )
    both = [("requests", ACME, None), ("hard", ACME, None)]
    for _ in range(5):
        limiter.should_rate_limit(query(*both))
    assert told == ["requests"] * 3
