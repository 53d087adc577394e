"""A value that was made by a fitted schema, as the client's own schema has it."""

from collections.abc import Mapping
from typing import Any

import orjson

from providers.neutral.json_schema import pointed
from providers.neutral.schemas.fitting import WRAPPED
from providers.neutral.schemas.walk import kinds_of, plain

Schema = Mapping[str, Any]

MAX_DEPTH = 64


def restored(text: str, schema: Schema, *, nulls: bool, wrapped: bool) -> str:
    """The JSON text of a value; what is no such JSON stays as it is."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    if wrapped:
        if not isinstance(value, dict) or value.keys() != {WRAPPED}:
            return text
        value = value[WRAPPED]
    if nulls:
        value = _without(value, [schema], schema, 0)
    return orjson.dumps(value).decode()


def _without(value: Any, schemas: list[Any], root: Schema, depth: int) -> Any:
    """The value without the nulls that stand for what was left out; one of `schemas` holds."""
    if depth > MAX_DEPTH or not isinstance(value, dict | list):
        return value
    known = _branches(schemas, root, depth)
    if isinstance(value, list):
        items = [one["items"] for one in known if isinstance(one.get("items"), Mapping)]
        return [_without(each, items, root, depth + 1) for each in value] if items else value
    found = {}
    for name, inner in value.items():
        owners = [one for one in known if name in one.get("properties", {})]
        members = [one["properties"][name] for one in owners]
        if inner is None and owners and _may_lack(name, owners, members, root, depth):
            continue
        found[name] = _without(inner, members, root, depth + 1) if members else inner
    return found


def _may_lack(
    name: str, owners: list[Schema], members: list[Any], root: Schema, depth: int
) -> bool:
    """Whether a member may be left out and may not be null."""
    required = all(name in one.get("required", ()) for one in owners)
    return not required and not any(_takes_null(one) for one in _branches(members, root, depth))


def _takes_null(schema: Schema) -> bool:
    kinds = kinds_of(schema)
    return not kinds or "null" in kinds


def _branches(schemas: list[Any], root: Schema, depth: int) -> list[Schema]:
    """The schemas that the given ones stand for: no references, no choices."""
    found: list[Schema] = []
    for schema in schemas:
        if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
            continue
        if isinstance(schema.get("$ref"), str):
            target = pointed(root, schema["$ref"])
            found += _branches([target], root, depth + 1)
            continue
        flat = plain(schema)
        around = {name: inner for name, inner in flat.items() if name != "anyOf"}
        choices = flat.get("anyOf")
        if not isinstance(choices, list):
            found.append(flat)
            continue
        found += _branches(choices, root, depth + 1)
        if "properties" in around:
            found.append(around)
    return found
