"""Costs that are expressions."""

import sys

import pytest

from extproc.config import formula
from extproc.config.gateway import Gateway
from extproc.exchange.compile import compile_plan
from providers.catalog import DIALECTS
from providers.usage import Usage

USED = Usage(input=1_000, cache_read=400, output=200, reasoning=50)
CHAT = DIALECTS["openai.chat"]


def price(cel: str, **more):
    """What a request of a route costs, as an attempt at its backend holds it."""
    gateway = Gateway.model_validate(
        {
            "version": 1,
            "backends": {"up": {"provider": "openai", "credential": "none"}},
            "routes": [
                {
                    "models": ["small"],
                    "backends": [{"backend": "up", "model": "gpt"}],
                    "price": {"cel": cel, **more},
                }
            ],
        }
    )
    return compile_plan(gateway).target(CHAT, "small", "up").price


@pytest.mark.parametrize(
    ("cel", "usd"),
    [
        ("double(input_tokens) / 1000000.0", 0.001),
        ("double(input_tokens - cached_input_tokens + output_tokens * 4) / 1000.0", 1.4),
        ("input_tokens > 900 ? 2 : 1", 2),
        ("model == 'gpt' && backend == 'up' ? 0.5 : 0.0", 0.5),
        ("reasoning_tokens + total_tokens + cache_creation_input_tokens", 1_250),
    ],
)
def test_an_expression_tells_the_cost(cel, usd):
    assert price(cel).nanousd(USED) == round(usd * 10**9)


@pytest.mark.parametrize(
    "cel",
    [
        "1 / (output_tokens - 200)",
        "output_tokens == 200 ? -1 : 1",
        "input_tokens - 2000 + 5000 * 0",
    ],
    ids=["by zero", "below zero", "negative"],
)
def test_where_it_cannot_tell_the_prices_of_tokens_count(cel):
    made = price(f"input_tokens == 1 ? 1 : ({cel})", input=2.0)
    assert made.nanousd(USED) == 2_000_000


def test_of_a_batch_it_is_a_share_and_nothing_costs_without_end():
    assert price("1.0").times(0.5).nanousd(USED) == 500_000_000
    assert price("double(input_tokens) * 1.0e300").nanousd(USED) == 10**15


@pytest.mark.parametrize(
    ("cel", "told"),
    [
        ("1 +", "parse"),
        ("input_token * 2", "Undefined variable"),
        ("input_tokens * 0.5", "No such overload"),
        ("model", "a number of USD is wanted"),
        ("[1, 2].map(x, x).size()", "lists or maps"),
        ("1" + "+1" * 600, "more than 1000 characters"),
        ("1.0 / 0.0", "a number of USD is wanted"),
    ],
)
def test_what_is_no_cost_is_refused_with_its_place(cel, told):
    with pytest.raises(ValueError, match=told) as refused:
        price(cel)
    assert "routes.0.price.cel" in str(refused.value)


def test_without_the_library_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cel", None)
    with pytest.raises(ValueError, match=r"pip install 'extproc\[cel\]'"):
        formula.formula("input_tokens * 3 * 5")
