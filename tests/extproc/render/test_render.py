"""What the rendered configuration says, without an Envoy."""

from typing import Any

import pytest
import yaml

from extproc.config.gateway import Gateway
from extproc.config.process import Cors
from extproc.exchange.compile import KEY_HEADERS
from extproc.exchange.loading import LONGEST
from extproc.ratelimit.descriptors import USED
from extproc.ratelimit.limit import Limit
from extproc.render import render
from tests.extproc.render.support import backend, route


def gateway(**settings: Any) -> Gateway:
    return Gateway.model_validate({"version": 1, "extproc": {"workers": 3}, **settings})


def two(*routes: dict[str, Any], **settings: Any) -> Gateway:
    backends = {"one": backend(1, **settings), "two": backend(2)}
    return gateway(backends=backends, routes=routes)


def document(gateway: Gateway, **options: Any) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.load(render(gateway, **options), Loader=yaml.CSafeLoader)
    return parsed


def clusters(gateway: Gateway, **options: Any) -> dict[str, Any]:
    found = document(gateway, **options)["static_resources"]["clusters"]
    return {cluster["name"]: cluster for cluster in found}


def manager(gateway: Gateway, **options: Any) -> dict[str, Any]:
    listener = document(gateway, **options)["static_resources"]["listeners"][0]
    config: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return config


def retry(*backends: str, **settings: Any) -> dict[str, Any] | None:
    """The retry policy of a route."""
    host = manager(two(route(["m"], *backends, retry=settings)))["route_config"]["virtual_hosts"][0]
    # Lists of models first, then one that is shown, then compressed bodies, then the models.
    last = host["matcher"]
    for _ in range(3):
        last = last["on_no_match"]["matcher"]
    models = last["matcher_tree"]["exact_match_map"]["map"]
    name = host["typed_per_filter_config"]["envoy.filters.http.lua"]["filter_context"]["m"]
    action = models[name]["action"]["typed_config"]["route"]
    policy: dict[str, Any] | None = action.get("retry_policy")
    return policy


def test_a_status_that_may_be_a_policys_is_read_before_another_attempt() -> None:
    policy = retry("one", "two", on=["400", "401", "context-length", "503"], retry_after="5s")
    assert policy is not None
    assert policy["retry_on"] == "retriable-status-codes,retriable-headers"
    assert policy["retriable_status_codes"] == [401, 503]
    waits = policy["rate_limited_retry_back_off"]
    assert waits["reset_headers"][0]["name"] == "retry-after"
    assert waits["max_interval"] in ("5s", "5.000s")


def test_a_route_with_several_backends_fails_over_by_default() -> None:
    policy = retry("one", "two")
    assert policy is not None
    assert set(policy["retry_on"].split(",")) == {
        "5xx",
        "connect-failure",
        "refused-stream",
        "reset",
        "retriable-status-codes",
        "retriable-headers",
    }
    (marked,) = policy["retriable_headers"]
    assert marked["name"] == "x-ai-again"
    assert policy["retriable_status_codes"] == [429]
    assert policy["num_retries"] == 1
    assert policy["retry_priority"]["name"] == "envoy.retry_priorities.previous_priorities"


def test_a_route_with_one_backend_repeats_only_what_was_never_sent() -> None:
    policy = retry("one")
    assert policy is not None
    assert policy["retry_on"] == "connect-failure,refused-stream,reset-before-request"
    assert policy["num_retries"] == 1
    assert "retry_priority" not in policy


def test_attempts_count_the_first_one() -> None:
    assert retry("one", "two", attempts=1) is None
    policy = retry("one", "two", attempts=3)
    assert policy is not None
    assert policy["num_retries"] == 2


def test_conditions_become_envoys_words() -> None:
    policy = retry("one", "two", on=["timeout", "reset", "429", 529, "gateway-error"])
    assert policy is not None
    assert policy["retry_on"] == "reset,gateway-error,retriable-status-codes"
    assert policy["retriable_status_codes"] == [429, 529]


def test_a_single_attempt_has_its_time_too() -> None:
    once = two(route(["m"], "one", retry={"attempts": 1}), timeouts={"per_try": "90s"})
    text = render(once)
    assert "per_try_timeout: 90s" in text
    assert "num_retries: 0" in text


def test_the_most_patient_backend_decides_on_an_attempts_time() -> None:
    patient = two(route(["m"], "one", "two"), timeouts={"per_try": "90s", "connect": "7s"})
    text = render(patient)
    assert "per_try_timeout: 90s" in text
    assert "connect_timeout: 7s" in text


def test_routes_with_the_same_backends_share_a_cluster() -> None:
    found = clusters(
        two(
            route(["a"], "one", "two"),
            route(["b"], "one", "two", retry={"attempts": 1}),
            route(["c"], "two", "one"),
            {"models": ["d"], "backends": [{"backend": "one", "weight": 2}, {"backend": "two"}]},
        )
    )
    assert list(found) == ["extproc", "ai/one+two@1", "ai/two+one@1", "ai/one*2+two"]


def test_a_cluster_of_very_many_backends_has_a_name_of_bounded_length() -> None:
    names = [f"backend-with-a-long-name-{number}" for number in range(60)]
    wide = gateway(
        backends={name: backend(number + 1) for number, name in enumerate(names)},
        routes=[route(["a"], *names), route(["b"], *reversed(names))],
    )
    found = [name for name in clusters(wide) if name.startswith("ai/")]
    assert len(set(found)) == 2
    assert all(len(name) < 140 for name in found)


@pytest.mark.parametrize(("bounds", "expected"), [((3, 4), 7), ((3, None), 2**32 - 1)])
def test_the_bounds_of_all_backends_add_up(
    bounds: tuple[int | None, int | None], expected: int
) -> None:
    pair = gateway(
        backends={
            "one": backend(1, max_in_flight=bounds[0]),
            "two": backend(2, max_in_flight=bounds[1]),
        },
        routes=[route(["m"], "one", "two")],
    )
    (cluster,) = (one for name, one in clusters(pair).items() if name.startswith("ai/"))
    assert cluster["circuit_breakers"]["thresholds"][0]["max_requests"] == expected


def test_ten_thousand_models_are_ten_thousand_lines_not_clusters() -> None:
    many = two(*(route([f"model-{number}"], "one", "two") for number in range(10_000)))
    text = render(many)
    assert text.count('cluster: "ai/one+two@1"') == 1
    assert text.count("\n") < 16_000
    assert len(clusters(many)) == 2


def test_there_is_an_endpoint_for_each_worker() -> None:
    endpoints = clusters(two())["extproc"]["load_assignment"]["endpoints"][0]["lb_endpoints"]
    paths = [one["endpoint"]["address"]["pipe"]["path"] for one in endpoints]
    assert paths == [f"/run/extproc/worker-{index}.sock" for index in range(3)]


def test_the_same_configuration_gives_the_same_text() -> None:
    assert render(two(route(["m"], "one"))) == render(two(route(["m"], "one")))


def test_keys_stand_only_where_clients_are_authenticated() -> None:
    open_to_all = two(route(["m"], "one"))
    assert "api_key_auth" not in render(open_to_all)
    text = render(open_to_all, client_keys={"me": ["k1"]})
    assert text.count("k1") == 3  # bare, and as Envoy compares `bearer` and `BEARER`
    assert "THIS FILE HOLDS SECRETS" in text


def test_no_client_at_all_may_call_where_nobody_has_a_key() -> None:
    assert "api_key_auth" in render(two(route(["m"], "one")), client_keys={})


def test_the_admin_interface_is_on_loopback_only() -> None:
    address = document(two())["admin"]["address"]["socket_address"]
    assert address == {"address": "127.0.0.1", "port_value": 9901}


def test_an_access_log_can_be_left_out() -> None:
    assert "access_log" not in manager(gateway(envoy={"access_log": None}))


def test_without_http2_only_http1_is_spoken() -> None:
    assert manager(gateway(listen={"http2": False}))["codec_type"] == "HTTP1"


LIMIT = Limit(name="one", per=("header:x-team",), unit="tokens", amount=5, every="day")


def filters(gateway: Gateway, **options: Any) -> dict[str, Any]:
    return {
        one["name"]: one.get("typed_config") for one in manager(gateway, **options)["http_filters"]
    }


def test_what_was_used_begins_at_nothing_where_limits_charge() -> None:
    name = "envoy.filters.http.set_metadata"
    assert name not in filters(two())
    (start,) = filters(two(), limits=[LIMIT])[name]["metadata"]
    assert start["metadata_namespace"] == "ai.extproc"
    assert start["value"] == dict.fromkeys(USED.values(), 0)


def attributes(cluster: dict[str, Any]) -> list[str]:
    (options,) = cluster["typed_extension_protocol_options"].values()
    (server,) = (one for one in options["http_filters"] if "ext_proc" in one["name"])
    found: list[str] = server["typed_config"]["request_attributes"]
    return found


def test_clients_own_keys_go_only_where_a_backend_needs_them() -> None:
    mixed = gateway(
        backends={
            "forward": backend(1, credential="forward"),
            "named": backend(2, credential={"header": "X-Their-Key"}),
            "other": backend(3),
        },
        routes=[route(["a"], "forward"), route(["b"], "named", "other"), route(["c"], "other")],
    )
    keys = {
        name: [one.split("['")[-1][:-2] for one in attributes(cluster) if "ai.keys" in one]
        for name, cluster in clusters(mixed).items()
        if name.startswith("ai/")
    }
    assert keys == {
        "ai/forward": list(KEY_HEADERS),
        "ai/named+other@1": ["x-their-key"],
        "ai/other": [],
    }
    rules = filters(mixed)["envoy.filters.http.header_to_metadata"]["request_rules"]
    kept = {rule["header"]: rule["on_header_present"]["metadata_namespace"] for rule in rules}
    assert kept == dict.fromkeys([*KEY_HEADERS, "x-their-key"], "ai.keys")
    assert all(rule["remove"] for rule in rules)
    assert "ai.keys" not in render(two(route(["m"], "one")))


def test_a_prefix_must_be_a_plain_path() -> None:
    for prefix in ("ai", "/ai/", '/a"b', "/a b", "/a\nb", "//"):
        with pytest.raises(AssertionError):
            render(two(), prefix=prefix)
    assert 'local PREFIX = "/a.i/v_2"' in render(two(), prefix="/a.i/v_2")


def patience(provider: Any = None, **extproc: Any) -> float:
    """Seconds that Envoy gives the server for the reply to one message, before a provider."""
    settings = {"backends": {"one": provider or backend(1)}, "routes": [route(["m"], "one")]}
    cluster = clusters(gateway(**settings, extproc=extproc))["ai/one"]
    options = cluster["typed_extension_protocol_options"].values()
    (filters,) = (each["http_filters"] for each in options)
    (timeout,) = (
        each["typed_config"]["message_timeout"]
        for each in filters
        if each["name"] == "envoy.filters.http.ext_proc"
    )
    return float(timeout.removesuffix("s"))


def test_envoy_waits_longer_than_the_server_may_fetch() -> None:
    usual = patience()
    assert patience(fetch={"hosts": ["a.test"], "timeout": "50s"}) == 50 + usual


def test_envoy_waits_longer_than_a_batchs_file_may_take() -> None:
    claude = {"provider": "anthropic", "credential": {"api_key": "env:K"}}
    assert patience(claude) == patience()
    assert patience({**claude, "openai_batches": True}) == LONGEST + patience()


def test_what_is_rendered_for_one_listener_leaves_the_next_as_it_is() -> None:
    """Parts that are made once are in every rendering."""
    plain = two(route(["m"], "one"))
    listen = plain.listen.model_copy(update={"cors": Cors(origins=("https://a.test",))})
    before = render(plain)
    assert render(plain.model_copy(update={"listen": listen})) != before
    assert render(plain) == before
