"""Configurations that stand in Envoy's metadata."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extproc.config import ConfigError
from extproc.config.described import Described, Objects, described
from extproc.config.redaction import looks_secret
from tests.extproc.config.test_secrecy import bounded, secrets

Said = dict[str, Any]
OPENAI: Said = {"provider": "openai", "credential": {"api_key": "env:KEY"}}
NAMEABLE = ("env:*", "file:/b")
CLAUDE: Said = {"provider": "anthropic", "credential": {"api_key": ["env:A", "file:/b"]}}


def problems(**said: Said) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        described(Objects(**said), NAMEABLE)
    return [f"{one.key}: {one.message}" for one in caught.value.problems]


def read(**said: Said) -> Described:
    objects = Objects(**said)
    assert objects.describes
    return described(objects, NAMEABLE)


def test_what_is_nearer_to_the_provider_wins():
    vllm = {"provider": "vllm", "base_url": "http://h:1"}
    assert read(cluster=OPENAI, route=CLAUDE, host=CLAUDE).backend == "openai"
    assert read(endpoint=vllm, cluster=OPENAI).backend == "vllm"
    assert read(route=CLAUDE, host=OPENAI).backend == "anthropic"
    assert read(host={**OPENAI, "backend": "mine"}).backend == "mine"


def test_others_may_say_what_they_like():
    assert not Objects().describes
    assert not Objects(endpoint={"backend": "of-gateway-yaml"}).describes
    assert not Objects(route={"models": ["a"]}).describes


def test_a_route_says_what_routes_say():
    words = {
        "models": ["best"],
        "model": "gpt-5",
        "default_model": "best",
        "price": {"input": "2.5", "output": 10.0},
        "request": {"defaults": {"temperature": "0.2", "n": 1.0}},
    }
    gateway = read(cluster=OPENAI, route=words).gateway
    (route,) = gateway.routes
    assert (route.models, route.backends[0].model) == (("best",), "gpt-5")
    assert route.request.defaults == {"temperature": 0.2, "n": 1}
    assert route.price is not None
    assert (route.price.input, gateway.default_model) == (2.5, "best")


def test_what_looks_like_a_number_and_is_text_stays_that():
    azure = {"provider": "azure", "instance": "i", "api_version": "1.0", "headers": {"x-v": "1.5"}}
    gateway = read(cluster={**azure, "credential": {"api_key": "env:K"}}).gateway
    assert gateway.backends["azure"].api_version == "1.0"
    assert gateway.backends["azure"].headers == {"x-v": "1.5"}


def test_all_backends_and_routes_may_stand_there():
    whole = {
        "backends": {"a": OPENAI, "b": CLAUDE},
        "routes": [{"models": ["*"], "backends": [{"backend": "a", "weight": 2.0}]}],
    }
    assert read(host=whole).backend == ""
    assert read(host=whole, endpoint={"backend": "b"}).backend == "b"
    assert read(host=whole, cluster=OPENAI).gateway.backends.keys() == {"openai"}
    assert problems(host=whole, endpoint={"backend": "c"}) == [
        "backends: has no 'c', which the endpoint's metadata name"
    ]
    assert problems(host={**whole, "limits": []}) == ["limits: is not known in metadata"]


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({"tls": {"insecure": True}}, "backends.openai.tls"),
        ({"timeouts": {"connect": "1s"}}, "backends.openai.timeouts"),
        ({"max_in_flight": 5.0}, "backends.openai.max_in_flight"),
        ({"base_ulr": "http://h"}, "backends.openai.base_ulr"),
        ({"credential": {"entra": {}}}, "backends.openai.credential"),
        ({"provider": ["openai"]}, "backends"),
        ({"models": []}, "routes[0].models"),
    ],
)
def test_what_would_do_nothing_is_refused(said: Said, key: str):
    assert key in {one.partition(":")[0] for one in problems(cluster={**OPENAI, **said})}


def test_what_routes_cannot_say_is_refused():
    assert problems(cluster=OPENAI, route={"retry": {}})[0].startswith("retry: is not known")
    retrying = {"models": ["*"], "backends": [{"backend": "a"}], "retry": {"attempts": 2}}
    (told,) = problems(host={"backends": {"a": OPENAI}, "routes": [retrying]})
    assert told.startswith("routes[0].retry: has no meaning in metadata")


@bounded(30)
@given(secrets, st.sampled_from(["provider", "credential", "base_url", "dialect", "x", "region"]))
def test_a_secret_is_never_shown(secret: str, key: str):
    try:
        read(cluster={"provider": "ollama", key: secret})
    except ConfigError as error:
        assert secret not in f"{error!s} {error!r}"
    else:
        assert not looks_secret(secret)
