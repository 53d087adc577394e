"""Members of a client's JSON, checked: a wrong type is an InvalidRequest that names the place."""

from collections.abc import Iterator
from typing import Any

from providers.chat import Cache, Json
from providers.errors import InvalidRequest


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
    if isinstance(value, float) and value.is_integer():
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


def objects(owner: Json, name: str, at: str = "") -> Iterator[tuple[Json, str]]:
    """The objects of an array, each with its place and a dot; nothing where it is absent."""
    value = owner.get(name)
    if value is None:
        return
    if not isinstance(value, list):
        raise wrong(at + name, "an array")
    for index, item in enumerate(value):
        place = f"{at}{name}[{index}]"
        if not isinstance(item, dict):
            raise wrong(place, "an object")
        yield item, f"{place}."


def strings(owner: Json, name: str, at: str = "") -> tuple[str, ...]:
    """The strings of an array; a lone string is an array of one."""
    value = owner.get(name)
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise wrong(at + name, "a string or an array of strings")
    return tuple(value)


def cache(owner: Json, at: str) -> Cache | None:
    """The marker `cache_control` (OpenRouter, LiteLLM) or `prompt_cache_breakpoint` (OpenAI).

    https://openrouter.ai/docs/features/prompt-caching
    """
    for name in ("cache_control", "prompt_cache_breakpoint"):
        marker = mapping(owner, name, at)
        if marker is not None:
            return Cache(ttl=text(marker, "ttl", f"{at}{name}."))
    return None


def optional(**members: Any) -> Json:
    """The members that say something: no None, no empty list."""
    return {name: value for name, value in members.items() if value is not None and value != []}
