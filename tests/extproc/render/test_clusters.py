"""What a cluster of backends does in a real Envoy."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from tests.extproc.render.support import Envoy, Provider, backend, route, running, wait_for


@pytest.fixture(scope="module")
def providers() -> Iterator[list[Provider]]:
    providers = [Provider(), Provider()]
    yield providers
    for provider in providers:
        provider.stop()


@pytest.fixture(scope="module")
def envoy(tmp_path_factory: pytest.TempPathFactory, providers: list[Provider]) -> Iterator[Envoy]:
    one, two = providers
    settings = {
        "backends": {
            "one": backend(one.port),
            "two": backend(two.port),
            "narrow": backend(one.port, max_in_flight=1),
        },
        "routes": [
            {
                "models": ["weighted"],
                "backends": [
                    {"backend": "one", "weight": 3},
                    {"backend": "two", "weight": 1},
                ],
            },
            {
                "models": ["in turn"],
                "backends": [{"backend": "one", "weight": 3}, {"backend": "two", "weight": 1}],
                "balance": {"policy": "round_robin"},
            },
            {
                "models": ["less busy"],
                "backends": [{"backend": "one"}, {"backend": "two"}],
                "balance": {"policy": "least_request"},
            },
            {
                "models": ["by lot"],
                "backends": [{"backend": "one"}, {"backend": "two"}],
                "balance": {"policy": "random"},
            },
            {
                "models": ["sticky"],
                "backends": [{"backend": "one", "weight": 3}, {"backend": "two", "weight": 1}],
                "balance": {"policy": "hash", "hash_on": {"header": "x-who"}},
            },
            route(["alone"], "one"),
            route(["narrow"], "narrow"),
            route(["silent"], "one", timeouts={"stream_idle": "300ms"}),
            route(["once"], "one", retry={"attempts": 1}),
            route(["*"], "two"),
        ],
    }
    with running(settings, tmp_path_factory.mktemp("clusters")) as envoy:
        yield envoy


def test_backends_of_one_priority_share_by_weight(envoy: Envoy) -> None:
    before = len(envoy.server.asked)
    assert all(envoy.chat("weighted").status == 200 for _ in range(40))
    shares = Counter(asked.backend for asked in envoy.server.asked[before:])
    assert shares == {"one": 30, "two": 10}


def test_addresses_take_turns_by_weight(envoy: Envoy) -> None:
    before = len(envoy.server.asked)
    assert all(envoy.chat("in turn").status == 200 for _ in range(40))
    shares = Counter(asked.backend for asked in envoy.server.asked[before:])
    assert shares == {"one": 30, "two": 10}


def test_who_is_less_busy_or_drawn_by_lot_is_asked_whosever_it_is(envoy: Envoy) -> None:
    before = len(envoy.server.asked)
    assert all(envoy.chat("less busy").status == 200 for _ in range(40))
    assert all(envoy.chat("by lot").status == 200 for _ in range(40))
    assert {asked.backend for asked in envoy.server.asked[before:]} == {"one", "two"}
    clusters = yaml.safe_load(envoy.text)["static_resources"]["clusters"]
    policies = {cluster["name"]: cluster.get("lb_policy") for cluster in clusters}
    assert policies["ai/one+two=least_request"] == "LEAST_REQUEST"
    assert policies["ai/one+two=random"] == "RANDOM"


def test_keys_are_shared_out_by_weight_and_stay_where_they_are(envoy: Envoy) -> None:
    def shares() -> dict[str, str]:
        before = len(envoy.server.asked)
        for number in range(120):
            assert envoy.chat("sticky", {"x-who": f"client {number}"}).status == 200
        asked = envoy.server.asked[before:]
        return {f"client {number}": each.backend for number, each in enumerate(asked)}

    first = shares()
    assert first == shares()
    assert 75 <= Counter(first.values())["one"] <= 105


def test_a_lone_star_serves_every_model_that_no_other_route_does(envoy: Envoy) -> None:
    assert envoy.chat("whatever it is").status == 200
    assert envoy.server.asked[-1].backend == "two"
    assert envoy.request("POST", "/v1/elsewhere", b'{"model":"x"}').status == 404


def test_a_backend_that_stands_alone_is_never_put_aside(
    envoy: Envoy, providers: list[Provider]
) -> None:
    providers[0].status = 500
    try:
        assert [envoy.chat("alone").status for _ in range(30)] == [500] * 30
    finally:
        providers[0].status = 200
    assert envoy.chat("alone").status == 200


def test_more_requests_than_a_backend_may_have_are_refused_at_once(
    envoy: Envoy, providers: list[Provider]
) -> None:
    provider = providers[0]
    provider.pause.clear()
    before = len(provider.received)
    with ThreadPoolExecutor(1) as pool:
        try:
            running_one = pool.submit(envoy.chat, "narrow")
            wait_for(lambda: len(provider.received) > before, "the first request")
            answer = envoy.chat("narrow")
        finally:
            provider.pause.set()
        assert running_one.result().status == 200
    assert answer.status == 503
    assert answer.error["message"].startswith("Too many requests to this model")


def test_a_provider_that_falls_silent_is_a_504(envoy: Envoy, providers: list[Provider]) -> None:
    providers[0].pause.clear()
    try:
        answer = envoy.chat("silent")
    finally:
        providers[0].pause.set()
    assert answer.status == 504
    assert answer.error["message"].startswith("The provider did not answer in time.")


def test_a_client_cannot_steer_envoy_by_its_headers(
    envoy: Envoy, providers: list[Provider]
) -> None:
    provider = providers[0]
    provider.status = 503
    before = len(provider.received)
    try:
        steering = {
            "x-envoy-retry-on": "5xx",
            "x-envoy-max-retries": "5",
            "x-envoy-upstream-rq-timeout-ms": "1",
        }
        assert envoy.chat("once", steering).status == 503
    finally:
        provider.status = 200
    assert len(provider.received) == before + 1


def test_many_clients_at_once_are_served(envoy: Envoy) -> None:
    barrier = threading.Barrier(32)

    def ask(_: int) -> int:
        barrier.wait(20)
        return envoy.chat("weighted").status

    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(ask, range(32))) == [200] * 32


def test_a_backend_that_keeps_failing_is_left_alone_for_a_while(tmp_path: Path) -> None:
    bad, good = Provider(status=500), Provider()
    settings = {
        "backends": {"bad": backend(bad.port), "good": backend(good.port)},
        "routes": [route(["m"], "bad", "good")],
    }
    with running(settings, tmp_path) as envoy:
        assert [envoy.chat("m").status for _ in range(20)] == [200] * 20
    assert len(bad.received) == 5
    bad.stop()
    good.stop()


def test_a_backend_that_fails_as_often_as_it_may_is_passed_over(
    tmp_path: Path, providers: list[Provider]
) -> None:
    one, two = providers
    settings = {
        "backends": {
            "one": backend(one.port, ejection={"after": 2, "first": "30s"}),
            "two": backend(two.port, ejection={"after": 2}),
        },
        "routes": [route(["m"], "one", "two")],
    }
    with running(settings, tmp_path) as envoy:
        one.status = 503
        try:
            assert [envoy.chat("m").status for _ in range(2)] == [200] * 2
        finally:
            one.status = 200

        def passed_over() -> bool:
            return envoy.chat("m").status == 200 and envoy.server.asked[-1].backend == "two"

        wait_for(passed_over, "the first backend is left alone")


@pytest.mark.parametrize(("budget", "attempts"), [(None, 2), ({"percent": 1, "least": 0}, 1)])
def test_further_attempts_stay_within_their_budget(
    tmp_path: Path, providers: list[Provider], budget: dict | None, attempts: int
) -> None:
    provider = providers[0]
    settings = {
        "backends": {"one": backend(provider.port)},
        "routes": [route(["m"], "one", retry={"on": ["503"]})],
        **({"envoy": {"retry_budget": budget}} if budget else {}),
    }
    with running(settings, tmp_path) as envoy:
        before = len(provider.received)
        provider.status = 503
        try:
            assert envoy.chat("m").status == 503
        finally:
            provider.status = 200
        assert len(provider.received) - before == attempts
