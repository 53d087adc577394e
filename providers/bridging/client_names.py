"""What a client calls what was lost of its request: by the names that it sent, and so spelled."""

from collections.abc import Iterable, Mapping
from typing import Any

LOOKED_AT = 64
"""Items of an array in which a member is looked for."""


def as_sent(
    name: str,
    body: Mapping[str, Any],
    opened: Iterable[str],
    *,
    older: Mapping[str, str],
    part: bool,
) -> str:
    """`name`, dotted, as it stands in `body` or in one of its `opened` objects.

    `older`: what a member was called before. `part`: where only the beginning of the name stands
    there, that will do, unless it is an array: not all that it holds is lost.
    """
    steps = name.split(".")
    found = _path(body, steps)
    begun = part and not (len(found) == 1 and isinstance(body.get(found[0]), list))
    if found and (begun or len(found) == len(steps)):
        return ".".join(found)
    for group in opened:
        inner = _path(body, [group, *steps])
        if len(inner) > 1:
            return ".".join(inner)
    before = older.get(name)
    return before if before is not None and before in body else name


def _path(value: Any, steps: list[str]) -> list[str]:
    """The longest part of `steps` that leads somewhere, in the spelling that is there."""
    if not steps:
        return []
    if isinstance(value, list):
        return max((_path(item, steps) for item in value[:LOOKED_AT]), key=len, default=[])
    if not isinstance(value, dict):
        return []
    key = steps[0] if steps[0] in value else _spelled(value, steps[0])
    return [] if key is None else [key, *_path(value[key], steps[1:])]


def _spelled(value: Mapping[str, Any], name: str) -> str | None:
    """Google's and AWS's members are written in more than one way."""
    wanted = plain(name)
    return next((key for key in value if isinstance(key, str) and plain(key) == wanted), None)


def plain(name: str) -> str:
    """A name without what spellings differ in."""
    return name.replace("_", "").lower()
