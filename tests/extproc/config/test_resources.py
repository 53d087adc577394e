"""What `check` says of what providers keep."""

from typing import Any

import pytest

from extproc.config import parse
from extproc.config.problem import ConfigError
from extproc.config.resources import must_sign, offers

ONE: dict[str, Any] = {"provider": "openai", "credential": {"api_key": "env:K"}}
CLIENTS = {"api_keys": {"file": "clients.yaml"}}


def data(*names: str, **more: Any) -> dict[str, Any]:
    return {"version": 1, "backends": dict.fromkeys(names, ONE), **more}


def said(**more: Any) -> list[str]:
    names = more.pop("names", ("a", "b"))
    with pytest.raises(ConfigError) as caught:
        parse(data(*names, **more))
    return [f"{problem.key}: {problem.message}" for problem in caught.value.problems]


def test_a_secret_is_asked_for_where_an_id_does_not_tell_whose_it_is():
    assert parse(data("a", resources={})).resources
    (several,) = said(resources={})
    assert several.startswith("resources.secret: is needed")
    (clients,) = said(names=("a",), resources={"shared": False}, clients=CLIENTS)
    assert clients.startswith("resources.secret: is needed")
    assert parse(data("a", "b", clients=CLIENTS)).resources is None


def test_a_default_exists_and_keeps_what_it_is_for():
    secret = {"secret": "env:K"}
    (unknown,) = said(resources={**secret, "default": "c"})
    assert unknown.startswith("resources.default: there is no such backend")
    (wrong,) = said(resources={**secret, "default": {"chat": "a"}})
    assert wrong.startswith("resources.default.chat: the backend a keeps none")
    assert parse(data("a", "b", resources={**secret, "default": {"files": "a"}}))


def test_a_backend_can_be_kept_out():
    gateway = parse(data("a", "b"))
    assert offers(gateway.backends)["openai.files"] == ("a", "b")
    only = {**ONE, "operations": ["chat", "files"]}
    gateway = parse({"version": 1, "backends": {"a": only, "b": {**ONE, "operations": "chat"}}})
    assert offers(gateway.backends) == {"openai.files": ("a",)}
    assert not must_sign(offers(gateway.backends), has_clients=False)
    assert must_sign(offers(gateway.backends), has_clients=True)


def test_what_goes_on_past_the_gateway_is_asked_for_by_name():
    direct = {**ONE, "operations": ["realtime", "realtime_direct"]}
    gateway = parse({"version": 1, "backends": {"a": ONE, "b": direct, "c": direct}})
    offered = offers(gateway.backends)
    assert offered["openai.realtime_direct"] == ("b", "c")
    # It has no ids that would have to lead back.
    assert not must_sign(offers({"b": gateway.backends["b"]}), has_clients=True)


def test_batches_are_translated_where_that_is_wished_and_possible():
    claude = {"provider": "anthropic", "credential": {"api_key": "env:K"}}
    wished = {**claude, "openai_batches": True}
    gateway = parse({"version": 1, "backends": {"a": claude, "b": wished}})
    assert offers(gateway.backends)["openai.files"] == ("b",)
    assert offers(gateway.backends)["anthropic.batches"] == ("a", "b")
    with pytest.raises(ConfigError) as caught:
        parse({"version": 1, "backends": {"a": {**ONE, "openai_batches": True}}})
    (problem,) = caught.value.problems
    assert problem.key == "backends.a.openai_batches"
    assert "runs those of that format itself" in problem.message
    bedrock = {"provider": "bedrock", "region": "us-east-1", "credential": {"aws": {}}}
    with pytest.raises(ConfigError, match="where no file of a client can be put"):
        parse({"version": 1, "backends": {"a": {**bedrock, "openai_batches": True}}})
