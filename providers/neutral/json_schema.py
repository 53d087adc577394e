"""Schemas of function arguments and of structured answers, in the forms that vendors take.

`to_openapi` and `from_openapi` go between JSON Schema (draft 2020-12) and Google's `Schema`, a
subset of OpenAPI 3.0 with upper-case types (https://ai.google.dev/api/caching#Schema); `inline`
replaces references by what they stand for.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from providers.errors import Unsupported
from providers.wire.budget import Budget

Schema = Mapping[str, Any]

MAX_DEPTH = 32
"""Nested schemas; a reference that leads back to itself is cut off there or before."""
MAX_UNROLLED = 2
"""How often a reference may stand inside itself before it becomes "anything"."""
UNFOLDED, RENDERED = 2, 5
"""Steps of a budget: what a schema costs when references in it are replaced, and when it is said
in Google's words, measured in JSON values that are merely translated."""

DEFINITIONS = ("$defs", "definitions")
MAPS = ("properties", "patternProperties", "dependentSchemas")
LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
SINGLES = ("items", "additionalProperties", "not", "if", "then", "else", "contains")

KEPT = (
    "title",
    "description",
    "format",
    "default",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "required",
    "propertyOrdering",
    "example",
)
"""What both forms call by the same name."""

COUNTS = frozenset(
    {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}
)
"""64-bit numbers, which protocol buffers' JSON writes as strings."""
COUNT = re.compile(r"[0-9]{1,18}")

SILENT = frozenset({"$schema", "$id", "$comment", "$anchor", "examples", "deprecated", "readOnly"})
"""Keywords that say nothing of what is valid."""

TYPES = ("type_unspecified", "string", "number", "integer", "boolean", "array", "object", "null")
"""In the order of the numbers by which Google's older clients say them."""

SNAKE = {
    "any_of": "anyOf",
    "min_length": "minLength",
    "max_length": "maxLength",
    "min_items": "minItems",
    "max_items": "maxItems",
    "min_properties": "minProperties",
    "max_properties": "maxProperties",
    "property_ordering": "propertyOrdering",
    "additional_properties": "additionalProperties",
    "defs": "$defs",
    "ref": "$ref",
}


class Inliner(msgspec.Struct):
    """Replaces local references: a small document can stand for an enormous one."""

    root: Schema
    budget: Budget

    def resolve(self, value: Any, open: tuple[str, ...] = (), depth: int = 0) -> Any:
        """`value` without references; `open`: those that are being replaced."""
        self.budget.step(UNFOLDED)
        if not isinstance(value, Mapping):
            return value
        if depth > MAX_DEPTH:
            return {}
        reference = value.get("$ref")
        if isinstance(reference, str):
            return self._referred(reference, value, open, depth)
        found: dict[str, Any] = {}
        for name, inner in value.items():
            if name not in DEFINITIONS:
                self.budget.grow(len(name))
                found[name] = self._member(name, inner, open, depth + 1)
        return found

    def _referred(self, name: str, value: Schema, open: tuple[str, ...], depth: int) -> Any:
        if open.count(name) >= MAX_UNROLLED:
            return {}
        beside = {key: inner for key, inner in value.items() if key != "$ref"}
        target = self.resolve(pointed(self.root, name), (*open, name), depth + 1)
        rest = self.resolve(beside, open, depth + 1)
        return {**target, **rest} if isinstance(target, dict) else rest or target

    def _member(self, name: str, inner: Any, open: tuple[str, ...], depth: int) -> Any:
        if name in MAPS and isinstance(inner, Mapping):
            return {key: self._named(key, item, open, depth) for key, item in inner.items()}
        if name in LISTS and isinstance(inner, list):
            return [self.resolve(item, open, depth) for item in inner]
        if name in SINGLES:
            return self.resolve(inner, open, depth)
        self.budget.copy(inner)
        return inner

    def _named(self, key: str, item: Any, open: tuple[str, ...], depth: int) -> Any:
        self.budget.grow(len(key))
        return self.resolve(item, open, depth)


def inline(schema: Schema, budget: Budget | None = None) -> dict[str, Any]:
    """The schema with every local reference replaced, within the request's budget.

    Raises Unsupported for a reference to what is not here, TooLarge for what grows too large.
    """
    found = Inliner(root=schema, budget=budget or Budget()).resolve(schema)
    return found if isinstance(found, dict) else {}


def pointed(root: Schema, reference: str) -> Any:
    """What a JSON pointer within the document points at (RFC 6901)."""
    if not reference.startswith("#"):
        raise Unsupported(f"the JSON schema refers to {reference[:200]!r}, outside itself")
    here: Any = root
    for step in reference[1:].split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(here, Mapping) and name in here:
            here = here[name]
        elif isinstance(here, list) and name.isdecimal() and int(name) < len(here):
            here = here[int(name)]
        else:
            raise Unsupported(f"the JSON schema refers to {reference[:200]!r}, which is not there")
    return here


def to_openapi(schema: Schema, budget: Budget | None = None) -> tuple[dict[str, Any], list[str]]:
    """(Google's `Schema` of it, keywords that were lost); raises Unsupported, TooLarge."""
    budget = budget or Budget()
    renderer = Renderer(budget=budget)
    return renderer.schema(inline(schema, budget)), list(renderer.lost)


class Renderer(msgspec.Struct):
    """Says a schema without references in Google's words."""

    budget: Budget
    lost: dict[str, None] = {}
    """Keywords for which there are none."""

    def schema(self, value: Any) -> dict[str, Any]:
        """Google's `Schema` of `value`, in which each of several types has all that is beside."""
        if not isinstance(value, Mapping):
            return {}
        value = _merged(value)
        self.budget.step(RENDERED + len(value))
        found: dict[str, Any] = {name: self._kept(value[name]) for name in KEPT if name in value}
        self._types(value, found)
        self._kept(value.get("enum", value.get("const")))
        _values(value, found)
        properties = value.get("properties")
        if isinstance(properties, Mapping) and properties:
            found["properties"] = {key: self._named(key, each) for key, each in properties.items()}
        if isinstance(value.get("items"), Mapping):
            found["items"] = self.schema(value["items"])
        for name in ("anyOf", "oneOf"):
            if isinstance(value.get(name), list):
                self._branches(value[name], found)
        lost = [name for name in value if name not in READ and name not in SILENT]
        self.lost.update(dict.fromkeys(lost))
        return found

    def _kept(self, value: Any) -> Any:
        self.budget.copy(value)
        return value

    def _named(self, key: str, value: Any) -> dict[str, Any]:
        self.budget.grow(len(key))
        return self.schema(value)

    def _types(self, value: Schema, found: dict[str, Any]) -> None:
        """One type, or a choice of them; `null` among them is `nullable`."""
        kinds = value.get("type")
        kinds = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else []
        real = [kind.upper() for kind in kinds if isinstance(kind, str) and kind != "null"]
        if "null" in kinds and real:
            found["nullable"] = True
        if len(real) == 1 or (not real and kinds):
            found["type"] = real[0] if real else "NULL"
        elif real:
            plain = {**value, "type": None}
            found["anyOf"] = [self.schema({**plain, "type": kind.lower()}) for kind in real]
        elif "properties" in value:
            found["type"] = "OBJECT"
        elif _all_strings(value.get("enum")):
            found["type"] = "STRING"

    def _branches(self, branches: list[Any], found: dict[str, Any]) -> None:
        """Alternatives; one that is only `null` is `nullable`, a lone rest needs no choice."""
        real = [item for item in branches if not _is_null(item)]
        if len(real) < len(branches):
            found["nullable"] = True
        rendered = [self.schema(item) for item in real]
        if len(rendered) == 1:
            found.update({name: inner for name, inner in rendered[0].items() if name not in found})
        elif rendered:
            found["anyOf"] = rendered


READ = frozenset({*KEPT, "type", "enum", "const", "properties", "items", "anyOf", "oneOf"})


def _merged(value: Schema) -> Schema:
    """`allOf` joined into the schema around it, members of the later ones winning."""
    if not isinstance(value.get("allOf"), list):
        return value
    found: dict[str, Any] = {}
    required: dict[str, None] = {}
    _join(value, found, required)
    return {**found, "required": list(required)} if required else found


def _join(value: Schema, found: dict[str, Any], required: dict[str, None]) -> None:
    """Adds members to what was joined before, in place: copies would take quadratic time."""
    for name, inner in value.items():
        if name == "properties" and isinstance(inner, Mapping):
            found[name] = known = found.get(name, {})
            known.update(inner)
        elif name == "required" and isinstance(inner, list):
            required.update(dict.fromkeys(filter(_is_word, inner)))
        elif name not in ("allOf", "properties", "required"):
            found[name] = inner
    branches = value.get("allOf")
    for branch in branches if isinstance(branches, list) else ():
        if isinstance(branch, Mapping):
            _join(branch, found, required)


def _is_word(value: Any) -> bool:
    return isinstance(value, str)


def _all_strings(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(item, str) for item in values)


def _values(value: Schema, found: dict[str, Any]) -> None:
    """`enum` and `const`: Google's enumerations hold strings only."""
    values = value.get("enum")
    if "const" in value:
        values = [value["const"]]
    if not isinstance(values, list):
        return
    if None in values:
        found["nullable"] = True
    words = [item if isinstance(item, str) else _word(item) for item in values if item is not None]
    found["enum"] = words
    if found.get("type") == "STRING":
        found["format"] = "enum"
    else:
        found.setdefault("type", "STRING")


def _word(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _is_null(branch: Any) -> bool:
    return isinstance(branch, Mapping) and branch.get("type") == "null"


def from_openapi(schema: Schema) -> dict[str, Any]:
    """The JSON Schema of Google's `Schema`, in either spelling of its names."""
    return _from(schema, 0)


def _from(value: Any, depth: int) -> dict[str, Any]:
    if not isinstance(value, Mapping) or depth > 2 * MAX_DEPTH:
        return {}
    found: dict[str, Any] = {}
    for spelled, inner in value.items():
        name = SNAKE.get(str(spelled), str(spelled))
        if inner is not None and name != "nullable":
            found[name] = _lowered(name, inner, depth + 1)
    if found.get("type") == TYPES[0]:
        del found["type"]
    if found.get("format") == "enum":
        del found["format"]
    if found.get("type") in ("integer", "number") and isinstance(found.get("enum"), list):
        found["enum"] = [_number(item) for item in found["enum"]]
    if "example" in found:
        found["examples"] = [found.pop("example")]
    _order(found)
    if value.get("nullable"):
        _nullable(found)
    return found


def _number(item: Any) -> Any:
    """A number of an enumeration, which Google writes as a string."""
    try:
        return msgspec.json.decode(item) if isinstance(item, str) else item
    except msgspec.DecodeError:
        return item


def _order(found: dict[str, Any]) -> None:
    """Puts properties in the order of `propertyOrdering`, which JSON Schema does not know."""
    order, properties = found.pop("propertyOrdering", None), found.get("properties")
    if isinstance(order, list) and isinstance(properties, dict):
        known = (name for name in order if isinstance(name, str) and name in properties)
        first = {name: properties[name] for name in known}
        found["properties"] = first | properties


def _lowered(name: str, inner: Any, depth: int) -> Any:
    if name == "type":
        return _type(inner)
    if (name in MAPS or name in DEFINITIONS) and isinstance(inner, Mapping):
        return {key: _from(item, depth) for key, item in inner.items()}
    if name in LISTS and isinstance(inner, list):
        return [_from(item, depth) for item in inner]
    if name == "items" or (name in SINGLES and isinstance(inner, Mapping)):
        return _from(inner, depth)
    if name in COUNTS and isinstance(inner, str) and COUNT.fullmatch(inner):
        return int(inner)
    return inner


def _type(value: Any) -> Any:
    if type(value) is int and 0 <= value < len(TYPES):
        return TYPES[value]
    if isinstance(value, list):
        return [_type(each) for each in value]
    return value.lower() if isinstance(value, str) else value


def _nullable(found: dict[str, Any]) -> None:
    kind = found.get("type")
    if isinstance(kind, str):
        found["type"] = [kind, "null"]
        if isinstance(found.get("enum"), list):
            found["enum"] = [*found["enum"], None]
    elif isinstance(found.get("anyOf"), list):
        found["anyOf"] = [*found["anyOf"], {"type": "null"}]
