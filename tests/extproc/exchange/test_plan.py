"""Routes, paths and dialects are chosen as configured."""

import re
import time

import pytest
import yaml

from extproc.config import parse
from extproc.exchange.compile import compile_plan, wanted_secrets
from extproc.exchange.plan import Router
from extproc.exchange.served import LONGEST_NAME, MAX_CACHED, Route
from providers.catalog import DIALECTS, PROVIDERS
from providers.errors import NotFound, Unavailable
from tests.plans import plan, served

CHAT = DIALECTS["openai.chat"]


def route(*models: str) -> Route:
    return Route(models=models, upstream={})


def test_an_exact_name_wins_over_a_prefix_and_that_over_an_expression():
    exact, short, long, expression = (
        route("gpt-4o"),
        route("gpt-*"),
        route("gpt-4*"),
        route("/gpt-4o|claude-[0-9]+/"),
    )
    router = Router([expression, short, long, exact])
    assert router.find("gpt-4o") is exact
    assert router.find("gpt-4.1") is long
    assert router.find("gpt-5") is short
    assert router.find("claude-4") is expression
    assert router.find("claude-4x") is None
    assert router.find("mistral") is None


def test_ten_thousand_routes_are_found_at_once():
    routes = [route(f"model-{number}") for number in range(10_000)]
    router = Router(routes)
    assert router.find("model-9999") is routes[-1]


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("http://local:8000", "/v1/chat/completions"),
        ("http://local:8000/openai/v1", "/openai/v1/chat/completions"),
        ("https://host/api/", "/api/chat/completions"),
    ],
)
def test_a_path_in_the_base_url_replaces_the_providers_own(base, path):
    gateway = parse(
        {
            "version": 1,
            "backends": {"b": {"provider": "vllm", "base_url": base}},
            "routes": [{"models": ["m"], "backends": [{"backend": "b"}]}],
        }
    )
    target = compile_plan(gateway).target(CHAT, "m", "b")
    assert target.path("m", stream=False) == path
    assert target.served.authority == base.split("/")[2]


def test_secrets_are_asked_for_by_reference_only():
    gateway = parse(
        {
            "version": 1,
            "backends": {
                "pool": {
                    "provider": "openai",
                    "credential": {"api_key": ["env:A", {"ref": "env:B", "weight": 2}]},
                },
                "local": {"provider": "vllm", "base_url": "http://x:1", "credential": "none"},
            },
        }
    )
    wanted = wanted_secrets(gateway)
    assert [(dict(one.parts), one.weight) for one in wanted["pool"]] == [
        ({"key": "env:A"}, 1),
        ({"key": "env:B"}, 2),
    ]
    assert "local" not in wanted


def test_an_operation_that_a_backend_may_not_serve_is_a_404():
    closed = served(operations=frozenset())
    with pytest.raises(NotFound, match="does not serve chat"):
        plan(backends={"up": closed}).target(CHAT, "small", "up")


@pytest.mark.parametrize(
    "expression", ["claude-.*-.*-v[0-9]+", "(a|aa)+", ".*.*.*.*x", "(-*)*-*x", "(c|cl|-)*v"]
)
def test_no_expression_takes_long_with_any_name(expression):
    router = Router([route(f"/{expression}/")])
    begun = time.process_time()
    for length in range(LONGEST_NAME):
        assert router.find("claude" + "-" * (length - 6)) is None or length < 7
        router.find("a" * length + "!")
    assert time.process_time() - begun < 2


def test_a_name_longer_than_any_is_looked_for_nowhere():
    router = Router([route("*")])
    assert router.find("x" * LONGEST_NAME) is not None
    assert router.find("x" * (LONGEST_NAME + 1)) is None


@pytest.mark.parametrize("piece", ["claude-", "-", "/", "command-", "a", "gemini-.", ":claude"])
def test_every_vendors_expression_is_linear_in_a_name(piece):
    for provider in PROVIDERS.values():
        for expression in provider.speaks.values():
            begun = time.process_time()
            re.search(expression, piece * (200_000 // len(piece)) + "!")
            assert time.process_time() - begun < 1


def test_a_request_that_no_finder_has_seen_fills_no_memory():
    target = plan(models=("*",)).target(CHAT, "", "up")
    for number in range(2 * MAX_CACHED):
        target.attempt(f"m{number}", "m", stream=False)
    assert len(target.attempts) <= MAX_CACHED


def test_the_combinations_that_are_kept_are_bounded(monkeypatch):
    monkeypatch.setattr("extproc.exchange.plan.MAX_CACHED", 10)
    made = plan(models=("*",))
    for number in range(100):
        made.target(CHAT, f"m{number}", "up")
    assert len(made._targets) <= 10


SHADOWED = """
version: 1
backends:
  one: {provider: openai, credential: none, price: {input: 1, output: 1}}
  two: {provider: anthropic, credential: none, price: {input: 9, output: 9}}
routes:
  - models: ["a/*"]
    backends: [{backend: one, model: $1}]
    shadow: {backend: two, model: claude-$1}
    request: {max_input_tokens: 9}
    price: {input: 3, output: 3}
  - models: [b]
    backends: [{backend: two}]
"""


def test_copies_go_by_a_name_of_their_own():
    made = compile_plan(parse(yaml.safe_load(SHADOWED)))
    found = made.target(CHAT, "a/x", "two~shadow")
    assert (found.model, found.dialect.name) == ("claude-x", "anthropic.messages")
    assert (found.served.name, found.price.input) == ("two", 9)
    assert found.terms is not None
    assert made.target(CHAT, "a/x", "one").price.input == 3


def test_nothing_else_goes_there_nor_copies_elsewhere():
    made = compile_plan(parse(yaml.safe_load(SHADOWED)))
    assert {made.chosen(CHAT, "a/x") for _ in range(9)} == {"one"}
    for model, backend in (("a/x", "two"), ("a/x", "one~shadow"), ("b", "two~shadow")):
        assert not made.leads(model, backend)
        with pytest.raises(NotFound if backend != "one~shadow" else Unavailable):
            made.target(CHAT, model, backend)
    assert made.leads("a/x", "two~shadow")
