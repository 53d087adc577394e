"""Judges a body by the types of an official SDK.

The SDKs declare request bodies as TypedDicts. As they stand those are lenient: a list is an
`Iterable`, which pydantic only checks when somebody walks it, and unknown keys pass. Here the
schema that pydantic derives from them is closed first.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, SchemaValidator

from extproc.lab.simulator.dialect import Refusal

Schema = dict[str, Any]

MARK = "#"
"""Stands in the names that we give to branches, so that they are no key of a body."""


class Judge:
    """Checks bodies against one SDK type."""

    def __init__(self, of: Any, *, strict: bool) -> None:
        schema: Any = TypeAdapter(of).core_schema
        known = {item["ref"]: item for item in schema.get("definitions", ())}
        self._validator = SchemaValidator(_closed(schema, known, strict))

    def check(self, body: Any) -> None:
        """Raises Refusal, naming the parameter in OpenAI's manner (`messages[0].content`)."""
        try:
            self._validator.validate_python(body, strict=True)
        except ValidationError as error:
            raise _refusal(body, _worst(error.errors(include_url=False))) from None


def _closed(schema: Any, known: dict[str, Schema], strict: bool) -> Any:
    match schema:
        case {"type": "generator"}:
            return {"type": "list"} | {
                key: _closed(value, known, strict) for key, value in schema.items() if key != "type"
            }
        case {"type": "union"} if tag := _tag(schema, known):
            return _tagged(schema, tag, known, strict)
        case dict():
            new = {
                key: value if key in {"metadata", "expected"} else _closed(value, known, strict)
                for key, value in schema.items()
            }
            if new.get("type") == "typed-dict" and new.get("extra_behavior") != "allow":
                new["extra_behavior"] = "forbid" if strict else "ignore"
            return new
        case list() | tuple():
            return type(schema)(_closed(item, known, strict) for item in schema)
        case _:
            return schema


def _branches(union: Schema) -> list[Schema]:
    return [item[0] if isinstance(item, tuple) else item for item in union["choices"]]


def _literal(branch: Schema, key: str, known: dict[str, Schema]) -> tuple[Any, ...]:
    """The values that `key` may have in `branch`; empty when it is no Literal there."""
    branch = known.get(branch.get("schema_ref", ""), branch)
    field = branch.get("fields", {}).get(key, {}) if branch["type"] == "typed-dict" else {}
    inner = field.get("schema", {}) if field.get("required") else {}
    return tuple(inner["expected"]) if inner.get("type") == "literal" else ()


def _tag(union: Schema, known: dict[str, Schema]) -> str:
    """The key whose value tells the branches of `union` apart; empty when there is none."""
    branches = _branches(union)
    for key in ("role", "type"):
        values = [_literal(branch, key, known) for branch in branches]
        flat = [value for each in values for value in each]
        if all(values) and len(flat) == len(set(flat)):
            return key
    return ""


def _tagged(union: Schema, tag: str, known: dict[str, Schema], strict: bool) -> Schema:
    choices = {
        f"{tag}{MARK}{value}": _closed(branch, known, strict)
        for branch in _branches(union)
        for value in _literal(branch, tag, known)
    }

    def label(value: Any) -> str | None:
        return f"{tag}{MARK}{value.get(tag, '')}" if isinstance(value, dict) else None

    return {"type": "tagged-union", "discriminator": label, "choices": choices}


def _worst(errors: Sequence[ErrorDetails]) -> ErrorDetails:
    # Where a union has no tag every branch complains; the one that got deepest is meant.
    return max(errors, key=lambda error: len(error["loc"]))


def _refusal(body: Any, error: ErrorDetails) -> Refusal:
    path = _path(body, error["loc"])
    param = _join(path)
    match error["type"]:
        case "extra_forbidden" if len(path) == 1:
            return Refusal(f"Unrecognized request argument supplied: {param}")
        case "extra_forbidden":
            return Refusal(f"Unknown parameter: '{param}'.", param=param, code="unknown_parameter")
        case "union_tag_invalid":
            return _wrong_tag(param, error["ctx"])
        case "missing":
            return Refusal(
                f"Missing required parameter: '{param}'.",
                param=param,
                code="missing_required_parameter",
            )
        case "literal_error":
            return Refusal(
                f"Invalid value for '{param}': {error['msg']}.", param=param, code="invalid_value"
            )
        case _:
            return Refusal(
                f"Invalid type for '{param}': {error['msg']}.", param=param, code="invalid_type"
            )


def _wrong_tag(param: str, context: dict[str, Any]) -> Refusal:
    key, _, value = context["tag"].partition(MARK)
    supported = context["expected_tags"].replace(f"{key}{MARK}", "")
    return Refusal(
        f"Invalid value: '{value}'. Supported values are: {supported}.",
        param=f"{param}.{key}",
        code="invalid_value",
    )


def _path(body: Any, location: Sequence[int | str]) -> list[int | str]:
    """`location` without the names of union branches that pydantic puts into it."""
    path: list[int | str] = []
    here = body
    for index, step in enumerate(location):
        if isinstance(here, dict) and step in here:
            here = here[str(step)]
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
        elif index < len(location) - 1 or not isinstance(here, dict):
            continue
        path.append(step)
    return path


def _join(path: Sequence[int | str]) -> str:
    joined = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return joined.removeprefix(".")
