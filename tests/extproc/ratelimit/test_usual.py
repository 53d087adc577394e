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


def test_a_client_that_asks_often_is_known_by_itself():
    known = Usual()
    for _ in range(usual.ENOUGH):
        known.learn("limit", "3 m\tann", 1_000)
    for _ in range(2 * usual.ENOUGH):
        known.learn("limit", "3 m\ttom", 5)
    known.learn("limit", "3 m\tdora", 70)
    expected = [known.expect("limit", f"3 m\t{name}") for name in ("ann", "tom")]
    assert expected == [1_000, 5]


def test_of_whoever_has_asked_seldom_it_is_what_others_use():
    known = Usual()
    for used in (5, 5, 5, 5, 70):
        known.learn("limit", "3 m\tdora", used)
    for kind in ("3 m\tdora", "3 m\tnew", "3 m"):
        assert known.expect("limit", kind) == 5
    assert known.expect("limit", "4 m\tdora") is None


def test_clients_are_bounded_and_take_no_place_from_models(monkeypatch):
    monkeypatch.setattr(usual, "KNOWN", 2)
    monkeypatch.setattr(usual, "ENOUGH", 1)
    known = Usual()
    for name, used in (("ann", 1), ("tom", 2), ("dora", 3)):
        known.learn("limit", f"m\t{name}", used)
    assert [known.expect("limit", f"m\t{name}") for name in ("ann", "tom", "dora")] == [3, 2, 3]


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
