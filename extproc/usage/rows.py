"""What is told of a record, by columns, whoever takes it."""

from typing import Any

import msgspec

from extproc.usage.record import Record
from extproc.usage.refused import Refused

MOST = 2**63 - 1
"""What a BIGINT holds; only absurd prices make more."""
KEYS = ("exchange", "failure")
"""What is made of a record, beside its fields."""


def of(found: Record | Refused) -> dict[str, Any]:
    """Column → value."""
    return row(found) if isinstance(found, Record) else refusal(found)


def row(record: Record) -> dict[str, Any]:
    """A record as the table holds it; PostgreSQL takes no NUL in a text."""
    made = msgspec.structs.asdict(record)
    del made["traceparent"]
    made |= {key: getattr(record, key) for key in KEYS}
    return {name: _storable(value) for name, value in made.items()}


def refusal(one: Refused) -> dict[str, Any]:
    """The same of requests that no backend was asked for."""
    said = msgspec.structs.asdict(one)
    said |= {"requests": said.pop("refused"), "failure": said.pop("reason")}
    return {name: _storable(value) for name, value in said.items()}


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "�")
    return min(value, MOST) if isinstance(value, int) and not isinstance(value, bool) else value
