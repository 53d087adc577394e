"""What the embedded service answers, with counters in memory and a clock that is set."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from extproc.ratelimit.limiter import Limiter
from extproc.ratelimit.memory import Memory
from extproc.transport import Abort, Status
from tests.extproc.ratelimit.queries import NOON, OK, OVER, Clock, headers, limit, parsed, query

ACME = {"client": "acme"}


def service(*limits, clock=None, capacity=1_000, on_error="allow"):
    clock = clock or Clock()
    limiter = Limiter(limits, Memory(clock, capacity), clock=clock, on_error=on_error)
    return lambda *descriptors, **rest: parsed(
        limiter.should_rate_limit(query(*descriptors, **rest))
    )


def code(response):
    return response.overall_code


def test_a_check_counts_nothing():
    send = service(limit(amount=1))
    assert [code(send(("tokens", ACME, 0))) for _ in range(5)] == [OK] * 5


def test_a_check_is_refused_once_the_budget_is_used_up():
    send = service(limit(amount=100))
    send(("tokens", ACME, 99))
    assert code(send(("tokens", ACME, 0))) == OK
    send(("tokens", ACME, 1))
    assert code(send(("tokens", ACME, 0))) == OVER


def test_a_budget_that_is_nearly_used_is_said_once():
    limiter = Limiter([limit(amount=100)], Memory(Clock(), 1_000), clock=Clock())
    with capture_logs() as said:
        for hits in (89, 1, 1, 50):
            limiter.should_rate_limit(query(("tokens", ACME, hits)))
    assert [(line["event"], line["limit"]) for line in said] == [
        ("a budget is nearly used", "tokens")
    ]


def test_a_charge_beyond_the_budget_counts_in_full():
    send = service(limit(amount=100), limit(amount=100_000, name="wide"))
    send(("tokens", ACME, 90), ("wide", ACME, 90))
    send(("tokens", ACME, 5_000), ("wide", ACME, 5_000))
    send(("tokens", ACME, 7), ("wide", ACME, 7))
    answer = send(("wide", ACME, 0))
    assert answer.statuses[0].limit_remaining == 100_000 - 5_097


def test_a_charge_that_uses_a_budget_up_says_so():
    send = service(limit(amount=100), limit(amount=100, name="seen", shadow=True))
    assert code(send(("tokens", ACME, 99), ("seen", ACME, 100))) == OK
    answer = send(("tokens", ACME, 1))
    assert code(answer) == OVER
    assert answer.raw_body.startswith(b"Rate limit reached: 100 tokens per minute")


def test_requests_count_when_they_come_and_stop_at_the_budget():
    send = service(limit("requests", 3))
    assert [code(send(("requests", ACME, None))) for _ in range(5)] == [OK, OK, OK, OVER, OVER]


def test_a_refused_request_counts_on_no_limit():
    clock = Clock()
    send = service(limit("requests", 2), limit(amount=10), clock=clock)
    send(("tokens", ACME, 10))
    for _ in range(5):
        assert code(send(("requests", ACME, None), ("tokens", ACME, 0))) == OVER
    answer = send(("requests", ACME, None))
    assert answer.statuses[0].limit_remaining == 1


def test_a_descriptor_without_hits_never_charges_tokens():
    send = service(limit(amount=10))
    send(("tokens", ACME, None), hits=10)
    assert send(("tokens", ACME, 0)).statuses[0].limit_remaining == 10


def test_the_message_wide_hits_are_what_a_request_counts():
    send = service(limit("requests", 10))
    send(("requests", ACME, None), hits=4)
    assert send(("requests", ACME, 0)).statuses[0].limit_remaining == 6


def test_values_have_counters_of_their_own():
    send = service(limit(amount=10, per=("client", "model")))
    send(("tokens", {"client": "a", "model": "b"}, 10))
    assert code(send(("tokens", {"client": "a", "model": "b"}, 0))) == OVER
    assert code(send(("tokens", {"client": "b", "model": "a"}, 0))) == OK
    assert code(send(("tokens", {"client": "a", "model": "c"}, 0))) == OK


def test_the_order_of_entries_makes_no_difference():
    send = service(limit(amount=10, per=("client", "model")))
    send(("tokens", {"model": "m", "client": "a"}, 10))
    assert code(send(("tokens", {"client": "a", "model": "m"}, 0))) == OVER


@pytest.mark.parametrize(
    "descriptor",
    [("unheard-of", ACME, 0), ("tokens", {}, 0), ("tokens", {"model": "m"}, 0)],
    ids=["unknown limit", "no entry", "another entry"],
)
def test_what_no_limit_holds_for_is_allowed(descriptor):
    answer = service(limit(amount=0))(descriptor)
    assert code(answer) == OK
    assert [status.code for status in answer.statuses] == [OK]


def test_another_domain_is_allowed():
    assert code(service(limit(amount=0))(("tokens", ACME, 0), domain="other")) == OK


def test_a_budget_of_nothing_refuses_everything():
    send = service(limit(amount=0), limit("requests", 0))
    assert code(send(("tokens", ACME, 0))) == OVER
    assert code(send(("requests", ACME, None))) == OVER


def test_a_limit_on_some_models_leaves_the_others_alone():
    send = service(limit(amount=0, models=("smart",)))
    assert code(send(("tokens", {**ACME, "model": "small"}, 0))) == OK
    assert code(send(("tokens", {**ACME, "model": "smart"}, 0))) == OVER
    assert code(send(("tokens", ACME, 0))) == OVER  # the route serves no other


def test_limited_models_share_one_budget():
    send = service(limit(amount=10, models=("a", "b")))
    send(("tokens", {**ACME, "model": "a"}, 10))
    assert code(send(("tokens", {**ACME, "model": "b"}, 0))) == OVER


def test_a_choice_of_backends_is_over_when_all_are():
    send = service(limit(amount=10, per=("backend",)))
    send(("tokens", {"backend": "a"}, 10), ("tokens", {}, 10))
    assert code(send(("tokens", {"backend": "a"}, 0))) == OVER
    answer = send(("tokens", {"backend": "a|b"}, 0))
    assert (code(answer), answer.statuses[0].limit_remaining) == (OK, 10)
    send(("tokens", {"backend": "b"}, 12))
    assert code(send(("tokens", {"backend": "a|b"}, 0))) == OVER


def test_a_request_that_may_go_to_several_backends_is_counted_for_none():
    send = service(limit("requests", 1, per=("backend",)))
    assert [code(send(("requests", {"backend": "a|b"}, None))) for _ in range(3)] == [OK] * 3


def test_cost_is_limited_to_the_millionth():
    send = service(limit("cost_usd", 5, per=("client",)))
    send(("cost_usd", ACME, 4_999_999))
    assert code(send(("cost_usd", ACME, 0))) == OK
    send(("cost_usd", ACME, 1))
    assert code(send(("cost_usd", ACME, 0))) == OVER


@pytest.mark.parametrize(
    ("every", "seconds"), [("second", 1), ("minute", 60), ("hour", 3_600), ("day", 43_200)]
)
def test_the_budget_is_whole_again_when_the_window_ends_and_not_before(every, seconds):
    clock = Clock(NOON)
    send = service(limit(amount=10, every=every), clock=clock)
    send(("tokens", ACME, 10))
    for before, wait in [(0.0, seconds), (seconds - 0.001, 1)]:
        clock.now = NOON + before
        answer = send(("tokens", ACME, 0))
        assert code(answer) == OVER
        assert headers(answer)["retry-after"] == str(wait)
        assert answer.statuses[0].duration_until_reset.seconds == wait
    clock.now = NOON + seconds
    answer = send(("tokens", ACME, 0))
    assert (code(answer), answer.statuses[0].limit_remaining) == (OK, 10)


def test_a_charge_goes_to_the_window_in_which_the_answer_ended():
    clock = Clock(NOON - 0.5)
    send = service(limit(amount=10), clock=clock)
    send(("tokens", ACME, 0))
    clock.now = NOON + 0.5
    send(("tokens", ACME, 10))
    assert code(send(("tokens", ACME, 0))) == OVER


def test_retry_after_waits_for_the_last_of_the_spent_limits():
    send = service(limit(amount=1), limit("input_tokens", 1, "hour"))
    send(("tokens", ACME, 1), ("input_tokens", ACME, 1))
    answer = send(("tokens", ACME, 0), ("input_tokens", ACME, 0))
    assert headers(answer)["retry-after"] == "3600"
    assert answer.dynamic_metadata["limit"] == "input_tokens"
    assert answer.raw_body == (
        b"Rate limit reached: 1 input tokens per hour for each client. Try again in 1h0m0s."
    )


def test_an_allowed_request_hears_what_is_left_and_nothing_of_retrying():
    send = service(limit("requests", 10), limit(amount=1_000), limit("output_tokens", 2_000))
    send(("tokens", ACME, 300), ("output_tokens", ACME, 1_900))
    told = headers(send(("requests", ACME, None), ("tokens", ACME, 0), ("output_tokens", ACME, 0)))
    assert told == {
        "x-ratelimit-limit-requests": "10",
        "x-ratelimit-remaining-requests": "9",
        "x-ratelimit-reset-requests": "1m0s",
        "x-ratelimit-limit-tokens": "2000",
        "x-ratelimit-remaining-tokens": "100",
        "x-ratelimit-reset-tokens": "1m0s",
    }


def test_cost_is_told_by_status_only():
    answer = service(limit("cost_usd", 5))(("cost_usd", ACME, 0))
    assert headers(answer) == {}
    assert answer.statuses[0].current_limit.name == "cost_microusd"
    assert answer.statuses[0].limit_remaining == 5_000_000


def test_a_reload_keeps_what_was_counted():
    clock = Clock()
    limiter = Limiter([limit(amount=10)], Memory(clock), clock=clock)
    limiter.should_rate_limit(query(("tokens", ACME, 50)))
    limiter.reload([limit(amount=60)])
    answer = parsed(limiter.should_rate_limit(query(("tokens", ACME, 0))))
    assert answer.statuses[0].limit_remaining == 10


def test_a_full_store_refuses_the_keys_that_it_knows_and_fails_for_those_that_it_does_not():
    send = service(limit(amount=10), capacity=1)
    send(("tokens", ACME, 10))
    new = ("tokens", {"client": "new"}, 0)
    assert code(send(("tokens", ACME, 0))) == OVER
    assert code(send(new, ("tokens", ACME, 0))) == OVER
    with pytest.raises(Abort, match="cannot tell") as raised:
        send(new)
    assert raised.value.status == Status.UNAVAILABLE


@pytest.mark.parametrize(("on_error", "left"), [("allow", 10), ("deny", 11)])
def test_a_flood_of_new_keys_still_counts_on_the_limits_that_are_known(on_error, left):
    shared = limit("requests", 100, per=("model",))
    send = service(limit(amount=10), shared, capacity=2, on_error=on_error)
    send(("tokens", ACME, 10))
    send(("requests", {"model": "m"}, 89))
    flood = ("tokens", {"client": "new"}, 0), ("requests", {"model": "m"}, None)
    if on_error == "allow":
        assert code(send(*flood)) == OK
    else:
        with pytest.raises(Abort):
            send(*flood)
    asked = send(("requests", {"model": "m"}, 0))
    assert asked.statuses[0].limit_remaining == left


def test_bytes_that_are_no_request_are_an_invalid_argument():
    limiter = Limiter([], Memory(Clock()), clock=Clock())
    with pytest.raises(Abort, match="parsing"):
        limiter.should_rate_limit(b"\xff\xff")


@given(
    charges=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 10**7), st.integers(0, 40)), max_size=40
    )
)
def test_the_counter_is_the_sum_of_the_charges_of_its_window(charges):
    clock, budget = Clock(), 4 * 10**9
    send = service(limit(amount=budget), clock=clock)
    spent = Counter()
    for client, hits, later in charges:
        clock.now += later
        send(("tokens", {"client": client}, hits))
        spent[client, clock.now // 60] += hits
    for client in "abc":
        told = send(("tokens", {"client": client}, 0)).statuses[0].limit_remaining
        assert told == budget - spent[client, clock.now // 60]
