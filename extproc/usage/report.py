"""What was used, summed up by who, what, where and when."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Engine, Select, case, distinct, func, inspect, select

from extproc.usage.store import SUMS, attempts, refused

DAY = 86_400
GROUPS = ("client", "model", "backend", "provider", "operation", "day", "failure")
COLUMNS = ("requests", "attempts", "failed", "refused", *SUMS, "cost_usd", "duration_ms")
"""What each row says of a group; times are a mean. `refused` are requests beside all others, that
no backend was asked for."""
SHOWN = (
    "requests",
    "attempts",
    "failed",
    "refused",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "reasoning_tokens",
    "cost_usd",
    "duration_ms",
)
"""Those for which a terminal is wide enough."""
BILLION = 1_000_000_000
OF_ATTEMPTS = ("model", "backend", "provider")
"""Groups that nothing belongs to which no backend was asked for."""
WHOLE = ("refused", *SUMS)
NOTHING = dict.fromkeys((*COLUMNS, "duration_ms"), 0)

Row = Mapping[str, Any]


def _group(name: str) -> ColumnElement[Any]:
    if name == "day":
        return func.floor(attempts.c.at / DAY)
    return attempts.c["request_model" if name == "model" else name]


def query(by: Sequence[str], since: float, until: float) -> Select[Any]:
    """The rows for the groups `by`, the dearest first."""
    groups = [_group(name).label(name) for name in by]
    sums = [func.sum(attempts.c[name]).label(name) for name in SUMS]
    cost = func.sum(attempts.c.cost_nanousd)
    failed = func.sum(case((attempts.c.failure != "", 1), else_=0))
    return (
        select(
            *groups,
            func.count(distinct(attempts.c.exchange)).label("requests"),
            func.count().label("attempts"),
            failed.label("failed"),
            *sums,
            func.avg(attempts.c.duration_ms).label("duration_ms"),
        )
        .where(attempts.c.at >= since, attempts.c.at < until)
        .group_by(*groups)
        .order_by(cost.desc(), func.count().desc())
    )


def refusals(by: Sequence[str], since: float, until: float) -> Select[Any]:
    """Requests that no backend was asked for, by the same groups; most frequent ones first."""
    known = {name: _refused_group(name) for name in by if name not in OF_ATTEMPTS}
    many = func.sum(refused.c.requests)
    return (
        select(*(group.label(name) for name, group in known.items()), many.label("refused"))
        .where(refused.c.at >= since, refused.c.at < until)
        .group_by(*known.values())
        .order_by(many.desc())
    )


def _refused_group(name: str) -> ColumnElement[Any]:
    return func.floor(refused.c.at / DAY) if name == "day" else refused.c[name]


def rows(
    engine: Engine, by: Sequence[str], since: float, until: float, most: int | None = None
) -> list[Row]:
    """What `query` finds, as a person reads it, and what was refused; at most so many rows."""
    with engine.connect() as connection:
        found = connection.execute(query(by, since, until).limit(most)).mappings().all()
        beside = (
            connection.execute(refusals(by, since, until).limit(most)).mappings().all()
            if inspect(connection).has_table(refused.name)  # an older version made the store
            else []
        )
    told = [_readable({**row, "refused": 0}) for row in found if row["attempts"]]
    return _with_refused(told, [dict(row) for row in beside if row["refused"]], by)[:most]


def _with_refused(
    told: list[dict[str, Any]], beside: list[dict[str, Any]], by: Sequence[str]
) -> list[Row]:
    """A group that has nothing but refusals is a row behind all others."""
    groups = {tuple(row[name] for name in by): row for row in told}
    for one in beside:
        row = _readable({**NOTHING, **dict.fromkeys(by, ""), **one})
        known = groups.setdefault(tuple(row[name] for name in by), row)
        known["refused"] = row["refused"]
    return [*groups.values()]


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    if "day" in row:
        row["day"] = datetime.fromtimestamp(int(row["day"]) * DAY, UTC).date().isoformat()
    row |= {name: int(row[name] or 0) for name in WHOLE}  # PostgreSQL's sums are decimals
    row["cost_usd"] = row["cost_nanousd"] / BILLION
    row["duration_ms"] = round(float(row["duration_ms"] or 0), 1)
    return row


def as_json(found: Sequence[Row]) -> str:
    """One array of objects."""
    return orjson.dumps([*found], option=orjson.OPT_INDENT_2).decode() + "\n"


def as_csv(found: Sequence[Row], by: Sequence[str]) -> str:
    """A line for each row, and names in the first."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [*by, *COLUMNS], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in found)
    return out.getvalue()


def _harmless(value: Any) -> Any:
    """Spreadsheets run what begins like a formula (https://owasp.org/www-community/attacks/CSV_Injection)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


def as_table(found: Sequence[Row], by: Sequence[str], width: int | None = None) -> str:
    """For a person in front of a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in by:
        table.add_column(name, overflow="fold")
    for name in SHOWN:
        table.add_column(name.removesuffix("_tokens").replace("_", " "), justify="right")
    for row in found:
        cells = [Text(str(row[name]) or "-") for name in by]
        table.add_row(*cells, *[_figure(name, row[name]) for name in SHOWN])
    console = Console(file=io.StringIO(), width=width or 140)
    console.print(table)
    text = console.file
    assert isinstance(text, io.StringIO)
    return text.getvalue()


def _figure(name: str, value: Any) -> str:
    if name == "cost_usd":
        return f"{value:,.4f}"
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
