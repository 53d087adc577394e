"""A schema as a vendor takes it, and what that costs."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
import orjson

from providers.neutral.json_schema import DEFINITIONS, LISTS, MAPS, SINGLES
from providers.neutral.schemas import joining, references
from providers.neutral.schemas.subset import Subset, Unfit
from providers.neutral.schemas.walk import MAX_DEPTH, Walk, described, kinds_of, plain
from providers.wire.budget import Budget

Schema = Mapping[str, Any]
Json = dict[str, Any]

CHOICES = ("anyOf", "oneOf", "allOf")
WRAPPED = "answer"
"""The one member of an object that stands for a root that is none."""

MAX_KEPT, MAX_KEPT_BYTES = 256, 16_384
"""Fitted schemas that are kept, since a client sends its own ones with every request."""

UNREADABLE = (TypeError, AttributeError, KeyError, ValueError, IndexError)


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """A schema of a subset."""

    schema: Schema
    lost: tuple[str, ...] = ()
    """Keywords that the subset does not take."""
    nulls: bool = False
    """True where null stands for what may be left out."""
    wrapped: bool = False
    """True where the value is the member `WRAPPED` of an object."""


def fitted(
    schema: Schema, subset: Subset, *, wraps: bool = False, budget: Budget | None = None
) -> Fitted:
    """The schema in `subset`, or a stricter one; `wraps`: one that is no object may become a member
    of one. Raises Unfit."""
    if is_taken(schema, subset):
        return Fitted(schema=schema)
    data = orjson.dumps(schema)
    if len(data) <= MAX_KEPT_BYTES:
        found = _kept(data, subset, wraps)
    else:
        found = _fitted(data, subset, wraps, budget)
    if isinstance(found, str):
        raise Unfit(found)
    if budget is not None:
        budget.copy(found.schema)
    return found


def is_taken(schema: Schema, subset: Subset) -> bool:
    """Whether a schema is plainly in `subset` as it is."""
    whole = subset.keywords is None and not subset.walks and subset.root_keywords is None
    return whole and (not subset.object_root or _is_plain(schema))


def _is_plain(schema: Schema) -> bool:
    return schema.get("type") == "object" and schema.keys().isdisjoint(("$ref", *CHOICES))


def _fitted(data: bytes, subset: Subset, wraps: bool, budget: Budget | None = None) -> Fitted | str:
    """The fitted schema, or why there is none."""
    try:
        return _fit(orjson.loads(data), subset, wraps, budget or Budget())
    except Unfit as reason:
        return str(reason)
    except UNREADABLE:
        return "it is no JSON Schema"


_kept = lru_cache(maxsize=MAX_KEPT)(_fitted)


def _fit(schema: Json, subset: Subset, wraps: bool, budget: Budget) -> Fitted:
    root: Schema = references.rooted(schema)
    wrapped, lost = False, dict[str, None]()
    if subset.object_root and not _is_object(root):
        wrapped = wraps
        root, lost = (_wrap(root), {}) if wraps else _unfolded(root)
    root, unrolled = references.settled(root, subset, budget)
    if unrolled:
        lost["$ref"] = None
    if subset.root_keywords is not None:
        root, gone = _few(root, subset.root_keywords)
        lost |= gone
    if subset.keywords is not None:
        walk = Walk(subset, budget)
        found = walk.root(root)
        return Fitted(schema=found, lost=(*lost, *walk.lost), nulls=walk.nulls, wrapped=wrapped)
    found = _loose(root, subset, lost, 0) if subset.walks else dict(root)
    return Fitted(schema=found, lost=tuple(lost), wrapped=wrapped)


def _is_object(root: Schema) -> bool:
    """Whether the root is an object and no choice, as it stands."""
    return root.keys().isdisjoint(CHOICES) and kinds_of(root) == ["object"]


def _wrap(root: Schema) -> Json:
    inner = {name: value for name, value in root.items() if name not in DEFINITIONS}
    return {
        "type": "object",
        "properties": {WRAPPED: inner},
        "required": [WRAPPED],
        **references.definitions(root),
    }


def _unfolded(root: Schema) -> tuple[Json, dict[str, None]]:
    """(an object that allows what the root's choices allow, what that loses)."""
    whole = plain(_with_branches(root))
    if "anyOf" not in whole:
        kinds = kinds_of(whole) or ["object"]
        if "object" not in kinds:
            raise Unfit(f"its root is of the type {kinds[0]}, and no object")
        return {**whole, "type": "object", "properties": whole.get("properties", {})}, {}
    branches = joining.spread({**whole, "anyOf": [_resolved(b, root) for b in whole["anyOf"]]})
    around = {name: whole[name] for name in joining.ANNOTATIONS if name in whole}
    found = {**around, **joining.merged(branches), **references.definitions(root)}
    lost = dict.fromkeys(name for name in ("anyOf", "oneOf") if name in root) or {"allOf": None}
    words = described(around.get("description"), {name: root.get(name, []) for name in lost})
    return ({**found, "description": words} if words else found), lost


def _with_branches(root: Schema) -> Schema:
    """The root with what its `allOf` refers to."""
    if "allOf" not in root:
        return root
    return {**root, "allOf": [_resolved(branch, root) for branch in root["allOf"]]}


def _resolved(branch: Any, root: Schema) -> Schema:
    found = references.resolved(branch, root)
    return (
        plain(_with_branches({**found, **references.definitions(root)}))
        if ("allOf" in found)
        else found
    )


def _few(root: Schema, keywords: frozenset[str]) -> tuple[Json, dict[str, None]]:
    """(the root with few keywords, the others)."""
    gone = [name for name in root if name not in keywords and name not in UNSAID_AT_ROOT]
    return {name: root[name] for name in root if name in keywords}, dict.fromkeys(gone)


UNSAID_AT_ROOT = frozenset({"$schema", "$id", "$comment", "title", *DEFINITIONS})


def _loose(value: Any, subset: Subset, lost: dict[str, None], depth: int) -> Any:
    """A schema of which all keywords are taken, and not all of their values."""
    if not isinstance(value, Mapping):
        return value
    if depth > MAX_DEPTH:
        raise Unfit("it is too deep")
    found: Json = {}
    for name, inner in value.items():
        if name in MAPS or name in DEFINITIONS:
            found[name] = {k: _loose(each, subset, lost, depth + 1) for k, each in inner.items()}
        elif name in LISTS:
            found[name] = [_loose(each, subset, lost, depth + 1) for each in inner]
        elif name in SINGLES:
            found[name] = _loose(inner, subset, lost, depth + 1)
        else:
            found[name] = inner
    if subset.items and found.get("type") == "array" and "items" not in found:
        found["items"] = {}
    pattern = found.get("pattern")
    if subset.patterns and isinstance(pattern, str) and subset.patterns.search(pattern):
        lost["pattern"] = None
        del found["pattern"]
        found["description"] = described(found.get("description"), {"pattern": pattern})
    return found
