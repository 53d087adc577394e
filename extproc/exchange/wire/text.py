"""Metadata as Envoy tells them in attributes: protobuf's text form (envoy.config.core.v3.Metadata).

https://protobuf.dev/reference/protobuf/textformat-spec/ (2026-11). Only what printers write is
read, and of messages whose types are not known here, whatever they are, nothing is wanted.
"""

import re
from collections.abc import Iterator
from typing import Any

from extproc.exchange.wire.reading import WireError

TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<name>\[[^\]\s]*\]|[A-Za-z_][A-Za-z0-9_]*)
    | (?P<number>-?(?:[0-9.]+(?:[eE][-+]?[0-9]+)?|inf|nan))
    | (?P<mark>[{}<>:;,])
    )""",
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|(.))", re.DOTALL)
PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
CLOSING = {"{": "}", "<": ">"}
DEEPEST = 100
"""Messages in messages, as protobuf itself allows."""

Message = list[tuple[str, Any]]
"""Fields in their order; a value is a text, a number or word as it was written, or a Message."""


class Word(str):
    """A number or an enum's value, which was not in quotes."""

    __slots__ = ()


def metadata(text: str, namespace: str) -> dict[str, Any]:
    """The Struct of `namespace` as plain data, empty if there is none; raises WireError."""
    found: dict[str, Any] = {}
    for name, entry in parsed(text):
        if name == "filter_metadata" and isinstance(entry, list):
            fields = dict(entry)
            if fields.get("key") == namespace:
                found = _struct(fields.get("value", []))
    return found


def parsed(text: str) -> Message:
    """The fields of a message; raises WireError."""
    tokens = _tokens(text)
    return _message(tokens, "", 0)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """(kind, token); the last is the mark `""`."""
    at, end = 0, len(text.rstrip())
    while at < end:
        found = TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise WireError(f"metadata are no text form of protobuf at character {at}")
        yield found.lastgroup, found[found.lastgroup]
        at = found.end()
    yield "mark", ""


def _message(tokens: Iterator[tuple[str, str]], closing: str, depth: int) -> Message:
    if depth > DEEPEST:
        raise WireError("metadata are nested too deeply")
    fields: Message = []
    name = ""
    for kind, token in tokens:
        if kind == "mark" and token in CLOSING and name:
            fields.append((name, _message(tokens, CLOSING[token], depth + 1)))
            name = ""
        elif kind == "mark" and token == closing:
            return fields
        elif kind == "mark" and token in (":", ";", ","):
            continue
        elif kind == "mark" or (not name and kind != "name"):
            break
        elif not name:
            name = token
        else:
            fields.append((name, _text(token) if kind == "text" else Word(token)))
            name = ""
    raise WireError("metadata are no text form of protobuf")


def _text(token: str) -> str:
    raw = ESCAPE.sub(_escaped, token[1:-1].encode())
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise WireError("metadata hold text that is not UTF-8") from error


def _escaped(found: re.Match[bytes]) -> bytes:
    octal, hexadecimal, other = found.groups()
    if octal:
        return bytes([int(octal, 8) & 0xFF])
    if hexadecimal:
        return bytes([int(hexadecimal, 16)])
    return PLAIN.get(other, other)


def _struct(fields: Message) -> dict[str, Any]:
    """google.protobuf.Struct as plain data."""
    entries = (dict(entry) for name, entry in fields if name == "fields")
    return {str(entry.get("key", "")): _value(entry.get("value", [])) for entry in entries}


def _value(fields: Message) -> Any:
    """google.protobuf.Value as plain data."""
    for kind, said in fields:
        match kind:
            case "string_value":
                return str(said)
            case "number_value":
                return float(said)
            case "bool_value":
                return said in ("true", "True", "t", "1")
            case "struct_value":
                return _struct(said)
            case "list_value":
                return [_value(one) for name, one in said if name == "values"]
    return None
