"""Members of a client's JSON that OpenAI and its gateways write in their own ways."""

from typing import Any

from providers.wire import members
from providers.wire.members import Json


def strings(owner: Json, name: str, at: str = "") -> tuple[str, ...]:
    """The strings of an array; a lone string is an array of one."""
    value = owner.get(name)
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise members.wrong(at + name, "a string or an array of strings")
    return tuple(value)


def optional(**named: Any) -> Json:
    """The members that say something: no None, no empty list."""
    return {name: value for name, value in named.items() if value is not None and value != []}
