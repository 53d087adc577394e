"""What Envoy is told to send for a limit."""

import pytest

from extproc.ratelimit.descriptors import DUE, header_rules, rate_limits
from tests.extproc.ratelimit.queries import limit

CHECK = {"number": 0}


def entries(rate_limit):
    """{descriptor key: where its value comes from}."""
    found = {}
    for action in rate_limit["actions"]:
        match action:
            case {"generic_key": {"descriptor_key": key, "descriptor_value": value}}:
                found[key] = value
            case {"request_headers": {"descriptor_key": key, "header_name": name}}:
                assert action["request_headers"]["skip_if_absent"]
                found[key] = name
            case {"metadata": {"descriptor_key": key, "metadata_key": source}}:
                found[key] = (source["key"], source["path"][0]["key"])
    return found


def test_a_sessions_end_is_charged_with_what_is_left():
    _, charge = plan(limit("cost_usd", name="x"), used=DUE)
    assert charge["hits_addend"] == {"format": "%DYNAMIC_METADATA(ai.extproc:due_cost_microusd)%"}


def plan(*limits, models=("m",), backends=("a",), reserves=False, **rest):
    return rate_limits(limits, models=models, backends=backends, reserves=reserves, **rest)


@pytest.mark.parametrize(
    ("unit", "key"),
    [
        ("tokens", "total_tokens"),
        ("input_tokens", "input_tokens"),
        ("output_tokens", "output_tokens"),
        ("cost_usd", "cost_microusd"),
    ],
)
def test_what_is_used_is_checked_first_and_charged_at_the_end(unit, key):
    check, charge = plan(limit(unit, name="x", per=("header:x-user-id", "client")))
    assert check["hits_addend"] == CHECK
    assert "apply_on_stream_done" not in check
    assert charge["hits_addend"] == {"format": f"%DYNAMIC_METADATA(ai.extproc:{key})%"}
    assert charge["apply_on_stream_done"] is True
    assert entries(check) == entries(charge)
    assert entries(check) == {
        "limit": "x",
        "header:x-user-id": ("ai.limits", "header:x-user-id"),
        "client": ("ai.limits", "client"),
    }


def test_a_request_counts_once_when_it_comes():
    (only,) = plan(limit("requests"), backends=("a", "b"))
    assert "hits_addend" not in only
    assert "apply_on_stream_done" not in only


def test_one_backend_is_known_beforehand():
    check, charge = plan(limit(per=("backend",)))
    assert entries(check)["backend"] == entries(charge)["backend"] == "a"
    (only,) = plan(limit("requests", per=("backend",)))
    assert entries(only)["backend"] == "a"


def test_of_several_backends_all_are_checked_and_the_chosen_one_is_charged():
    check, charge = plan(limit(per=("backend",)), backends=("a", "b"))
    assert entries(check)["backend"] == "a|b"
    assert entries(charge)["backend"] == ("ai.extproc", "backend")


def test_a_request_to_one_of_several_backends_counts_at_the_end():
    check, charge = plan(limit("requests", per=("backend",)), backends=("a", "b"))
    assert check["hits_addend"] == CHECK
    assert charge["hits_addend"] == {"number": 1}
    assert charge["apply_on_stream_done"] is True


def test_a_limit_on_other_models_is_left_out():
    assert plan(limit(models=("x",)), models=("m", "n")) == []


@pytest.mark.parametrize(("models", "told"), [(("m",), False), (("m", "n"), True), (None, True)])
def test_the_model_is_told_where_the_route_does_not_decide(models, told):
    check, charge = plan(limit(models=("m",)), models=models)
    assert ("model" in entries(check)) == ("model" in entries(charge)) == told


def test_the_model_is_told_once():
    check, _ = plan(limit(models=("m",), per=("client", "model")), models=None)
    assert list(entries(check)) == ["limit", "client", "model"]


def test_all_checks_stand_before_all_charges():
    done = [bool(one.get("apply_on_stream_done")) for one in plan(limit(), limit(name="b"))]
    assert done == [False, False, True, True]


def test_what_a_request_says_of_itself_comes_with_the_checks_and_the_reserve_with_the_charges():
    check, about, charge, held = plan(limit(), reserves=True, prices=(2.5, 10))
    assert [check, charge] == plan(limit())
    asked = {"size": "content-length", "model": "x-ai-model", "client": "x-ai-client"}
    assert entries(about) == {"reserve": "0 0", **asked}
    assert "apply_on_stream_done" not in about
    assert entries(held) == {"held": ("envoy.filters.http.ratelimit", "held")}
    assert held["apply_on_stream_done"] is True


def test_prices_are_told_where_money_is_limited():
    about = plan(limit("cost_usd"), limit(), reserves=True, prices=(0.15, 0.6))[2]
    assert entries(about)["reserve"] == "0.15 0.6"


def test_what_counts_at_once_needs_no_reserve():
    assert len(plan(limit("requests"), reserves=True)) == 1
    assert plan(limit(models=("x",)), reserves=True) == []


def test_headers_are_copied_once_and_stay():
    rules = header_rules(
        [
            limit(per=("header:x-user-id", "client")),
            limit(per=("client", "backend"), models=("m",)),
        ]
    )
    assert [(rule["header"], rule["on_header_present"]["key"]) for rule in rules] == [
        ("x-ai-client", "client"),
        ("x-user-id", "header:x-user-id"),
        ("x-ai-model", "model"),
    ]
    assert not any(rule["remove"] for rule in rules)


# envoy-data-plane's generated code uses what pydantic 2.12 deprecates.
@pytest.mark.filterwarnings("ignore:Using `@model_validator`:DeprecationWarning")
def test_envoy_s_own_messages_take_it():
    from envoy_data_plane.envoy.extensions.filters.http.header_to_metadata.v3 import Config
    from envoy_data_plane.envoy.extensions.filters.http.ratelimit.v3 import RateLimitPerRoute

    limits = [limit("requests"), limit(per=("header:x-a", "model", "backend"), models=("m",))]
    planned = rate_limits(limits, models=None, backends=("a", "b"))
    assert len(RateLimitPerRoute.from_dict({"rate_limits": planned}).rate_limits) == 5
    rules = header_rules(limits)
    assert len(Config.from_dict({"request_rules": rules}).request_rules) == 3
