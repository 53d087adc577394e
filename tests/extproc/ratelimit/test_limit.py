"""Limits have budgets in whole numbers and names that last."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extproc.ratelimit.limit import UNITS, identity
from tests.extproc.ratelimit.queries import limit


@pytest.mark.parametrize(
    ("unit", "amount", "budget"),
    [("tokens", 100_000, 100_000), ("cost_usd", 5, 5_000_000), ("cost_usd", 0.1, 100_000)],
)
def test_cost_is_counted_in_millionths(unit, amount, budget):
    assert limit(unit, amount).budget == budget


def test_a_name_says_what_the_limit_says():
    assert identity(("header:x-user-id",), "tokens", "minute") == "header_x-user-id_tokens_minute_0"


def test_the_same_limit_twice_gets_two_names():
    taken = ["client_tokens_day_0", "client_tokens_day_1"]
    assert identity(("client",), "tokens", "day", taken=taken) == "client_tokens_day_2"


def test_models_are_part_of_the_name_and_their_order_is_not():
    names = [
        identity(("client",), "tokens", "day", models) for models in [("a",), ("a", "b"), ("b",)]
    ]
    assert len(set(names)) == 3
    assert identity(("client",), "tokens", "day", ("b", "a")) == names[1]


@given(
    per=st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=4).map(tuple),
    unit=st.sampled_from(UNITS),
)
def test_names_are_short_and_safe(per, unit):
    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,120}", identity(per, unit, "month"))
