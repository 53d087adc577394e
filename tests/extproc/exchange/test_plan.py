"""Routes, paths and dialects are chosen as configured."""

import pytest

from extproc.config import parse
from extproc.exchange.compile import compile_plan, wanted_secrets
from extproc.exchange.plan import Route, Router
from providers.catalog import DIALECTS
from providers.errors import NotFound
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


def test_the_combinations_that_are_kept_are_bounded(monkeypatch):
    monkeypatch.setattr("extproc.exchange.plan.MAX_CACHED", 10)
    made = plan(models=("*",))
    for number in range(100):
        made.target(CHAT, f"m{number}", "up")
    assert len(made._targets) <= 10
