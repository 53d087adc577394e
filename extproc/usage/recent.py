"""What the store says of the last minutes: how much was asked, and what has failed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, Select, and_, case, distinct, func, inspect, select

from extproc.usage.report import BILLION
from extproc.usage.store import attempts, refused

MINUTE = 60
MOST = 1_500
"""Rows of one answer: the minutes of a day, and a few more."""
TOLD = (
    "at",
    "client",
    "operation",
    "request_model",
    "backend",
    "upstream_model",
    "stream",
    "status",
    "failure",
    "duration_ms",
)
"""What is said of an attempt that failed."""

Row = Mapping[str, Any]

_failed = func.sum(case((attempts.c.failure != "", 1), else_=0)).label("failed")
_minute = func.floor(attempts.c.at / MINUTE).label("minute")


WHOLE = ("requests", "attempts", "failed", "input_tokens", "output_tokens")
IDLE: Row = {**dict.fromkeys(WHOLE, 0), "cost_usd": 0.0, "duration_ms": 0.0}
"""A minute in which no backend was asked."""


def minutes(engine: Engine, since: float) -> list[Row]:
    """A row for each minute in which anything was asked, in order."""
    asked = {row["at"]: row for row in _asked(engine, since)}
    told = _refused(engine, since)
    every = sorted({*asked, *told})[-MOST:]
    return [{"at": at, **IDLE, **asked.get(at, {}), "refused": told.get(at, 0)} for at in every]


def _asked(engine: Engine, since: float) -> list[Row]:
    question = (
        select(
            _minute,
            func.count(distinct(attempts.c.exchange)).label("requests"),
            func.count().label("attempts"),
            _failed,
            func.sum(attempts.c.input_tokens).label("input_tokens"),
            func.sum(attempts.c.output_tokens).label("output_tokens"),
            func.sum(attempts.c.cost_nanousd).label("cost"),
            func.avg(attempts.c.duration_ms).label("duration_ms"),
        )
        .where(attempts.c.at >= since)
        .group_by(_minute)
        .order_by(_minute)
        .limit(MOST)
    )
    return [_timed(row) for row in _found(engine, question)]


def _refused(engine: Engine, since: float) -> dict[int, int]:
    """Minute → requests that no backend was asked for."""
    if not inspect(engine).has_table(refused.name):
        return {}  # an older version made the store
    question = (
        select(refused.c.at, func.sum(refused.c.requests).label("requests"))
        .where(refused.c.at > since - MINUTE)
        .group_by(refused.c.at)
        .limit(MOST)
    )
    return {int(row["at"]): int(row["requests"]) for row in _found(engine, question)}


def _timed(row: Row) -> Row:
    return {
        "at": int(row["minute"]) * MINUTE,
        **{name: int(row[name] or 0) for name in WHOLE},
        "cost_usd": int(row["cost"] or 0) / BILLION,
        "duration_ms": round(float(row["duration_ms"] or 0), 1),
    }


def failures(engine: Engine, since: float, most: int) -> list[Row]:
    """The attempts that failed, the last one first."""
    columns = [attempts.c[name] for name in TOLD]
    question = (
        select(*columns)
        .where(attempts.c.at >= since, attempts.c.failure != "")
        .order_by(attempts.c.at.desc())
        .limit(most)
    )
    return _found(engine, question)


def refusals(engine: Engine, since: float, most: int) -> list[Row]:
    """Requests that no backend was asked for, by minute and kind, the last minute first."""
    kinds = [refused.c[name] for name in ("at", "client", "operation", "status", "failure")]
    question = (
        select(*kinds, func.sum(refused.c.requests).label("requests"))
        .where(refused.c.at >= since - MINUTE)
        .group_by(*kinds)
        .order_by(refused.c.at.desc(), func.sum(refused.c.requests).desc())
        .limit(most)
    )
    if not inspect(engine).has_table(refused.name):
        return []  # an older version made the store
    return [{**row, "requests": int(row["requests"])} for row in _found(engine, question)]


def troubles(engine: Engine, since: float, most: int) -> list[Row]:
    """Both of them, the last one first."""
    untold = {"request_model": "", "backend": "", "upstream_model": "", "stream": False}
    refused = [{**untold, "duration_ms": 0, **row} for row in refusals(engine, since, most)]
    found = [*failures(engine, since, most), *refused]
    return sorted(found, key=lambda row: row["at"], reverse=True)[:most]


def backends(engine: Engine, since: float) -> dict[str, Row]:
    """Backend → how many attempts there were, and how many of them failed."""
    question = (
        select(
            attempts.c.backend,
            func.count().label("attempts"),
            _failed,
            func.avg(attempts.c.duration_ms).label("duration_ms"),
        )
        .where(attempts.c.at >= since)
        .group_by(attempts.c.backend)
        .limit(MOST)
    )
    return {row["backend"]: row for row in _found(engine, question)}


def last_failures(engine: Engine, since: float) -> dict[str, Row]:
    """Backend → its last attempt that failed."""
    last = (
        select(attempts.c.backend, func.max(attempts.c.at).label("at"))
        .where(attempts.c.at >= since, attempts.c.failure != "")
        .group_by(attempts.c.backend)
        .limit(MOST)
        .subquery()
    )
    same = and_(attempts.c.backend == last.c.backend, attempts.c.at == last.c.at)
    columns = [attempts.c[name] for name in TOLD]
    question = select(*columns).join(last, same).where(attempts.c.failure != "").limit(MOST)
    return {row["backend"]: row for row in _found(engine, question)}


def _found(engine: Engine, question: Select[Any]) -> list[Row]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(question).mappings()]
