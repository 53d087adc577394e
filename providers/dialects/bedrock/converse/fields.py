"""Members of a client's JSON where Converse has habits of its own."""

from typing import Any

from providers.wire import members
from providers.wire.members import Json


def mapping(owner: Json, name: str, at: str = "") -> Json:
    """An object; an empty one where it is absent or null."""
    value = owner.get(name)
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise members.wrong(at + name, "an object")


def strings(owner: Json, name: str, at: str = "") -> tuple[str, ...]:
    """The strings of an array; none where it is absent."""
    value = owner.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise members.wrong(at + name, "an array of strings")
    return tuple(value)


def union(owner: Json, at: str) -> tuple[str, Any]:
    """(the one member that a union holds, its value)."""
    named = [(name, value) for name, value in owner.items() if value is not None]
    if len(named) == 1:
        return named[0]
    place = at.removesuffix(".")
    raise members.wrong(place, "an object with exactly one member")


def optional(**named: Any) -> Json:
    """The members that say something: no None, no empty container."""
    return {
        name: value
        for name, value in named.items()
        if value is not None and value not in ((), {}, [])
    }
