"""References of a schema to its own parts: whether they may stay, and what they stand for."""

from collections.abc import Iterator, Mapping
from typing import Any

from providers.neutral.json_schema import DEFINITIONS, LISTS, MAPS, SINGLES, inline, pointed
from providers.neutral.schemas.joining import ANNOTATIONS, joined
from providers.neutral.schemas.subset import Subset, Unfit
from providers.wire.budget import Budget

Schema = Mapping[str, Any]
Json = dict[str, Any]

MAX_VISITED = 20_000
"""Schemas that are looked at for references."""


class Survey:
    """What a schema's references are like."""

    def __init__(self, root: Schema) -> None:
        self.any = False
        self.recursive = False
        self.accompanied = False
        """Something stands beside one, or must hold together with what it stands for."""
        self._root = root
        self._left = MAX_VISITED
        self._done: set[str] = set()
        self._visit(root, (), False)

    def _visit(self, value: Any, open: tuple[str, ...], joint: bool) -> None:
        self._left -= 1
        if self._left < 0:
            raise Unfit("it is too large")
        if not isinstance(value, Mapping):
            return
        name = value.get("$ref")
        if isinstance(name, str):
            self._refer(name, value, open, joint)
        for inner, together in _inside(value):
            self._visit(inner, open, together)

    def _refer(self, name: str, value: Schema, open: tuple[str, ...], joint: bool) -> None:
        self.any = True
        self.accompanied = self.accompanied or joint or len(value) > 1
        if name in open:
            self.recursive = True
        elif name not in self._done:
            self._visit(pointed(self._root, name), (*open, name), False)
            self._done.add(name)


def _inside(value: Schema) -> Iterator[tuple[Any, bool]]:
    """(each schema inside, whether it must hold together with the rest)."""
    together = "allOf" in value or not value.keys() <= {"anyOf", "oneOf", *ANNOTATIONS}
    for name, inner in value.items():
        if name in MAPS and isinstance(inner, Mapping):
            yield from ((each, False) for each in inner.values())
        elif name in LISTS and isinstance(inner, list):
            joint = name != "prefixItems" and together
            yield from ((each, joint) for each in inner)
        elif name in SINGLES:
            yield inner, False


def settled(root: Schema, subset: Subset, budget: Budget) -> tuple[Schema, bool]:
    """(the schema with the references that `subset` takes, whether one was unrolled)."""
    survey = Survey(root)
    if not survey.any:
        return root, False
    if survey.recursive and not subset.recursive:
        if not subset.unrolls:
            raise Unfit("it refers to itself")
        return inline(root, budget), True
    if not subset.references:
        return inline(root, budget), survey.recursive
    crowded = subset.lone_references and survey.accompanied and not survey.recursive
    return inline(root, budget) if crowded else root, False


def rooted(root: Schema) -> Schema:
    """The schema with what its root refers to in its place."""
    seen: set[str] = set()
    while isinstance(name := root.get("$ref"), str):
        if name in seen:
            raise Unfit("it refers to nothing but itself")
        seen.add(name)
        root = {**resolved(root, root), **definitions(root)}
    return root


def resolved(value: Schema, root: Schema) -> Schema:
    """What a schema says that is a reference, together with what stands beside it."""
    name = value.get("$ref")
    if not isinstance(name, str):
        return value
    target = pointed(root, name)
    beside = {
        key: inner for key, inner in value.items() if key != "$ref" and key not in DEFINITIONS
    }
    return joined(target, beside) if isinstance(target, Mapping) else beside


def definitions(root: Schema) -> Json:
    """The definitions that a root holds."""
    return {name: root[name] for name in DEFINITIONS if name in root}
