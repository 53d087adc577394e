"""What the simulator is told to do with one request.

Directives come from four places, the later winning: the server's own script, its table of model
prefixes, `[[sim: {...}]]` in the last user message, and `x-sim` headers. A directive that does not
exist is an error, so that a misspelt test fails.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
import orjson

Place = Literal["before_headers", "after_headers", "mid"]

MARK = "[[sim:"
IN_TEXT = re.compile(r"\[\[sim:\s*(\{.*?\})\s*\]\]\s?", re.DOTALL)
HEADER = "x-sim"


class BadDirectiveError(Exception):
    """A directive that the simulator does not know, or a value that it cannot take."""


class Directives(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One request's orders; the package docstring has the table."""

    at: str = ""
    status: int = 200
    body: Literal["own", "html", "empty", "plain", "json", "mislabelled", "whole"] = "own"
    message: str = ""
    error_type: str = ""
    error_code: str | None = None
    retry_after: str | int | None = None
    headers: dict[str, str] = {}
    content_type: str | None = None
    validate: bool | None = None
    close: bool = False
    chunked: bool = False
    encoding: Literal["", "gzip", "br"] = ""

    delay_ms: float = 0
    chunk_delay_ms: float = 0
    cut: int | Literal["random", ""] = ""
    cut_delay_ms: float = 0
    seed: int = 0
    drop: Place | None = None
    hang: Place | None = None
    after: int = 1
    reset: bool = False

    text: str | None = None
    tokens: int | None = None
    size: int | None = None
    refusal: bool | str = False
    reasoning: int = 0
    reasoning_field: str = ""
    searches: list[str] = []
    call_tool: bool | str | list[str] = False
    arguments: dict[str, Any] | None = None
    call_id: str = ""
    interleaved: bool = False
    rounds: int = 1
    finish: str = ""
    extra: dict[str, Any] = {}
    id: str = ""
    created: int | None = None
    unique: bool = False

    usage: Literal["asked", "none", "always", "last", "each"] = "asked"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int = 0
    audio_tokens: int = 0

    error_after: int | None = None
    done: bool = True
    crlf: bool = False
    no_space: bool = False
    comments: bool | str = False
    bom: bool = False
    multiline: bool = False


DEFAULT = Directives()


def convert(orders: Mapping[str, Any]) -> Directives:
    """`orders` as Directives; raises BadDirectiveError."""
    try:
        return msgspec.convert(orders, Directives) if orders else DEFAULT
    except msgspec.ValidationError as error:
        raise BadDirectiveError(str(error)) from error


def from_text(text: str) -> list[dict[str, Any]]:
    """The directives that stand in `text`, in order; raises BadDirectiveError."""
    if MARK not in text:
        return []
    return [_object(match[1]) for match in IN_TEXT.finditer(text)]


def without_directives(text: str) -> str:
    """`text` as a model would see it."""
    return IN_TEXT.sub("", text) if MARK in text else text


def from_headers(headers: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """`x-sim: {...}` and `x-sim-<directive>: <JSON or text>`; names are lower-case."""
    found: dict[str, Any] = {}
    for name, value in headers:
        if name == HEADER:
            found |= _object(value)
        elif name.startswith(f"{HEADER}-"):
            found[name.removeprefix(f"{HEADER}-").replace("-", "_")] = _value(value)
    return found


def by_prefix(model: str, table: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The orders of the longest prefix of `model` in `table`."""
    matching = [prefix for prefix in table if model.startswith(prefix)]
    return table[max(matching, key=len)] if matching else {}


def merge(layers: Sequence[Mapping[str, Any]], name: str) -> Directives:
    """One Directives out of `layers`; those meant for another server (`at`) are left out."""
    merged: dict[str, Any] = {}
    for layer in layers:
        if layer.get("at", name) == name:
            merged.update(layer)
    return convert(merged)


def _object(text: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadDirectiveError(f"not JSON: {text}") from error
    if not isinstance(value, dict):
        raise BadDirectiveError(f"not a JSON object: {text}")
    return value


def _value(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
