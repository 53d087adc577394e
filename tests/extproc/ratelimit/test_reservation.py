"""What requests reserve while they run, and that it is given back whatever becomes of them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extproc.ratelimit.counters import PERIOD
from extproc.ratelimit.limiter import Limiter
from extproc.ratelimit.memory import Memory
from extproc.ratelimit.reservation import Held, Hold, returned, told
from extproc.ratelimit.usual import ENOUGH
from extproc.ratelimit.wire import Descriptor
from tests.extproc.ratelimit.queries import (
    NOON,
    OK,
    OVER,
    Clock,
    headers,
    limit,
    parsed,
    query,
    reserving,
    returning,
)

ACME = {"client": "acme"}


class Service:
    """A limiter, asked and charged as Envoy does it."""

    def __init__(self, *limits, clock=None, **settings):
        self.clock = clock or Clock()
        self.limiter = Limiter(limits, Memory(self.clock), clock=self.clock, **settings)

    def send(self, *descriptors):
        return parsed(self.limiter.should_rate_limit(query(*descriptors)))

    def check(self, *names, about=None, entries=ACME):
        """A request comes."""
        return self.send(*((name, entries, 0) for name in names), about or reserving(size=85))

    def done(self, answer, entries=ACME, **used):
        """It is done, and so much was used."""
        self.send(*((name, entries, hits) for name, hits in used.items()), *returning(answer))

    def left(self, name, entries=ACME):
        return self.send((name, entries, 0)).statuses[0].limit_remaining


def code(response):
    return response.overall_code


def passed(answers):
    return [answer for answer in answers if code(answer) == OK]


@pytest.mark.parametrize("warm", [False, True])
def test_requests_at_once_stay_within_a_budget_but_for_one_answer(warm):
    service = Service(limit(amount=100))
    if warm:
        service.done(service.check("tokens"), tokens=18)
        service.clock.now += 60
    through = passed([service.check("tokens") for _ in range(60)])
    for answer in through:
        service.done(answer, tokens=18)
    assert 72 <= 18 * len(through) < 100 + 18
    service.clock.now += 60
    assert service.left("tokens") == 100


def test_what_was_not_used_is_there_for_others():
    service = Service(limit(amount=100))
    answers = [service.check("tokens") for _ in range(4)]
    assert code(service.check("tokens")) == OVER
    for answer in answers:
        service.done(answer, tokens=2)
    assert service.left("tokens") == 92
    assert code(service.check("tokens")) == OK


@pytest.mark.parametrize("charges", [{"tokens": 0}, {}], ids=["an error answer", "no provider"])
def test_an_error_or_a_hang_up_releases_everything_and_teaches_nothing(charges):
    service = Service(limit(amount=1_000))
    service.done(service.check("tokens"), tokens=300)
    service.done(service.check("tokens"), **charges)
    assert service.left("tokens") == 700
    service.check("tokens")
    assert service.left("tokens") == 400


def test_a_hang_up_is_charged_for_what_was_generated_and_releases_the_rest():
    service = Service(limit(amount=1_000))
    service.done(service.check("tokens"), tokens=300)
    service.done(service.check("tokens"), tokens=20)
    assert service.left("tokens") == 680


def test_a_request_whose_client_left_before_the_answer_was_heard_reserves_nothing():
    service = Service(limit(amount=1_000), limit("requests", 5, per=("client", "backend")))
    asked = (("tokens", ACME, 0), ("requests", {**ACME, "backend": "a|b"}, None))
    reply = service.limiter.should_rate_limit(query(*asked, reserving(size=85)))
    assert service.left("tokens") < 1_000
    service.limiter.untaken(reply)
    assert service.left("tokens") == 1_000
    assert service.send(*asked).statuses[1].limit_remaining == 5


def test_a_refusal_or_a_charge_that_nobody_hears_of_changes_nothing():
    service = Service(limit(amount=100))
    charge = service.limiter.should_rate_limit(query(("tokens", ACME, 60)))
    service.limiter.untaken(charge)
    assert service.left("tokens") == 40
    service.done(service.check("tokens"), tokens=40)
    refusal = service.limiter.should_rate_limit(query(("tokens", ACME, 0), reserving(size=85)))
    service.limiter.untaken(refusal)
    assert service.left("tokens") == 0


def test_the_last_of_a_budget_is_given_to_a_request_that_comes_alone():
    service = Service(limit(amount=100))
    for _ in range(5):
        answer = service.check("tokens")
        assert code(answer) == OK
        service.done(answer, tokens=18)
    assert service.left("tokens") == 10
    assert code(service.check("tokens")) == OK


def test_of_several_limits_one_that_refuses_keeps_the_others_untouched():
    service = Service(limit(amount=1_000), limit("output_tokens", 10), limit("requests", 5))
    service.send(("output_tokens", ACME, 10))
    asked = [("requests", ACME, None), ("tokens", ACME, 0), ("output_tokens", ACME, 0)]
    refused = service.send(*asked, reserving(size=400))
    assert code(refused) == OVER
    assert returning(refused) == []
    assert service.left("tokens") == 1_000
    assert service.left("requests") == 5


def test_a_refused_request_is_not_charged():
    service = Service(limit(amount=10))
    service.done(service.check("tokens"), tokens=9)
    first = service.check("tokens")
    refused = service.check("tokens")
    assert (code(first), code(refused)) == (OK, OVER)
    service.done(refused, tokens=0)
    service.done(first, tokens=0)
    assert service.left("tokens") == 1


def test_each_kind_of_request_has_a_size_of_its_own():
    service = Service(limit(amount=100_000))
    chat, picture = reserving(size=900, model="gpt"), reserving(size=900_000, model="gpt")
    thinker = reserving(size=900, model="o")
    for about, used in [(chat, 400), (picture, 1_500), (thinker, 9_000)]:
        service.done(service.check("tokens", about=about), tokens=used)
    left = [service.left("tokens")]
    for about in (chat, picture, thinker):
        service.check("tokens", about=about)
        left.append(service.left("tokens"))
    assert [before - after for before, after in pairwise(left)] == [400, 1_500, 9_000]


def test_money_is_reserved_by_the_prices_and_then_by_what_was_spent():
    service = Service(limit("cost_usd", 1))
    about = reserving(size=4_000, prices="2.5 10")
    first = service.check("cost_usd", about=about)
    assert service.left("cost_usd") == 1_000_000 - 5_060
    service.done(first, cost_usd=12_000)
    service.check("cost_usd", about=about)
    assert service.left("cost_usd") == 1_000_000 - 24_000


def test_a_refusal_for_what_is_under_way_says_to_come_back_soon():
    service = Service(limit(amount=100, every="day"))
    for _ in range(4):
        service.check("tokens")
    refused = service.check("tokens")
    assert headers(refused)["retry-after"] == "2"
    assert b"under way" in refused.raw_body
    service.send(("tokens", ACME, 100))
    spent = service.check("tokens")
    assert headers(spent)["retry-after"] == "43200"
    assert b"under way" not in spent.raw_body


def test_backends_are_filled_evenly_and_released_where_they_were_reserved():
    service = Service(limit(amount=50, per=("backend",)))
    candidates = {"backend": "a|b"}
    answers = [service.check("tokens", entries=candidates) for _ in range(10)]
    assert len(passed(answers)) == 10
    assert code(service.check("tokens", entries=candidates)) == OVER
    for answer in answers:
        service.done(answer, entries={"backend": "b"}, tokens=1)
    assert service.left("tokens", {"backend": "a"}) == 50
    assert service.left("tokens", {"backend": "b"}) == 40


def test_requests_to_one_of_several_backends_are_reserved_one_by_one():
    service = Service(limit("requests", 3, per=("backend",)))
    answers = [service.check("requests", entries={"backend": "a|b"}) for _ in range(9)]
    assert len(passed(answers)) == 6


def test_without_the_switch_nothing_is_reserved():
    service = Service(limit(amount=100), reserves=False)
    answers = [service.check("tokens") for _ in range(60)]
    assert len(passed(answers)) == 60
    assert [returning(answer) for answer in answers] == [[]] * 60


@pytest.mark.parametrize(("every", "later"), [("minute", 60), ("day", 2 * PERIOD)])
def test_a_lost_settlement_ends_with_its_window_or_after_two_periods(every, later):
    service = Service(limit(amount=100, every=every))
    lost = [service.check("tokens") for _ in range(4)]
    assert code(service.check("tokens")) == OVER
    service.clock.now += later
    assert service.left("tokens") == 100
    service.done(lost[0], tokens=7)
    assert service.left("tokens") == 93


def test_a_charge_after_the_window_reserves_nothing_in_the_next():
    service = Service(limit(amount=100), clock=Clock(NOON + 59))
    answer = service.check("tokens")
    service.clock.now += 2
    service.done(answer, tokens=30)
    assert service.left("tokens") == 70


def test_a_new_limiter_settles_what_an_old_one_has_reserved():
    old = Service(limit(amount=100))
    answer = old.check("tokens")
    new = Service(limit(amount=100))
    new.check("tokens")
    new.done(answer, tokens=10)
    assert new.left("tokens") == 90


def test_a_limit_that_is_gone_is_settled_in_silence():
    service = Service(limit(amount=100))
    answer = service.check("tokens")
    service.limiter.reload([])
    service.done(answer, tokens=5)


@pytest.mark.parametrize("size", ["", "x", "-1", "9" * 400, "\N{SUPERSCRIPT TWO}"])
def test_a_size_that_is_none_is_not_known(size):
    service = Service(limit(amount=10_000))
    service.check("tokens", about=(None, {"reserve": "1 x", "size": size}, None))
    assert service.left("tokens") == 10_000 - 256


@given(st.text(), st.lists(st.tuples(*[st.integers(0, 2**53)] * 3, st.from_regex(r"\A[\w:.-]+\Z"))))
def test_what_is_told_is_what_comes_back(kind, rows):
    held = Held(" ".join(kind.split()), [Hold((end, key), n, at) for end, n, at, key in rows])
    text = told(held).encode("utf-8", "replace")
    assert returned([Descriptor({b"held": text}, None)]).holds == held.holds


@given(st.binary())
def test_whatever_comes_back_is_read(text):
    returned([Descriptor({b"held": text}, None)])


def test_what_is_learned_of_a_client_is_reserved_for_it_alone():
    service = Service(limit(amount=100_000))
    for _ in range(ENOUGH):
        for client, used in (("ann", 4_000), ("tom", 10)):
            answer = service.check("tokens", about=reserving(size=85, model="m", client=client))
            service.done(answer, tokens=used)
    before = service.left("tokens")
    service.check("tokens", about=reserving(size=85, model="m", client="tom"))
    assert before - service.left("tokens") == 10
    service.check("tokens", about=reserving(size=85, model="m", client="ann"))
    assert before - service.left("tokens") == 4_010
