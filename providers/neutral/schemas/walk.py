"""A schema made to fit a subset, from its root down."""

from collections.abc import Mapping
from typing import Any

import orjson

from providers.neutral.json_schema import DEFINITIONS, SILENT
from providers.neutral.schemas import joining
from providers.neutral.schemas.subset import Subset, Unfit
from providers.wire.budget import Budget

Schema = Mapping[str, Any]
Json = dict[str, Any]

MAX_NODES = 20_000
MAX_DEPTH = 64
MAX_DESCRIBED = 200
"""Characters of a constraint that is told to the model in words."""

KINDS = ("string", "number", "integer", "boolean", "null", "object", "array")
CONTAINERS = frozenset({"object", "array"})
STRUCTURE = frozenset(
    {
        "$ref",
        "type",
        "description",
        "enum",
        "const",
        "anyOf",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "prefixItems",
        *DEFINITIONS,
    }
)
"""Keywords that are read by name."""
UNSAID = SILENT | {"discriminator", "nullable", "title", "writeOnly"}
"""Keywords without which a schema says the same."""
OF_STRINGS = frozenset({"pattern", "format"})


class Walk:
    """One schema on its way into one subset."""

    def __init__(self, subset: Subset, budget: Budget) -> None:
        self.lost: dict[str, None] = {}
        self.nulls = False
        """True once a property that may be left out has become one that may be null."""
        self._subset = subset
        self._budget = budget
        self._nodes = self._properties = self._optional = self._unions = 0

    def root(self, value: Schema) -> Json:
        """The whole schema, with its definitions."""
        found = self.node(value, 0)
        for name in DEFINITIONS:
            inner = value.get(name)
            if isinstance(inner, Mapping) and inner:
                found[name] = {key: self.node(each, 0) for key, each in inner.items()}
        self._check()
        return found

    def _check(self) -> None:
        subset = self._subset
        counts = (
            ("properties", self._properties, subset.most_properties),
            ("members that may be left out", self._optional, subset.most_optional),
            ("choices", self._unions, subset.most_unions),
        )
        for what, count, most in counts:
            if most is not None and count > most:
                raise Unfit(f"it has {count} {what}, and {most} are the most")

    def node(self, value: Any, depth: int) -> Json:
        """One schema; `depth`: how many objects and arrays are around it."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise Unfit("it is too large")
        if depth > (self._subset.most_depth or MAX_DEPTH):
            raise Unfit("it is too deep")
        value = {} if value is True else value
        if not isinstance(value, Mapping):
            raise Unfit("a part of it is no schema")
        if "$ref" in value:
            return self._reference(value)
        value = plain(value)
        if "anyOf" in value:
            return self._choice(value, depth)
        return self._typed(value, kinds_of(value), depth)

    def _reference(self, value: Schema) -> Json:
        if not self._subset.lone_references:
            return {name: inner for name, inner in value.items() if name not in DEFINITIONS}
        beside = value.keys() - {"$ref", *UNSAID, *joining.ANNOTATIONS, *DEFINITIONS}
        self.lost.update(dict.fromkeys(sorted(beside)))
        return {"$ref": value["$ref"]}

    def _choice(self, value: Schema, depth: int) -> Json:
        branches = joining.spread(value) if _has_company(value) else value["anyOf"]
        if not self._subset.unions and any(map(is_null, branches)):
            self.lost["anyOf"] = None
            branches = [branch for branch in branches if not is_null(branch)]
        found: list[Json] = []
        for branch in branches:
            fitted = self.node(branch, depth)
            if fitted not in found:
                found.append(fitted)
        around = {name: value[name] for name in joining.ANNOTATIONS if name in value}
        if len(found) == 1:
            return {**self._annotated(around, {}), **found[0]}
        if not found or not self._subset.unions:
            raise Unfit("it has a choice")
        self._unions += 1
        return self._annotated(around, {"anyOf": found})

    def _typed(self, value: Schema, kinds: list[str], depth: int) -> Json:
        if not kinds and self._subset.typed:
            raise Unfit("a part of it may be anything")
        real = [kind for kind in kinds if kind != "null"]
        if len(real) < len(kinds) and real and not self._subset.unions:
            self.lost["type"] = None
            kinds = real
        if len(kinds) > 1 and (not CONTAINERS.isdisjoint(real) or self._splits(value, kinds)):
            return self._choice(_apart(value, kinds), depth)
        found: Json = {}
        if kinds:
            found["type"] = kinds[0] if len(kinds) == 1 else kinds
            self._unions += len(kinds) > 1
        said: dict[str, Any] = {}
        self._enumerated(value, kinds, found, said)
        if "object" in kinds:
            self._object(value, found, said, depth)
        if "array" in kinds:
            self._array(value, found, said, depth)
        self._constraints(value, kinds, found, said)
        return self._annotated(value, found, said)

    def _splits(self, value: Schema, kinds: list[str]) -> bool:
        """Whether `null` is a choice of its own: it cannot stand in the enumeration."""
        return ("enum" in value or "const" in value) and type(None) not in self._subset.enums

    def _enumerated(self, value: Schema, kinds: list[str], found: Json, said: Json) -> None:
        name = "const" if "const" in value else "enum"
        if name not in value:
            return
        self._budget.copy(value[name])
        values = [value["const"]] if name == "const" else list(value["enum"])
        if name == "const" and value["const"] not in value.get("enum", values):
            raise Unfit("an enumeration lacks the one value that is allowed")
        fitting = [item for item in values if not kinds or kind_of(item, kinds) is not None]
        if not fitting:
            raise Unfit("an enumeration has no value of its type")
        if not all(type(item) in self._subset.enums for item in fitting):
            self._tell(name, value[name], said)
        elif name == "const" and "const" in self._keywords:
            found["const"] = fitting[0]
        else:
            found["enum"] = fitting

    @property
    def _keywords(self) -> frozenset[str]:
        return self._subset.keywords or frozenset()

    def _object(self, value: Schema, found: Json, said: Json, depth: int) -> None:
        properties = value.get("properties", {})
        self._additional(value, found, said, depth)
        required = [name for name in value.get("required", ()) if name in properties]
        if len(required) < len(value.get("required", ())):
            self.lost["required"] = None
        fitted = {name: self.node(inner, depth + 1) for name, inner in properties.items()}
        self._properties += len(fitted)
        if self._subset.one_required and not required:
            if not fitted:
                raise Unfit("an object in it has no members")
            self.lost["required"] = None
            required = list(fitted)
        if self._subset.all_required:
            for name in fitted.keys() - set(required):
                fitted[name] = nullable(fitted[name])
                self.nulls = True
            required = list(fitted)
        self._optional += len(fitted) - len(required)
        if fitted or "properties" in value:
            found["properties"] = fitted
        if required or self._subset.all_required:
            found["required"] = required

    def _additional(self, value: Schema, found: Json, said: Json, depth: int) -> None:
        """What an object holds beside its known members."""
        more = value.get("additionalProperties")
        bare = "properties" not in value and more is not False
        named = isinstance(more, Mapping) or "patternProperties" in value
        if self._subset.typed and (named or bare):
            raise Unfit("the members of an object in it are not known")
        if self._subset.closed:
            if more is True:
                self.lost["additionalProperties"] = None
            found["additionalProperties"] = False
        elif "additionalProperties" in self._keywords and more is not None:
            found["additionalProperties"] = (
                more if more in (True, False) else self.node(more, depth + 1)
            )
        elif isinstance(more, Mapping) and more:
            self._tell("additionalProperties", more, said)

    def _array(self, value: Schema, found: Json, said: Json, depth: int) -> None:
        items, prefix = value.get("items"), value.get("prefixItems")
        if isinstance(items, list):  # how drafts before 2020-12 say it
            items, prefix = None, items
        if prefix and "prefixItems" in self._keywords:
            found["prefixItems"] = [self.node(each, depth + 1) for each in prefix]
        elif prefix:
            self.lost["prefixItems"] = None
            places = [*prefix, *([items] if isinstance(items, Mapping) else [])]
            said["minItems"] = len(prefix)
            items = places[0] if len(places) == 1 else {"anyOf": places}
        if items is None and self._subset.typed:
            raise Unfit("an array in it may hold anything")
        if items is not None and items is not False:
            found["items"] = self.node(items, depth + 1)

    def _constraints(self, value: Schema, kinds: list[str], found: Json, said: Json) -> None:
        for name, inner in value.items():
            if name in STRUCTURE or name in UNSAID or (name == "default" and inner is None):
                continue
            if self._takes(name, inner, kinds):
                self._budget.copy(inner)
                found[name] = inner
            else:
                self._tell(name, inner, said)

    def _takes(self, name: str, inner: Any, kinds: list[str]) -> bool:
        subset = self._subset
        if name not in self._keywords or (name in OF_STRINGS and "string" not in kinds):
            return False
        if name == "format":
            return subset.formats is None or inner in subset.formats
        if name == "minItems" and subset.most_min_items is not None:
            return bool(inner <= subset.most_min_items)
        return not (name == "pattern" and subset.patterns and subset.patterns.search(inner))

    def _tell(self, name: str, inner: Any, said: dict[str, Any]) -> None:
        """Names what the subset does not take, and keeps it for the description."""
        self.lost[name] = None
        said[name] = inner

    def _annotated(self, value: Schema, found: Json, said: Mapping[str, Any] | None = None) -> Json:
        """`found` with the words about it, and what else must be said in words."""
        words = described(value.get("description"), said or {})
        if words:
            # Schemas that stand in several alternatives are told in each.
            self._budget.grow(len(words))
            found["description"] = words
        if "title" in self._keywords and "title" in value:
            found["title"] = value["title"]
        return found


def described(words: Any, said: Mapping[str, Any]) -> str:
    """A description that says constraints, too."""
    told = [f"{name}: {text}" for name, inner in said.items() if (text := _brief(inner))]
    told = [f"({', '.join(told)})"] if told else []
    return " ".join([words, *told] if isinstance(words, str) and words else told)


def _brief(value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= MAX_DESCRIBED else ""


def plain(value: Schema) -> Schema:
    """The same, said with fewer words: no `allOf`, no `oneOf`, no `nullable`."""
    if "allOf" in value:
        value = joining.all_of(value)
    if "oneOf" in value:
        both = {**value, "anyOf": value["oneOf"]}
        value = joining.joined(both, {"anyOf": value["anyOf"]}) if "anyOf" in value else both
        value = {name: inner for name, inner in value.items() if name != "oneOf"}
    if value.get("nullable") is True and isinstance(value.get("type"), str):
        value = {**value, "type": [value["type"], "null"]}
    return value


def kinds_of(value: Schema) -> list[str]:
    """The types that a schema says, or lets be known by what else it says."""
    kinds = value.get("type")
    if kinds is not None:
        return [kinds] if isinstance(kinds, str) else list(dict.fromkeys(kinds))
    if "properties" in value:
        return ["object"]
    if "items" in value or "prefixItems" in value:
        return ["array"]
    values = [value["const"]] if "const" in value else value.get("enum", ())
    return list(dict.fromkeys(str(kind_of(item, KINDS)) for item in values))


def kind_of(value: Any, kinds: list[str] | tuple[str, ...]) -> str | None:
    """Which of `kinds` a value is of."""
    names = NAMES.get(type(value), ())
    return next((name for name in names if name in kinds), None)


NAMES: Mapping[type, tuple[str, ...]] = {
    str: ("string",),
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number",),
    type(None): ("null",),
    dict: ("object",),
    list: ("array",),
}


def is_null(value: Any) -> bool:
    """Whether nothing but null is valid."""
    return isinstance(value, Mapping) and value.get("type") == "null"


def nullable(value: Json) -> Json:
    """The schema, by which null is valid, too."""
    kind = value.get("type")
    if "anyOf" in value:
        choices = value["anyOf"]
        return value if any(map(is_null, choices)) else {**value, "anyOf": [*choices, NULL]}
    if kind is None or kind == "null" or not CONTAINERS.isdisjoint(_listed(kind)):
        return value if kind == "null" else {"anyOf": [value, NULL]}
    if "null" not in _listed(kind):
        value = {**value, "type": [*_listed(kind), "null"]}
    if "const" in value:
        value = {name: inner for name, inner in value.items() if name != "const"} | {
            "enum": [value["const"]]
        }
    if "enum" in value and None not in value["enum"]:
        value = {**value, "enum": [*value["enum"], None]}
    return value


NULL: Json = {"type": "null"}


def _listed(kind: Any) -> list[str]:
    return [kind] if isinstance(kind, str) else kind


def _has_company(value: Schema) -> bool:
    """Whether something that decides what is valid stands beside a choice."""
    return not value.keys() <= {"anyOf", *joining.ANNOTATIONS, *UNSAID, *DEFINITIONS}


def _apart(value: Schema, kinds: list[str]) -> Json:
    """A choice of types as a choice of schemas."""
    around = {name: value[name] for name in joining.ANNOTATIONS if name in value}
    rest = {name: inner for name, inner in value.items() if name not in around}
    return {**around, "anyOf": [_of_kind(rest, kind) for kind in kinds]}


def _of_kind(value: Schema, kind: str) -> Json:
    if kind == "null":
        return NULL
    found = {name: each for name, each in value.items() if name != "nullable"}
    found["type"] = kind
    if kind != "object":
        found = {name: each for name, each in found.items() if name not in OF_OBJECTS}
    if kind != "array":
        found = {name: each for name, each in found.items() if name not in OF_ARRAYS}
    return found


OF_OBJECTS = frozenset({"properties", "required", "additionalProperties", "patternProperties"})
OF_ARRAYS = frozenset({"items", "prefixItems", "minItems", "maxItems", "uniqueItems"})
