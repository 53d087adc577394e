"""Members of a client's body below its top level that the neutral conversation has no place for.

What a dialect's parsers do not read, by its `Shape`, is named.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from providers.bridging.members import Shape

MAX_NAMED = 64
"""Names that a body can give; who says more has been told enough."""


def unknown(body: Mapping[str, Any], top: Shape) -> list[str]:
    """The names of what is said below the top level and not known, each once."""
    found: dict[str, None] = {}
    for name, inner in top.inner.items():
        value = body.get(name)
        if value:
            _look(value, inner, name, found)
    return list(found)


def _look(value: Any, shape: Shape, at: str, found: dict[str, None]) -> None:
    one, other = shape.brief
    for each in value if type(value) is list else (value,):
        if type(each) is not dict:
            continue
        if len(each) == 2 and type(each.get(one)) is type(each.get(other)) is str:
            continue
        _object(each, shape, at, found)


def _object(value: dict[str, Any], shape: Shape, at: str, found: dict[str, None]) -> None:
    if shape.kinds:
        own = shape.of(value)
        if own is None:
            return
        shape = own
    if not value.keys() <= shape.known:
        found.update(dict.fromkeys(_strange(value, shape, at, MAX_NAMED - len(found))))
    for name, inner in shape.inner.items():
        member = value.get(name)
        if member and type(member) is not str:
            _look(member, inner, f"{at}.{name}", found)


def _strange(value: dict[str, Any], shape: Shape, at: str, room: int) -> Iterator[str]:
    for name, inner in value.items():
        if name not in shape.known and inner is not None and room > 0:
            room -= 1
            yield f"{at}.{name}"
