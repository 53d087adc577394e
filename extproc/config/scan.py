"""What no value anywhere in a configuration may hold: control characters, and secrets."""

import re
from typing import Any

from extproc.config.problem import Flaw, Location
from extproc.config.redaction import looks_secret

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
BODY_TEXT = ("defaults", "override")
"""Under the `request` of a route or a backend, where text in a JSON string may have lines."""

PEM = (("tls", "ca_pem"), ("proxy", "ca_pem"))
"""Under a backend, where certificates have lines."""


def forbidden(data: Any) -> list[Flaw]:
    """Every value and key in `data` that may not stand there."""
    found = list[Flaw]()
    _look(data, (), found, set())
    return found


def _look(data: Any, at: Location, found: list[Flaw], clean: set[str]) -> None:
    """`clean` are texts that may stand anywhere; most stand in many places."""
    if isinstance(data, str):
        _text(data, at, found, clean)
    elif isinstance(data, dict):
        for key, value in data.items():
            _text(key, (*at, key), found, clean)
            _look(value, (*at, key), found, clean)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            _look(value, (*at, index), found, clean)


def _text(text: str, at: Location, found: list[Flaw], clean: set[str]) -> None:
    if text in clean:
        return
    if looks_secret(text):
        message = "looks like a secret; name it under `credential`: env:NAME or file:/path"
        found.append(Flaw(at, message))
    elif not CONTROL.search(text):
        clean.add(text)
    elif not (_in_body(at) or _in_lines(at)):
        found.append(Flaw(at, "must not hold line breaks or control characters"))


def _in_lines(at: Location) -> bool:
    """Whether PEM stands there, which is checked where it is read."""
    return at[0] == "backends" and len(at) == 4 and at[2:] in PEM


def _in_body(at: Location) -> bool:
    edited = len(at) > 4 and at[0] in ("routes", "backends") and at[2] == "request"
    return edited and at[3] in BODY_TEXT
