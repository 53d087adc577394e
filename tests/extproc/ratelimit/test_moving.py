"""What is reserved follows a request to a backend with another price."""

import pytest

from extproc.ratelimit.limiter import Limiter
from extproc.ratelimit.memory import Memory
from tests.extproc.ratelimit.queries import OK, OVER, Clock, limit, parsed, query, reserving

ACME = {"client": "acme"}
CHEAP, DEAR = "1 2", "10 20"
SIZE = 400
"""Bytes: a hundred tokens, and so 612 millionths of a USD at the cheap price."""
FIRST = 100 + 2 * 256


class Service:
    """A limiter of 0.01 USD, as Envoy and a worker ask it."""

    def __init__(self, amount=0.01):
        self.clock = Clock()
        limits = [limit("cost_usd", amount, name="cost"), limit("tokens", 10_000)]
        self.limiter = Limiter(limits, Memory(self.clock), clock=self.clock)

    def send(self, *descriptors):
        return parsed(self.limiter.should_rate_limit(query(*descriptors)))

    def comes(self):
        """A request of one client."""
        return self.send(("cost", ACME, 0), ("tokens", ACME, 0), reserving(SIZE, prices=CHEAP))

    def moves(self, answer, price=DEAR):
        """It goes to a backend with such a price."""
        return self.send((None, {"move": held(answer), "base": CHEAP, "price": price}, None))

    def ends(self, answer):
        """What a worker had reserved is given back."""
        self.send((None, {"held": held(answer)}, None))

    def done(self, answer, cost, price=DEAR):
        """Envoy settles it."""
        returned = {"held": held(answer), "base": CHEAP, "price": price}
        self.send(("cost", ACME, cost), ("tokens", ACME, 7), (None, returned, None))

    def left(self):
        return self.send(("cost", ACME, 0)).statuses[0].limit_remaining


def held(answer):
    return answer.dynamic_metadata.fields["held"].string_value


def test_a_dearer_backend_needs_more_until_the_attempt_is_over():
    service = Service(1)
    coming = service.comes()
    assert service.left() == 1_000_000 - FIRST
    more = service.moves(coming)
    assert more.overall_code == OK
    # By powers of two: a body of 400 bytes is one of 384.
    assert service.left() == 1_000_000 - 10 * (96 + 512)
    service.ends(more)
    assert service.left() == 1_000_000 - FIRST
    service.done(coming, 0)
    assert service.left() == 1_000_000


@pytest.mark.parametrize("first", ["worker", "envoy"])
def test_nothing_is_left_reserved_whoever_ends_first(first):
    service = Service(1)
    coming = service.comes()
    more = service.moves(coming)
    ends = [lambda: service.ends(more), lambda: service.done(coming, 5_000)]
    for end in ends if first == "worker" else reversed(ends):
        end()
    assert service.left() == 1_000_000 - 5_000


@pytest.mark.parametrize("price", [CHEAP, "0.5 1", "0 0", "nonsense"])
def test_no_cheaper_backend_needs_more(price):
    service = Service(1)
    more = service.moves(service.comes(), price)
    assert held(more) == ""
    assert service.left() == 1_000_000 - FIRST


def test_it_is_reserved_even_where_nothing_is_left_and_counts_against_others():
    service = Service(0.005)
    coming = [service.comes() for _ in range(4)]
    more = [service.moves(one) for one in coming]
    assert service.left() == 0
    assert service.comes().overall_code == OVER
    for one in more:
        service.ends(one)
    assert service.comes().overall_code == OK


def test_what_was_learned_at_a_dear_backend_is_expected_of_the_cheap_one_at_its_price():
    service = Service(1)
    for _ in range(9):
        service.done(service.comes(), 3_000)
    before = service.left()
    coming = service.comes()
    assert before - service.left() == 300
    service.moves(coming)
    assert before - service.left() == 3_000


def test_where_the_first_costs_nothing_all_is_moved():
    service = Service(1)
    coming = service.send(("cost", ACME, 0), reserving(SIZE, prices="0 0"))
    before = service.left()
    service.send((None, {"move": held(coming), "base": "0 0", "price": DEAR}, None))
    assert before - service.left() == 10 * (96 + 512) - 1


def test_what_nobody_can_have_reserved_is_passed_over():
    service = Service(1)
    for text in ("", "kind", "kind\n1 1 1 cost:1:2", "x\n99999999999 nine 0 cost:1:2", "\n\n"):
        answer = service.send((None, {"move": text, "base": CHEAP, "price": DEAR}, None))
        assert held(answer) == ""
    assert service.left() == 1_000_000
