"""Members of a client's JSON, checked: a wrong type is an InvalidRequest that names the place."""

from collections.abc import Iterator
from typing import Any, NoReturn

from providers.chat import Json
from providers.errors import InvalidRequest


def wrong(at: str, expected: str) -> NoReturn:
    """Raises InvalidRequest for the member at `at`."""
    raise InvalidRequest(f"{at} must be {expected}", param=at)


def text(owner: Json, name: str, at: str = "") -> str | None:
    """A string, or None where it is absent or null."""
    value = owner.get(name)
    if value is None or isinstance(value, str):
        return value
    wrong(at + name, "a string")


def required_text(owner: Json, name: str, at: str = "") -> str:
    """A string that must be there."""
    value = owner.get(name)
    if isinstance(value, str):
        return value
    wrong(at + name, "a string")


def integer(owner: Json, name: str, at: str = "") -> int | None:
    """A whole number, or None."""
    value = owner.get(name)
    if value is None or type(value) is int:
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    wrong(at + name, "an integer")


def number(owner: Json, name: str, at: str = "") -> float | None:
    """A number, or None."""
    value = owner.get(name)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    wrong(at + name, "a number")


def boolean(owner: Json, name: str, at: str = "") -> bool | None:
    """True, False or None."""
    value = owner.get(name)
    if value is None or isinstance(value, bool):
        return value
    wrong(at + name, "a boolean")


def mapping(owner: Json, name: str, at: str = "") -> Json:
    """An object; an empty one where it is absent or null."""
    value = owner.get(name)
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    wrong(at + name, "an object")


def required_mapping(owner: Json, name: str, at: str = "") -> Json:
    """An object that must be there."""
    value = owner.get(name)
    if isinstance(value, dict):
        return value
    wrong(at + name, "an object")


def objects(owner: Json, name: str, at: str = "") -> Iterator[tuple[Json, str]]:
    """The objects of an array, each with its place and a dot; nothing where it is absent."""
    value = owner.get(name)
    if value is None:
        return
    if not isinstance(value, list):
        wrong(at + name, "an array")
    for index, item in enumerate(value):
        place = f"{at}{name}[{index}]"
        if not isinstance(item, dict):
            wrong(place, "an object")
        yield item, f"{place}."


def strings(owner: Json, name: str, at: str = "") -> tuple[str, ...]:
    """The strings of an array; none where it is absent."""
    value = owner.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        wrong(at + name, "an array of strings")
    return tuple(value)


def union(owner: Json, at: str) -> tuple[str, Any]:
    """(the one member that a union holds, its value)."""
    named = [(name, value) for name, value in owner.items() if value is not None]
    if len(named) == 1:
        return named[0]
    place = at.removesuffix(".")
    wrong(place, "an object with exactly one member")


def optional(**members: Any) -> Json:
    """The members that say something: no None, no empty container."""
    return {
        name: value
        for name, value in members.items()
        if value is not None and value not in ((), {}, [])
    }
