import time
from collections.abc import Callable
from pathlib import Path

import pytest

from extproc.config import ConfigError, Gateway, load, parse, problems
from extproc.config.credential import ApiKey, Aws, Entra, FromRequest, Gcp, OAuth
from extproc.config.document import read
from extproc.config.draft import draft
from providers.catalog import PROVIDERS, RESOURCES
from providers.signing.aws_sigv4 import aws_sigv4
from providers.vendors.provider import Provider
from tests.extproc.config.conftest import ENVIRONMENT, RIGHT


def credential(folder, text):
    file = folder.write(f"version: 1\nbackends: {{b: {{provider: any, credential: {text}}}}}")
    return draft(read(file)[0].root.plain())[0].backends["b"].credential


def test_a_right_configuration_has_no_problems(folder):
    assert folder.said(RIGHT) == []


def test_what_is_not_said_has_its_default(folder):
    gateway = folder.load(RIGHT)
    assert (gateway.listen.address, gateway.listen.port) == ("0.0.0.0", 8080)
    assert gateway.envoy.max_body_bytes == 50 * 1024 * 1024
    assert (gateway.envoy.timeouts.request, gateway.extproc.drain) == (600.0, 30.0)
    assert gateway.extproc.workers == 0
    assert gateway.limiter.storage == "memory"


def test_a_route_may_say_how_often_and_after_what_it_tries_again(folder):
    untold = folder.load(RIGHT).routes[0].retry
    assert (untold.attempts, untold.on) == (None, None)
    told = folder.load(RIGHT + "    retry: {attempts: 5, on: 429}\n").routes[0].retry
    assert (told.attempts, told.on) == (5, ("429",))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{api_key: env:A}", ApiKey),
        ("{api_key: [env:A, {ref: file:/b, weight: 3}]}", ApiKey),
        ("{aws: {}}", Aws),
        ("{aws: {role_arn: 'arn:aws:iam::123456789012:role/x', session_name: me}}", Aws),
        ("{gcp: {service_account: file:/sa.json}}", Gcp),
        ("{entra: {tenant_id: t, client_id: c, client_secret: env:S}}", Entra),
        ("{header: X-Key, fallback: {api_key: env:A}}", FromRequest),
        ("{oauth: {token_url: 'https://t/x', client_id: c, client_secret: env:A}}", OAuth),
        ("{oauth: {token_url: 'https://t/x', apikey: env:A}}", OAuth),
        ("none", str),
        ("forward", str),
    ],
)
def test_a_credential_is_one_of_its_kinds(folder, text, kind):
    assert isinstance(credential(folder, text), kind)


def test_one_key_is_a_pool_of_one(folder):
    (key,) = credential(folder, "{api_key: env:A}").api_key
    assert (key.ref, key.weight) == ("env:A", 1)
    pool = credential(folder, "{api_key: [env:A, {ref: env:B, weight: 3}]}").api_key
    assert [(key.ref, key.weight) for key in pool] == [("env:A", 1), ("env:B", 3)]


def test_every_problem_is_reported_at_once_in_the_order_of_the_file(folder):
    text = """\
version: 1
listen: {port: 99999}
backends:
  one: {provder: openai, credential: {api_key: sk-123}}
  two: {provider: vlm, credential: none}
routes:
  - models: [a, b*c]
    backends: [{backend: tow, priority: 1}]
    retry: {attempts: 0}
  - models: [a]
    backends: [{backend: two}]
    request: {override: {model: x}}
limits:
  - {per: client, tokens: 1, requests: 1, every: day}
extra: 1
"""
    said = folder.said(text)
    assert [line.split(": ")[0:2] for line in said] == [
        ["gateway.yaml:2", "listen.port"],
        ["gateway.yaml:4", "backends.one.provider"],
        ["gateway.yaml:4", "backends.one.credential.api_key"],
        ["gateway.yaml:4", "backends.one.provder"],
        ["gateway.yaml:5", "backends.two.provider"],
        ["gateway.yaml:7", "routes[0].models[1]"],
        ["gateway.yaml:8", "routes[0].backends[0].backend"],
        ["gateway.yaml:8", "routes[0].backends[0].priority"],
        ["gateway.yaml:9", "routes[0].retry.attempts"],
        ["gateway.yaml:12", "routes[1].request.override.model"],
        ["gateway.yaml:14", "limits[0]"],
        ["gateway.yaml:14", "limits[0].per"],
        ["gateway.yaml:15", "extra"],
    ]


def test_load_raises_all_problems_as_check_prints_them(folder):
    file = folder.write(RIGHT.replace("provider: openai", "provder: openai") + "a: 1\n")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert str(caught.value).splitlines() == list(map(str, problems(file, environment=ENVIRONMENT)))


def test_load_does_not_look_at_secrets(folder):
    assert isinstance(folder.load(RIGHT), Gateway)


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path):
    assert str(problems(tmp_path / "no.yaml")[0]).endswith(
        "no.yaml: cannot be read: no such file or directory"
    )
    with pytest.raises(ConfigError, match="cannot be read: is a directory"):
        load(tmp_path)


def test_data_are_checked_like_a_file():
    data = {"version": 1, "backends": {"a": {"provider": "vllm", "base_url": "http://h"}}}
    assert parse(data).backends["a"].base_url == "http://h"
    with pytest.raises(ConfigError) as caught:
        parse({"version": 2, "routes": [{"models": ["a"], "backends": [{"backend": "b"}]}]})
    assert [problem.key for problem in caught.value.problems] == [
        "version",
        "routes[0].backends[0].backend",
    ]


def test_a_backend_needs_a_proper_name():
    with pytest.raises(ConfigError, match="must be a name"):
        parse({"version": 1, "backends": {"a b": {"provider": "ollama"}}})


def test_every_option_of_the_catalogue_can_be_configured():
    from extproc.config import Backend

    wanted = {option for provider in PROVIDERS.values() for option in provider.options}
    assert wanted <= set(Backend.model_fields)


def spoken_or_kept(provider: Provider) -> str:
    """An operation of the provider's."""
    kept = (RESOURCES[name].operation for name in provider.keeps)
    return next(iter((*provider.dialects, *kept)))


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
def test_every_provider_of_the_catalogue_can_be_configured(provider):
    backend = {"provider": provider.name, "operations": [spoken_or_kept(provider)]}
    backend |= dict.fromkeys(provider.options - {"base_url"}, "eu-west-1")
    if provider.signer is aws_sigv4:
        backend["credential"] = {"aws": {}}
    elif not provider.keyless:
        backend["credential"] = {"api_key": "env:KEY"}
    if "base_url" in provider.options:
        backend["base_url"] = "http://127.0.0.1:8000"
    found = parse({"version": 1, "backends": {"b": backend}}).backends["b"]
    assert found.provider == provider.name


def many_routes(count):
    lines = [RIGHT.split("routes:")[0], "routes:"]
    for number in range(count):
        lines += [
            f"  - models: [model-{number}, alias-{number}, 'family-{number}-*']",
            f"    backends: [{{backend: one, model: up-{number}}}, {{backend: two, priority: 1}}]",
            "    price: {input: 2.5, output: 10}",
        ]
    return "\n".join(lines)


def cost(work: Callable[[], object]) -> float:
    """Seconds of CPU, the least of three."""
    costs = []
    for _ in range(3):
        start = time.process_time()
        work()
        costs.append(time.process_time() - start)
    return min(costs)


def test_ten_times_as_many_routes_cost_ten_times_as_much(folder):
    file = folder.write(many_routes(200))
    few = cost(lambda: load(file))
    file = folder.write(many_routes(2_000))
    assert cost(lambda: load(file)) < 25 * few
    assert len(load(file).routes) == 2_000


def test_many_problems_are_told_in_linear_time(folder):
    def broken(count: int) -> Path:
        return folder.write(many_routes(count).replace("backend: one", "backend: three"))

    file = broken(200)
    few = cost(lambda: problems(file, environment=ENVIRONMENT))
    file = broken(2_000)
    assert cost(lambda: problems(file, environment=ENVIRONMENT)) < 25 * few
    assert len(problems(file, environment=ENVIRONMENT)) == 2_000
