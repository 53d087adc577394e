"""Members of a client's JSON, checked: a wrong type is an InvalidRequest that names the place.

Protocol buffers' JSON takes each name in camelCase and in snake_case, and Google's own SDK mixes
the two (https://protobuf.dev/programming-guides/json/).
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NoReturn

from providers.errors import InvalidRequest
from providers.wire.members import LARGEST, Json

HUMP = re.compile(r"(?<=[a-z0-9])[A-Z]")
WHOLE = re.compile(r"-?[0-9]{1,18}")


@cache
def snake(name: str) -> str:
    """`mimeType` → `mime_type`."""
    return HUMP.sub(lambda match: f"_{match[0].lower()}", name)


@cache
def spellings(names: tuple[str, ...]) -> dict[str, str]:
    """Every spelling of `names` → the camelCase one."""
    return {spelled: name for name in names for spelled in (snake(name), name)}


def wrong(at: str, expected: str) -> NoReturn:
    """Raises InvalidRequest for the member at `at`."""
    raise InvalidRequest(f"{at} must be {expected}", param=at)


def find(owner: Json, name: str) -> Any:
    """The member `name` in either spelling; None where it is absent."""
    value = owner.get(name)
    return owner.get(snake(name)) if value is None and owner else value


def text(owner: Json, name: str, at: str = "") -> str | None:
    """A string, or None where it is absent or null."""
    value = find(owner, name)
    if value is None or isinstance(value, str):
        return value
    wrong(at + name, "a string")


def required_text(owner: Json, name: str, at: str = "") -> str:
    """A string that must be there."""
    value = find(owner, name)
    if isinstance(value, str):
        return value
    wrong(at + name, "a string")


def word(owner: Json, name: str, at: str, words: tuple[str, ...]) -> str | None:
    """A word of an enumeration, which Google's older clients say by its number."""
    value = find(owner, name)
    return words[value] if _is_number(value, words) else text(owner, name, at)


def words(owner: Json, name: str, at: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """The same, of an array."""
    values = find(owner, name)
    if isinstance(values, list):
        values = [known[item] if _is_number(item, known) else item for item in values]
    return strings({name: values}, name, at)


def _is_number(value: Any, words: tuple[str, ...]) -> bool:
    return type(value) is int and 0 <= value < len(words)


def integer(owner: Json, name: str, at: str = "") -> int | None:
    """A whole number, or None; 64-bit ones may come as strings."""
    value = find(owner, name)
    if value is None or type(value) is int:
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST:
        return int(value)
    if isinstance(value, str) and WHOLE.fullmatch(value):
        return int(value)
    wrong(at + name, "an integer")


def number(owner: Json, name: str, at: str = "") -> float | None:
    """A number, or None."""
    value = find(owner, name)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    wrong(at + name, "a number")


def boolean(owner: Json, name: str, at: str = "") -> bool | None:
    """True, False or None."""
    value = find(owner, name)
    if value is None or isinstance(value, bool):
        return value
    wrong(at + name, "a boolean")


def mapping(owner: Json, name: str, at: str = "") -> Json | None:
    """An object; None where it is absent or null."""
    value = find(owner, name)
    if value is None or isinstance(value, dict):
        return value
    wrong(at + name, "an object")


def objects(owner: Json, name: str, at: str = "") -> Iterator[tuple[Json, str]]:
    """The objects of an array, each with its place and a dot; a lone object is an array of one."""
    value = find(owner, name)
    if value is None:
        return
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        wrong(at + name, "an array")
    for index, item in enumerate(value):
        place = f"{at}{name}[{index}]"
        if not isinstance(item, dict):
            wrong(place, "an object")
        yield item, f"{place}."


def strings(owner: Json, name: str, at: str = "") -> tuple[str, ...]:
    """The strings of an array; none where it is absent."""
    value = find(owner, name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        wrong(at + name, "an array of strings")
    return tuple(value)


def optional(**members: Any) -> Json:
    """The members that say something: no None, no empty container."""
    return {
        name: value
        for name, value in members.items()
        if value is not None and value not in ((), {}, [])
    }
