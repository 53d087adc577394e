"""Which JSON Schemas each vendor refuses, and in which words.

Written from the vendors' documentation, apart from the code that makes schemas fit.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from extproc.lab.simulator.dialect import Json, Refusal

COMPOSED = ("anyOf", "oneOf", "allOf")
BASIC = {"type", "description", "title", "enum", "const", "properties", "required", "items"} | {
    "additionalProperties",
    "anyOf",
    "$ref",
    "$defs",
    "definitions",
    "format",
}
NUMBERS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
# https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
OPENAI = BASIC | NUMBERS | {"pattern", "minItems", "maxItems"}
OPENAI_FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6"} | {
    "uuid"
}
MAX_LEVELS = 10
# https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
CLAUDE = BASIC | {"allOf", "minItems", "default"}
CLAUDE_FORMATS = OPENAI_FORMATS | {"uri"}
MAX_OPTIONAL, MAX_UNIONS = 24, 16
# https://ai.google.dev/api/generate-content#generationconfig
GEMINI = (
    BASIC - {"const", "definitions"}
    | {"oneOf", "$id", "$anchor", "prefixItems"}
    | {
        "minItems",
        "maxItems",
        "minimum",
        "maximum",
        "propertyOrdering",
    }
)
# https://docs.cohere.com/v2/docs/structured-outputs#unsupported-schema-features
COHERE_REFUSES = {*COMPOSED, "not", "minimum", "maximum", "minItems", "maxItems"} | {
    "minLength",
    "maxLength",
    "uniqueItems",
    "additionalProperties",
}
COHERE_FORMATS = {"date-time", "uuid", "date", "time"}
COHERE_PATTERN = re.compile(r"[\^$]|\?=|\?!")


def nodes(value: Any, at: str = "", level: int = 0) -> Iterator[tuple[str, Json, int]]:
    """(place, schema, objects and arrays around it) of a schema and all inside it."""
    if not isinstance(value, dict):
        return
    yield at or "the root", value, level
    deeper = level + (value.get("type") in ("object", "array"))
    for name in ("properties", "$defs", "definitions", "patternProperties"):
        for key, inner in (value.get(name) or {}).items():
            yield from nodes(inner, f"{at}.{name}.{key}", deeper)
    for name in (*COMPOSED, "prefixItems"):
        for index, inner in enumerate(value.get(name) or ()):
            yield from nodes(inner, f"{at}.{name}.{index}", deeper)
    for name in ("items", "additionalProperties", "not"):
        yield from nodes(value.get(name), f"{at}.{name}", deeper)


def openai_strict(root: Json) -> None:
    """Raises Refusal for what `strict: true` does not take."""
    openai(root)
    for at, node, level in nodes(root):
        _only(node, OPENAI, at)
        if "$ref" in node:
            _if(len(node) > 1, f"{at}: $ref cannot have keywords beside it")
            continue
        _if("type" not in node and "anyOf" not in node, f"{at}: schema must have a 'type' key")
        _if(level > MAX_LEVELS, f"{at}: exceeds the limit of {MAX_LEVELS} nesting levels")
        _closed(node, at)
        _formats(node, OPENAI_FORMATS, at)
        _if(
            node.get("type") == "array" and "items" not in node, f"{at}: array schema missing items"
        )
        if _is_object(node):
            same = sorted(node.get("required") or ()) == sorted(node.get("properties") or ())
            _if(not same, f"{at}: 'required' must include every key in properties")


def openai(root: Json) -> None:
    """Raises Refusal for what no schema of OpenAI's may be."""
    _if(root.get("type") != "object", "schema must be a JSON Schema of 'type: \"object\"'")
    named = [name for name in (*COMPOSED, "enum", "not") if name in root]
    _if(named, f"schema must not have {named} at the top level")
    for at, node, _ in nodes(root):
        _if(
            node.get("type") == "array" and "items" not in node, f"{at}: array schema missing items"
        )


def claude_strict(root: Json) -> None:
    """Raises Refusal for what structured outputs and strict tools do not take."""
    optional = unions = 0
    for at, node, _ in nodes(root):
        _only(node, CLAUDE, at)
        _closed(node, at)
        _formats(node, CLAUDE_FORMATS, at)
        _if((node.get("minItems") or 0) > 1, f"{at}: minItems may be 0 or 1")
        scalars = all(not isinstance(each, dict | list) for each in node.get("enum") or ())
        _if(not scalars, f"{at}: enum values must be scalars")
        saying = {"type", "$ref", "enum", "const", *COMPOSED}
        _if(not saying & node.keys(), f"{at}: a schema must say a type")
        optional += len(set(node.get("properties") or ()) - set(node.get("required") or ()))
        unions += "anyOf" in node or isinstance(node.get("type"), list)
    _if(optional > MAX_OPTIONAL, f"too many optional parameters ({optional})")
    _if(unions > MAX_UNIONS, f"too many parameters with union types ({unions})")
    _if(_recursive(root, root, ()), "recursive schemas are not supported")


def claude_tool(root: Json) -> None:
    """Raises Refusal for what no tool of Claude's may be."""
    _if(root.get("type") != "object", "input_schema.type: Input should be 'object'")
    composed = [name for name in COMPOSED if name in root]
    message = "input_schema does not support oneOf, allOf, or anyOf at the top level"
    _if(composed, message)


def nova_tool(root: Json) -> None:
    """Raises Refusal for more than three members at the root."""
    _if(root.get("type") != "object", "toolSpec.inputSchema.json.type must be object")
    _only(root, {"type", "properties", "required"}, "inputSchema.json")


def gemini(root: Json) -> None:
    """Raises Refusal for what JSON Schema may not say to Google; other keywords are ignored."""
    for at, node, _ in nodes(root):
        beside = [name for name in node if not name.startswith("$")]
        _if("$ref" in node and beside, f"{at}: nothing may be set beside $ref")
        _if(set(node.get("required") or ()) - set(node.get("properties") or ()), f"{at}: required")
    _if(_recursive(root, root, ()), "recursion is not supported here")


def cohere(root: Json) -> None:
    """Raises Refusal for what `response_format` and strict tools do not take."""
    _if(root.get("type") != "object", "the top level type must be object")
    for at, node, _ in nodes(root):
        _if(refused := COHERE_REFUSES & node.keys(), f"{at}: {sorted(refused)} not supported")
        _formats(node, COHERE_FORMATS, at)
        _if(COHERE_PATTERN.search(node.get("pattern", "")), f"{at}: pattern not supported")
        _if(isinstance(node.get("type"), list), f"{at}: a list of types is not supported")
        bare = _is_object(node) and not node.get("required")
        _if(bare, f"{at}: every object must have at least one required field")


def grammar(root: Json) -> None:
    """Raises Refusal for what llama.cpp makes no grammar of."""
    for at, node, _ in nodes(root):
        pattern = node.get("pattern")
        anchored = pattern is None or (pattern.startswith("^") and pattern.endswith("$"))
        _if(not anchored, f"{at}: Pattern must start with '^' and end with '$'")


def judged(judge: Callable[[Json], None], schema: Json, at: str) -> None:
    """Raises the judge's Refusal with the place in the body."""
    try:
        judge(schema)
    except Refusal as refusal:
        raise Refusal(f"{at}: {refusal.message}", param=at, code="invalid_json_schema") from None


def _if(wrong: object, message: str) -> None:
    if wrong:
        raise Refusal(message)


def _only(node: Json, allowed: set[str], at: str) -> None:
    strange = sorted(node.keys() - allowed - {"$schema"})
    _if(strange, f"{at}: {strange} is not permitted")


def _is_object(node: Json) -> bool:
    kind = node.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind)


def _closed(node: Json, at: str) -> None:
    if _is_object(node) or "properties" in node:
        closed = node.get("additionalProperties") is False
        _if(not closed, f"{at}: 'additionalProperties' is required to be supplied and to be false")


def _items(node: Json, at: str) -> None:
    bare = node.get("type") == "array" and "items" not in node
    _if(bare, f"{at}: array schema missing items")


def _formats(node: Json, allowed: set[str], at: str) -> None:
    said = node.get("format")
    _if(said is not None and said not in allowed, f"{at}: format {said!r} is not supported")


def _recursive(value: Any, root: Json, open: tuple[str, ...]) -> bool:
    """Whether a schema refers to what it stands in."""
    for _, node, _ in nodes({k: v for k, v in value.items() if k not in ("$defs", "definitions")}):
        name = node.get("$ref")
        if not isinstance(name, str):
            continue
        if name in open or _recursive(_target(name, root), root, (*open, name)):
            return True
    return False


def _target(name: str, root: Json) -> Json:
    here: Any = root
    for step in name.split("/")[1:]:
        here = here[step.replace("~1", "/").replace("~0", "~")]
    return here if isinstance(here, dict) else {}
