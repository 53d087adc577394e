"""Schemas that must hold together, as one: what `allOf` means, and a choice with company."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from providers.neutral.schemas.subset import Unfit

Schema = Mapping[str, Any]
Json = dict[str, Any]

MAX_CHOICES = 64
"""Alternatives of two choices that must both hold."""

ANNOTATIONS = frozenset({"title", "description", "default", "examples", "deprecated"})
"""What says nothing of what is valid."""


def all_of(value: Schema) -> Json:
    """The schema with everything that `allOf` demands in itself."""
    found = {name: inner for name, inner in value.items() if name != "allOf"}
    for branch in value["allOf"]:
        if isinstance(branch, Mapping):
            found = joined(found, all_of(branch) if "allOf" in branch else branch)
    return found


def joined(one: Schema, other: Schema) -> Json:
    """What is valid by both; raises Unfit where one schema cannot say it."""
    found = dict(one)
    for name, inner in other.items():
        if name not in found:
            found[name] = inner
        elif found[name] != inner:
            join = JOINS.get(name)
            if join is None:
                raise Unfit(f"two different {name} must hold together")
            found[name] = join(found[name], inner)
    return found


def _properties(one: Any, other: Any) -> Json:
    found = dict(one)
    for name, inner in other.items():
        found[name] = joined(found[name], inner) if name in found else inner
    return found


def _union(one: Any, other: Any) -> list[Any]:
    return list(dict.fromkeys([*one, *other]))


def _common(one: Any, other: Any) -> list[Any]:
    return [item for item in one if item in other]


def _types(one: Any, other: Any) -> Any:
    firsts, seconds = ([each] if isinstance(each, str) else each for each in (one, other))
    if "number" in firsts and "integer" in seconds:
        firsts = [*firsts, "integer"]
    elif "integer" in firsts and "number" in seconds:
        seconds = [*seconds, "integer"]
    found = _common(firsts, seconds)
    if not found:
        raise Unfit("two different types must hold together")
    return found[0] if len(found) == 1 else found


def _choices(one: Sequence[Schema], other: Sequence[Schema]) -> list[Json]:
    if len(one) * len(other) > MAX_CHOICES:
        raise Unfit("two large choices must hold together")
    return [joined(first, second) for first in one for second in other]


def _closed(one: Any, other: Any) -> Any:
    return False if False in (one, other) else one if other is True else other


def _words(one: Any, other: Any) -> str:
    return f"{one} {other}"


def _first(one: Any, other: Any) -> Any:
    return one


def _least(one: Any, other: Any) -> Any:
    return min(one, other)


def _most(one: Any, other: Any) -> Any:
    return max(one, other)


JOINS: Mapping[str, Callable[[Any, Any], Any]] = {
    "type": _types,
    "properties": _properties,
    "required": _union,
    "enum": _common,
    "items": joined,
    "additionalProperties": _closed,
    "anyOf": _choices,
    "oneOf": _choices,
    "description": _words,
    **dict.fromkeys(("title", "default", "examples", "$defs", "definitions"), _first),
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems"), _most),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems"), _least),
    "minProperties": _most,
    "maxProperties": _least,
}


def spread(value: Schema) -> list[Json]:
    """The alternatives of `anyOf`, each with what stands beside it and must hold as well."""
    beside = {
        name: inner for name, inner in value.items() if name != "anyOf" and name not in ANNOTATIONS
    }
    return [joined(beside, branch) for branch in value["anyOf"] if isinstance(branch, Mapping)]


def merged(branches: Sequence[Schema]) -> Json:
    """One object that holds whatever any of `branches` allows; raises Unfit where one is none."""
    found: Json = {"type": "object", "properties": {}}
    properties = found["properties"]
    for branch in branches:
        if branch.get("type", "object") != "object":
            raise Unfit("one of the alternatives is no object")
        for name, inner in branch.get("properties", {}).items():
            known = properties.get(name, inner)
            properties[name] = (
                inner if known == inner else {"anyOf": [*_alternatives(known), inner]}
            )
    wanted = [branch.get("required", []) for branch in branches]
    shared = [name for name in wanted[0] if all(name in names for names in wanted)]
    return {**found, "required": shared} if shared else found


def _alternatives(value: Any) -> list[Any]:
    lone = isinstance(value, Mapping) and value.keys() == {"anyOf"}
    return list(value["anyOf"]) if lone else [value]
