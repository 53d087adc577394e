"""Typed access to a client's JSON: what has the wrong type is named by its path."""

from collections.abc import Callable
from typing import Any, TypeVar

from providers.wire.members import LARGEST, Json

T = TypeVar("T")

NAMES = {str: "a string", dict: "an object", list: "an array", bool: "true or false"}


class Wrong(Exception):
    """A member that has the wrong type or value; becomes InvalidRequest at the top."""

    def __init__(self, place: str, expected: str) -> None:
        super().__init__(place, expected)
        self.place = place
        self.expected = expected

    def within(self, place: str) -> "Wrong":
        """The same, seen from the object around it."""
        return Wrong(f"{place}.{self.place}" if self.place else place, self.expected)


def required(value: Json, name: str, kind: type[T]) -> T:
    """The member `name`, which must be there."""
    found = value.get(name)
    if not isinstance(found, kind):
        raise Wrong(name, f"must be {NAMES[kind]}")
    return found


def optional(value: Json, name: str, kind: type[T]) -> T | None:
    """The member `name`, or None where it is absent or null."""
    found = value.get(name)
    if found is None or isinstance(found, kind):
        return found
    raise Wrong(name, f"must be {NAMES[kind]}")


def integer(value: Json, name: str) -> int | None:
    """A whole number, or None where it is absent or null."""
    found = number(value, name)
    if found is None or (found == int(found) and abs(found) < LARGEST):
        return None if found is None else int(found)
    raise Wrong(name, "must be a whole number")


def number(value: Json, name: str) -> float | None:
    """A finite number, or None where it is absent or null."""
    found = value.get(name)
    if found is None:
        return None
    if isinstance(found, int | float) and not isinstance(found, bool) and abs(found) < 1e15:
        return found
    raise Wrong(name, "must be a number")


def obj(value: Any) -> Json:
    """`value`, which must be an object."""
    if isinstance(value, dict):
        return value
    raise Wrong("", "must be an object")


def string(value: Any) -> str:
    """`value`, which must be a string."""
    if isinstance(value, str):
        return value
    raise Wrong("", "must be a string")


def each(value: Json, name: str, parse: Callable[[Any], T]) -> list[T]:
    """Every item of the array `name`, parsed; empty where it is absent or null."""
    items = optional(value, name, list)
    result: list[T] = []
    for index, item in enumerate(items or ()):
        try:
            result.append(parse(item))
        except Wrong as wrong:
            raise wrong.within(f"{name}[{index}]") from None
    return result


def inside(value: Json, name: str, parse: Callable[[Json], T]) -> T | None:
    """The object `name`, parsed; None where it is absent or null."""
    found = optional(value, name, dict)
    if found is None:
        return None
    try:
        return parse(found)
    except Wrong as wrong:
        raise wrong.within(name) from None
