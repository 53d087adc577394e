"""Which price is in force."""

from math import inf

import pytest

from extproc.config import parse
from extproc.config.limit import Limit
from extproc.config.listed_price import PriceFile
from extproc.config.process import Limiter
from extproc.exchange.compile import compile_plan
from extproc.exchange.reserved import moves, usual

DAY = 86_400
FIRST = 1_767_225_600
"""2026-01-01"""


def entry(models, input, **more):
    return {"models": models, "price": {"input": input, "output": 2 * input}, **more}


LISTED = PriceFile.model_validate(
    {
        "prices": [
            entry("gpt-*", 1),
            entry("gpt-4o*", 2),
            entry("gpt-4o", 3, provider="openai"),
            entry("gpt-4o", 4, provider="openai", **{"from": "2026-01-02"}),
            entry("gpt-4o", 5, backend="contract"),
            entry(["claude", "opus"], 6, **{"from": "2026-01-03"}),
        ]
    }
).prices


def gateway(**route):
    keyed = {"provider": "openai", "credential": {"api_key": "env:K"}}
    compatible = {"provider": "openai-compatible", "base_url": "http://x", "credential": "none"}
    backends = {
        "one": keyed,
        "contract": keyed,
        "priced": {**keyed, "price": {"input": 9}},
        "other": compatible,
    }
    served = [{"backend": name, "priority": n} for n, name in enumerate(backends)]
    routes = [{"models": ["gpt-*", "claude"], "backends": served, **route}]
    return parse({"version": 1, "backends": backends, "routes": routes}).priced(LISTED)


def price(backend, model, now=FIRST, **route):
    plan = compile_plan(gateway(**route), now=now)
    client = plan.entrance("/v1/chat/completions").dialect
    return plan.target(client, model, backend).price.input


@pytest.mark.parametrize(
    ("backend", "model", "expected"),
    [
        ("one", "gpt-4o", 3),
        ("one", "gpt-4o-mini", 2),
        ("one", "gpt-3.5", 1),
        ("contract", "gpt-4o", 5),
        ("contract", "gpt-4o-mini", 2),
        ("other", "gpt-4o", 2),
        ("other", "claude", 0),
        ("priced", "gpt-4o", 9),
    ],
)
def test_a_backends_goes_before_its_providers_and_the_name_before_its_beginning(
    backend, model, expected
):
    assert price(backend, model) == expected


def test_a_routes_own_wins():
    assert price("priced", "gpt-4o", price={"input": 7}) == 7


def test_each_has_its_days():
    days = [price("one", "gpt-4o", FIRST + DAY * days) for days in (-1, 0, 1, 2)]
    assert days == [3, 3, 4, 4]
    assert [price("one", "claude", FIRST + DAY * days) for days in (1, 2)] == [0, 6]


def test_the_plan_says_until_when():
    untils = [compile_plan(gateway(), now=FIRST + DAY * n).prices.until for n in (0, 1, 2)]
    assert untils == [FIRST + DAY, FIRST + 2 * DAY, inf]
    assert compile_plan(gateway()).prices.until == inf


def test_what_was_used_in_a_batch_has_a_price_too():
    plan = compile_plan(gateway(), now=FIRST)
    assert plan.price_at("one", "gpt-4o").input == 3
    assert plan.price_at("priced", "gpt-4o").input == 9


def test_as_much_is_reserved_as_those_cost_that_are_asked_first():
    found = gateway()
    assert usual(found, found.routes[0]) == (6, 12)
    own = gateway(price={"input": 7, "output": 8})
    assert usual(own, own.routes[0]) == (7, 8)


@pytest.mark.parametrize(
    ("route", "limits", "limiter", "moving"),
    [
        ({}, [{"per": "model", "cost_usd": 1, "every": "day"}], {}, True),
        ({}, [{"per": "model", "tokens": 1, "every": "day"}], {}, False),
        ({}, [{"per": "model", "cost_usd": 1, "every": "day"}], {"reserve": False}, False),
        ({"price": {"input": 7}}, [{"per": "model", "cost_usd": 1, "every": "day"}], {}, False),
        (
            {"backends": [{"backend": "priced"}]},
            [{"per": "model", "cost_usd": 1, "every": "day"}],
            {},
            False,
        ),
    ],
    ids=["other prices", "no cost", "nothing reserved", "one price", "one backend"],
)
def test_what_is_reserved_moves_where_backends_have_other_prices(route, limits, limiter, moving):
    found = gateway(**route)
    found = found.model_copy(
        update={
            "limits": tuple(map(Limit.model_validate, limits)),
            "limiter": Limiter.model_validate(limiter),
        }
    )
    assert moves(found, found.routes[0]) is moving
