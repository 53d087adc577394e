"""What no value anywhere in a configuration may hold: control characters, and secrets."""

import re
from collections.abc import Iterator
from typing import Any

from extproc.config.problem import Flaw, Location
from extproc.config.redaction import looks_secret

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
BODY_TEXT = ("defaults", "override")
"""Under the `request` of a route or a backend, where text in a JSON string may have lines."""


def forbidden(data: Any, at: Location = ()) -> Iterator[Flaw]:
    """Every value and key in `data` that may not stand there."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _text(key, (*at, key))
            yield from forbidden(value, (*at, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from forbidden(value, (*at, index))
    elif isinstance(data, str):
        yield from _text(data, at)


def _text(text: str, at: Location) -> Iterator[Flaw]:
    if looks_secret(text):
        yield Flaw(at, "looks like a secret; name it under `credential`: env:NAME or file:/path")
    elif CONTROL.search(text) and not _in_body(at):
        yield Flaw(at, "must not hold line breaks or control characters")


def _in_body(at: Location) -> bool:
    edited = len(at) > 4 and at[0] in ("routes", "backends") and at[2] == "request"
    return edited and at[3] in BODY_TEXT
