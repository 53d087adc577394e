"""What a dialect's parsers read below the top level of a body, as data."""

from collections.abc import Mapping
from typing import Any

import msgspec


class Shape(msgspec.Struct, frozen=True, eq=False):
    """An object, or each object of an array."""

    known: frozenset[str] = frozenset()
    inner: Mapping[str, "Shape"] = {}
    """Member → the shape of what it holds."""
    kinds: Mapping[str, "Shape"] = {}
    """Value of `type` → the shape of such an object; others are somebody else's."""
    brief: tuple[str, str] = ("type", "text")
    """The two strings that nearly all such objects consist of."""

    def __post_init__(self) -> None:
        # What union with the keys of a dict gives is a set, which compiled readers refuse.
        assert type(self.known) is frozenset

    def of(self, value: Mapping[str, Any]) -> "Shape | None":
        """The shape of this very object; None: of its kind is somebody else's."""
        if not self.kinds:
            return self
        kind = value.get("type")
        return self.kinds.get(kind) if isinstance(kind, str) else None


def shape(*known: str, brief: tuple[str, str] = ("type", "text"), **members: Shape) -> Shape:
    """A shape of `known` members and of `members` with a shape of their own."""
    return Shape(frozenset((*known, *members)), members, brief=brief)


def said(extras: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those that say something: SDKs write null for what nobody has asked for."""
    if all(map(_says, extras.values())):
        return extras
    return {name: value for name, value in extras.items() if _says(value)}


def _says(value: Any) -> bool:
    """Whether a value is neither null nor an object of nothing else."""
    if type(value) is dict and value:
        return any(inner is not None for inner in value.values())
    return value is not None
