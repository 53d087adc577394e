"""Members of JSON objects, read with care.

Of a client's body a wrong type is an InvalidRequest that names the place; of a provider's it is
nothing at all (`string`, `whole`, `dicts`).
"""

from collections.abc import Iterator, Set
from typing import Any

from providers.errors import InvalidRequest

Json = dict[str, Any]

LARGEST = 2**63
"""Whole numbers are smaller (https://www.rfc-editor.org/rfc/rfc8259#section-6)."""


def wrong(at: str, expected: str) -> InvalidRequest:
    """The error for the member at `at`."""
    return InvalidRequest(f"{at} must be {expected}", param=at)


def text(owner: Json, name: str, at: str = "") -> str | None:
    """A string, or None where it is absent or null."""
    value = owner.get(name)
    if value is None or isinstance(value, str):
        return value
    raise wrong(at + name, "a string")


def required_text(owner: Json, name: str, at: str = "") -> str:
    """A string that must be there."""
    value = owner.get(name)
    if isinstance(value, str):
        return value
    raise wrong(at + name, "a string")


def integer(owner: Json, name: str, at: str = "") -> int | None:
    """A whole number, or None."""
    value = owner.get(name)
    if value is None or type(value) is int:
        return value
    # JSON's readers make floats of whole numbers that are too large, and nobody writes those again.
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST:
        return int(value)
    raise wrong(at + name, "an integer")


def number(owner: Json, name: str, at: str = "") -> float | None:
    """A number, or None."""
    value = owner.get(name)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise wrong(at + name, "a number")


def boolean(owner: Json, name: str, at: str = "") -> bool | None:
    """True, False or None."""
    value = owner.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise wrong(at + name, "a boolean")


def mapping(owner: Json, name: str, at: str = "") -> Json | None:
    """An object, or None."""
    value = owner.get(name)
    if value is None or isinstance(value, dict):
        return value
    raise wrong(at + name, "an object")


def required_mapping(owner: Json, name: str, at: str = "") -> Json:
    """An object that must be there."""
    value = owner.get(name)
    if isinstance(value, dict):
        return value
    raise wrong(at + name, "an object")


def items(owner: Json, name: str, at: str = "") -> Iterator[tuple[Any, str]]:
    """The items of an array, each with its place; nothing where it is absent."""
    value = owner.get(name)
    if value is None:
        return
    if not isinstance(value, list):
        raise wrong(at + name, "an array")
    for index, item in enumerate(value):
        yield item, f"{at}{name}[{index}]"


def objects(owner: Json, name: str, at: str = "") -> Iterator[tuple[Json, str]]:
    """The objects of an array, each with its place and a dot; nothing where it is absent."""
    for item, place in items(owner, name, at):
        if not isinstance(item, dict):
            raise wrong(place, "an object")
        yield item, f"{place}."


def texts(owner: Json, name: str, at: str = "") -> tuple[str, ...]:
    """The strings of an array, of which the wrong one is named; none where it is absent."""
    found = []
    for item, place in items(owner, name, at):
        if not isinstance(item, str):
            raise wrong(place, "a string")
        found.append(item)
    return tuple(found)


def strings(owner: Json, name: str) -> list[str]:
    """The strings of an array; empty where it is absent."""
    value = owner.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise wrong(name, "an array of strings")
    return value


def optional(**members: Any) -> Json:
    """The members that say something: no None, no empty list, no empty object."""
    return {name: value for name, value in members.items() if value not in (None, [], {})}


def beyond(owner: Json, known: Set[str]) -> Json:
    """The members that are not known, and say something."""
    return {name: item for name, item in owner.items() if name not in known and item is not None}


def string(value: Any) -> str:
    """A provider's string; empty where it is none."""
    return value if isinstance(value, str) else ""


def whole(value: Any) -> int | None:
    """A provider's whole number, or None."""
    return value if type(value) is int else None


def inner(value: Any) -> Json:
    """A provider's object; empty where it is none."""
    return value if isinstance(value, dict) else {}


def dicts(value: Any) -> list[Json]:
    """The objects in what a provider sent as an array."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
