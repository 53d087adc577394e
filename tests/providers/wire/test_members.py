"""Members of JSON objects: a client's are checked and named, a provider's taken as they come."""

from collections.abc import Callable
from typing import Any

import pytest

from providers.errors import InvalidRequest
from providers.wire import members

RIGHT: list[tuple[Callable[..., Any], Any, Any]] = [
    (members.text, "a", "a"),
    (members.text, None, None),
    (members.required_text, "a", "a"),
    (members.integer, 5, 5),
    (members.integer, 5.0, 5),
    (members.integer, None, None),
    (members.number, 0.5, 0.5),
    (members.number, None, None),
    (members.boolean, False, False),
    (members.boolean, None, None),
    (members.mapping, {}, {}),
    (members.mapping, None, None),
    (members.required_mapping, {}, {}),
    (members.texts, ["a"], ("a",)),
    (members.texts, None, ()),
    (members.strings, ["a"], ["a"]),
    (members.strings, None, []),
]

WRONG: list[tuple[Callable[..., Any], Any]] = [
    (members.text, 5),
    (members.required_text, None),
    (members.integer, 5.5),
    (members.integer, True),
    (members.integer, "5"),
    (members.integer, 1e30),
    (members.number, True),
    (members.number, "5"),
    (members.boolean, 1),
    (members.mapping, []),
    (members.required_mapping, None),
    (members.texts, "a"),
    (members.strings, "a"),
    (members.strings, [5]),
]


@pytest.mark.parametrize(("read", "value", "expected"), RIGHT)
def test_a_right_member_is_read(read: Callable[..., Any], value: Any, expected: Any) -> None:
    assert read({"m": value}, "m") == expected


@pytest.mark.parametrize(("read", "value"), WRONG)
def test_a_wrong_member_is_named(read: Callable[..., Any], value: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read({"m": value}, "m")
    assert refused.value.param == "m"


def test_objects_know_their_places() -> None:
    found = members.objects({"m": [{"a": 1}, {}]}, "m", "outer.")
    assert [*found] == [({"a": 1}, "outer.m[0]."), ({}, "outer.m[1].")]
    assert [*members.objects({}, "m")] == []


@pytest.mark.parametrize(("value", "place"), [({}, "m"), ([{}, 5], "m[1]")])
def test_what_is_no_array_of_objects_is_named(value: Any, place: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        list(members.objects({"m": value}, "m"))
    assert refused.value.param == place


def test_the_wrong_one_of_some_texts_is_named() -> None:
    with pytest.raises(InvalidRequest) as refused:
        members.texts({"m": ["a", 5]}, "m", "outer.")
    assert refused.value.param == "outer.m[1]"


def test_what_says_nothing_is_left_out() -> None:
    said = members.optional(a=None, b=[], c={}, d=0, e=False, f="")
    assert said == {"d": 0, "e": False, "f": ""}


def test_what_is_known_or_null_is_not_beyond() -> None:
    assert members.beyond({"a": 1, "b": None, "c": 0}, {"a"}) == {"c": 0}


@pytest.mark.parametrize("odd", [None, 5, True, {}, ["a"]])
def test_a_providers_odd_string_is_empty(odd: Any) -> None:
    assert members.string(odd) == ""


@pytest.mark.parametrize("odd", [None, 5.0, True, "5", {}])
def test_a_providers_odd_number_is_none(odd: Any) -> None:
    assert members.whole(odd) is None


def test_a_providers_odd_items_are_left_out() -> None:
    assert members.dicts([{"a": 1}, None, 5, []]) == [{"a": 1}]
    assert members.dicts("no array") == []
