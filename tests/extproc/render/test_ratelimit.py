"""Configuration for envoyproxy/ratelimit, and what is said where it cannot do the same."""

import yaml

from extproc.ratelimit.limit import Limit
from extproc.render.ratelimit import render


def limit(**rest):
    standard = {"name": "x", "per": ("client",), "unit": "tokens", "amount": 100, "every": "minute"}
    return Limit(**standard | rest)


def found(text, *entries):
    """The limit for a descriptor, looked up as envoyproxy/ratelimit does."""
    nodes, node = yaml.safe_load(text)["descriptors"], {}
    for key, value in entries:
        by_value = {(node["key"], node.get("value")): node for node in nodes}
        node = by_value.get((key, value)) or by_value.get((key, None)) or {}
        nodes = node.get("descriptors", [])
    return node.get("rate_limit")


def test_each_limit_is_found_by_its_descriptor():
    limits = [
        limit(name="a", per=("header:x-user-id",), amount=7, every="day"),
        limit(name="b", per=("client", "model"), unit="cost_usd", amount=5, every="hour"),
    ]
    text = render(limits).text
    assert yaml.safe_load(text)["domain"] == "extproc"
    assert found(text, ("limit", "a"), ("header:x-user-id", "me")) == {
        "unit": "day",
        "requests_per_unit": 7,
    }
    assert found(text, ("limit", "b"), ("client", "me"), ("model", "m")) == {
        "unit": "hour",
        "requests_per_unit": 5_000_000,
    }


def test_what_it_can_say_needs_no_warning():
    assert render([limit(), limit(name="y", unit="requests", every="second")]).warnings == ()


def test_only_the_limited_models_are_limited():
    text = render([limit(per=("model", "client"), models=("a", "b"))]).text
    assert found(text, ("limit", "x"), ("model", "a"), ("client", "me"))
    assert not found(text, ("limit", "x"), ("model", "c"), ("client", "me"))


def test_a_budget_shared_by_models_is_found_with_and_without_the_model():
    rendered = render([limit(models=("a", "b"))])
    assert found(rendered.text, ("limit", "x"), ("client", "me"))
    assert found(rendered.text, ("limit", "x"), ("client", "me"), ("model", "b"))
    assert not found(rendered.text, ("limit", "x"), ("client", "me"), ("model", "c"))
    assert "a budget of its own" in rendered.warnings[0]


def test_differences_are_told_and_stand_in_the_text():
    cases = {
        "Thursday": limit(every="week"),
        "30 days": limit(every="month"),
        "never enforced": limit(per=("backend",)),
        "cut to that": limit(unit="cost_usd", amount=5_000),
    }
    for words, one in cases.items():
        rendered = render([one])
        (warning,) = rendered.warnings
        assert warning.startswith("x: ")
        assert words in warning
        assert words in rendered.text


def test_a_limit_beyond_its_numbers_is_cut():
    text = render([limit(amount=10**12)]).text
    assert found(text, ("limit", "x"), ("client", "me"))["requests_per_unit"] == 2**32 - 1


def test_no_limits_are_a_valid_file():
    assert yaml.safe_load(render([]).text) == {"domain": "extproc", "descriptors": []}


def test_every_limit_is_explained():
    text = render([limit(unit="cost_usd", amount=2.5, per=("client", "header:x-team"))]).text
    assert "  # 2.5 USD per minute for each client and x-team\n" in text


def test_the_text_has_no_aliases():
    text = render([limit(per=("model", "client"), models=("a", "b"))]).text
    assert "&" not in text
