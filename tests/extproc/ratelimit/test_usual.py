"""What requests usually use."""

import pytest

from extproc.ratelimit import usual
from extproc.ratelimit.usual import Usual, first


def test_of_nothing_seen_nothing_is_expected():
    known = Usual()
    known.learn("limit", "kind", 10)
    assert known.expect("limit", "other") is None
    assert known.expect("other", "kind") is None


def test_the_first_request_teaches():
    known = Usual()
    known.learn("limit", "kind", 10)
    assert known.expect("limit", "kind") == 10


def test_three_of_four_requests_use_no_more_than_is_expected():
    known = Usual()
    for used in (100, 1, 3, 2):
        known.learn("limit", "kind", used)
    assert known.expect("limit", "kind") == 3


def test_only_the_latest_count():
    known = Usual()
    for used in [1_000] * usual.LATEST + [5] * usual.LATEST:
        known.learn("limit", "kind", used)
    assert known.expect("limit", "kind") == 5


def test_what_is_known_is_bounded_and_the_longest_unseen_goes(monkeypatch):
    monkeypatch.setattr(usual, "KNOWN", 2)
    known = Usual()
    for kind in ("a", "b", "a", "c"):
        known.learn("limit", kind, 7)
    assert [known.expect("limit", kind) for kind in "abc"] == [7, None, 7]


@pytest.mark.parametrize(
    ("size", "prices", "budget", "expected"),
    [
        (4_000, (1, 1), 10**6, 1_256),
        (4_000, (1, 0), 10**6, 1_000),
        (4_000, (0, 1), 10**6, 256),
        (4_000, (2.5, 10), 10**6, 5_060),
        (85, (1, 1), 100, 25),
        (50 * 2**20, (1, 1), 10**6, 250_000),
        (4_000, (0, 0), 10**6, 1),
        (4_000, (1, 1), 1, 1),
    ],
)
def test_the_first_request_reserves_its_prompt_and_a_little(size, prices, budget, expected):
    assert first(size, prices, budget) == expected
