"""Keys that a provider refuses rest, and the others are taken meanwhile."""

import time
from collections import Counter
from email.utils import formatdate

import pytest

from extproc.credentials.pool import Pool, Share, rest


def pool(*weights: int) -> Pool:
    shares = [Share(n, {"key": f"key-{n}"}, weight) for n, weight in enumerate(weights)]
    return Pool("b", shares)


def taken(one: Pool, times: int) -> Counter:
    return Counter(one.next()["key"] for _ in range(times))


def test_a_key_that_was_refused_rests_while_others_work():
    one = pool(1, 1, 2)
    refused = one.next()
    assert one.refused(refused, 60) is not None
    assert one.resting == 1
    assert refused["key"] not in taken(one, 20)


def test_it_is_taken_again_afterwards():
    one = pool(1, 1)
    refused = one.next()
    one.refused(refused, 0.05)
    time.sleep(0.1)
    assert refused["key"] in taken(one, 4)
    assert one.resting == 0


def test_where_all_rest_the_one_is_taken_that_rests_shortest():
    one = pool(1, 1)
    first, second = one.next(), one.next()
    one.refused(first, 60)
    one.refused(second, 30)
    assert taken(one, 6) == {second["key"]: 6}


def test_a_key_that_was_tried_is_not_the_next_one():
    one = pool(1, 1, 1)
    assert {one.next({0, 2})["key"] for _ in range(6)} == {"key-1"}
    one.refused(one.next({0, 2}), 60)
    assert {one.next({0, 2})["key"] for _ in range(6)} == {"key-1"}, "the others have failed here"


def test_the_only_key_never_rests():
    one = pool(1)
    assert one.refused(one.next(), 60) is None
    assert one.next() == {"key": "key-0"}


def test_a_foreign_secret_is_no_key_of_the_pool():
    assert pool(1, 1).refused({"key": "key-0"}, 60) is None


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [
        (429, None, 10),
        (401, None, 60),
        (402, "", 60),
        (403, "soon", 60),
        (429, "7", 7),
        (429, "0", 0),
        (429, "999999999999", 3600),
        (429, "-5", 10),
        (429, "\u0661", 10),
        (403, formatdate(1e9 + 30, usegmt=True), 30),
        (403, formatdate(1e9 - 30, usegmt=True), 0),
    ],
)
def test_how_long_a_key_rests(status, said, seconds):
    assert rest(status, said, 1e9) == seconds
