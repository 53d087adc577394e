"""Pydantic's errors → flaws in words of gateway.yaml, without a value of the data."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

from extproc.config.credential import FORMS
from extproc.config.problem import Flaw, Location, guess

MESSAGES = {
    "missing": "a required key is missing",
    "string_type": "must be text; put it in quotes",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "literal_error": "is not one of the words that may stand here",
    "enum": "is not one of the words that may stand here",
    "credential": "names no kind of credential",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must hold at least {min_length}",
    "too_long": "must hold at most {max_length}",
}

EXPECTED = re.compile(r"'([^']*)'|(\d+)")
"""The words that pydantic says may stand in a place: `'a', 'b' or 1`."""


def flaws(error: ValidationError, model: type[BaseModel], data: Any) -> list[Flaw]:
    """Every error of `data` as `model`."""
    details = error.errors(include_url=False, include_input=False)
    # A list without its bad items may be too short; that is no error of its own.
    inside = {detail["loc"][:end] for detail in details for end in range(len(detail["loc"]))}
    own = (item for item in details if item["type"] != "too_short" or item["loc"] not in inside)
    return [_flaw(detail, model, data) for detail in own]


def _flaw(detail: Any, model: type[BaseModel], data: Any) -> Flaw:
    location: Location = detail["loc"]
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return unknown_key(location, fields(model, location[:-1]))
    if kind == "flaw":
        return Flaw(location, context["message"])
    message = MESSAGES.get(kind, "cannot be used here").format(**context)
    allowed = _allowed(kind, context)
    written = value_at(data, location)
    return Flaw(location, guess(message, written, allowed), allowed)


def _allowed(kind: str, context: dict[str, Any]) -> tuple[str, ...]:
    if kind in ("literal_error", "enum"):
        return tuple(quoted or number for quoted, number in EXPECTED.findall(context["expected"]))
    return FORMS if kind == "credential" else ()


def unknown_key(location: Location, allowed: tuple[str, ...]) -> Flaw:
    """A key that no model has, with the one that it comes close to."""
    return Flaw(location, guess("unknown key", location[-1], allowed), allowed)


def value_at(data: Any, location: Location) -> Any:
    """The value at `location`, or None; parts that only the model knows are passed over."""
    for part in location:
        if not str(part).startswith("<"):
            try:
                data = data[part]
            except (KeyError, IndexError, TypeError):
                return None
    return data if isinstance(data, str | int) else None


def fields(model: type[BaseModel], location: Location) -> tuple[str, ...]:
    """The keys of the model that stands at `location` in `model`."""
    kind: Any = model
    for part in location:
        kind = _step(_bare(kind), part)
    kind = _bare(kind)
    return tuple(kind.model_fields) if _is_model(kind) else ()


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _bare(kind: Any) -> Any:
    """`kind` without Annotated and without `| None`."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    members = [member for member in get_args(kind) if member is not type(None)]
    if get_origin(kind) is not None and type(None) in get_args(kind) and len(members) == 1:
        return _bare(members[0])
    return kind


def _step(kind: Any, part: str | int) -> Any:
    if _is_model(kind):
        field = kind.model_fields.get(part)
        return field.annotation if field else None
    if get_origin(kind) is Union or str(part).startswith("<"):
        return next((member for member in _members(kind) if Tag(str(part)) in _tags(member)), None)
    arguments = get_args(kind)
    # dict[key, value], tuple[item, ...]
    return arguments[1 if get_origin(kind) is dict else 0] if arguments else None


def _members(kind: Any) -> Iterator[Any]:
    for member in get_args(kind):
        yield member
        if not _tags(member):
            yield from _members(member)


def _tags(member: Any) -> tuple[Any, ...]:
    return get_args(member)[1:] if get_origin(member) is Annotated else ()
