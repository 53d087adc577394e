"""What a dialect's parsers read below the top level of a body, as data."""

from collections.abc import Mapping

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


def shape(*known: str, brief: tuple[str, str] = ("type", "text"), **members: Shape) -> Shape:
    """A shape of `known` members and of `members` with a shape of their own."""
    return Shape(frozenset((*known, *members)), members, brief=brief)
