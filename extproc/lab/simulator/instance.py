"""The smallest instance of a JSON Schema, so that structured output can be answered."""

from typing import Any

from extproc.lab.simulator.dialect import Json

DEPTH = 16
"""Recursive schemas end here."""
FORMATS = {
    "date-time": "2023-11-14T22:13:20Z",
    "date": "2023-11-14",
    "time": "22:13:20Z",
    "email": "sim@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}


def instance(schema: Json | bool, word: str = "sim") -> Any:
    """A value that `schema` accepts, strings being `word` where any string will do."""
    return _build(schema, schema if isinstance(schema, dict) else {}, word, 0)


def _build(schema: Any, root: Json, word: str, depth: int) -> Any:
    if not isinstance(schema, dict) or depth > DEPTH:
        return None
    if "$ref" in schema:
        return _build(_follow(root, schema["$ref"]), root, word, depth + 1)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf"):
        if schema.get(key):
            return _build(_plainest(schema[key]), root, word, depth + 1)
    if "allOf" in schema:
        return _build(_together(schema["allOf"], root), root, word, depth + 1)
    return _of_type(_type(schema), schema, root, word, depth)


def _type(schema: Json) -> str:
    named = schema.get("type", "object" if "properties" in schema else "string")
    return (
        str(next((each for each in named if each != "null"), "null"))
        if isinstance(named, list)
        else str(named).lower()
    )


def _of_type(kind: str, schema: Json, root: Json, word: str, depth: int) -> Any:
    match kind.lower():
        case "object":
            properties = schema.get("properties", {})
            wanted = schema.get("required", ())
            return {key: _build(properties.get(key, {}), root, word, depth + 1) for key in wanted}
        case "array":
            count = schema.get("minItems", 0)
            return [_build(schema.get("items", {}), root, word, depth + 1) for _ in range(count)]
        case "integer" | "number":
            return _number(schema, kind.lower())
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _string(schema, word)


def _number(schema: Json, kind: str) -> float:
    low = schema.get("minimum", schema.get("exclusiveMinimum", min(1, schema.get("maximum", 1))))
    if "exclusiveMinimum" in schema and low <= schema["exclusiveMinimum"]:
        low += 1
    step = schema.get("multipleOf")
    value = -(-low // step) * step if step else low
    return int(value) if kind == "integer" else value


def _string(schema: Json, word: str) -> str:
    text = FORMATS.get(schema.get("format", ""), word)
    text = text.ljust(int(schema.get("minLength", 0)), "x")
    return text[: schema.get("maxLength", len(text))]


def _plainest(branches: list[Any]) -> Any:
    return next((branch for branch in branches if branch != {"type": "null"}), branches[0])


def _together(branches: list[Any], root: Json) -> Json:
    merged: Json = {}
    for branch in branches:
        part = _follow(root, branch["$ref"]) if "$ref" in branch else branch
        properties = merged.get("properties", {}) | part.get("properties", {})
        required = [*merged.get("required", ()), *part.get("required", ())]
        merged |= part | {"properties": properties, "required": required}
    return merged


def _follow(root: Json, reference: str) -> Any:
    here: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        if step and isinstance(here, dict):
            here = here.get(step.replace("~1", "/").replace("~0", "~"))
    return here
