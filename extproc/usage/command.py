"""`extproc usage`: what was used, for who pays."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Engine

from extproc.config import ConfigError, Unresolved, load
from extproc.config.values import seconds
from extproc.usage import raw, report
from extproc.usage.place import store_url
from extproc.usage.store import Store, StoreError

FORMATS = ("table", "csv", "json")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for."""

    config: Path
    by: Sequence[str]
    since: float
    until: float
    form: str
    width: int | None = None


class Refused(Exception):
    """Why there is no answer."""


def moment(text: str, now: float | None = None) -> float:
    """`7d` (ago), `2026-11-30`, `2026-11-30T08:00` (UTC) → seconds since the epoch; ValueError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return (time.time() if now is None else now) - seconds(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def groups(text: str) -> list[str]:
    """`client,model` → both; ValueError."""
    found = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in found if word not in report.GROUPS]
    if unknown or len({*found}) < len(found):
        raise ValueError
    return found


def answer(question: Question, environment: Mapping[str, str]) -> str:
    """The report, as text; Refused."""
    found = _asked(
        question.config,
        environment,
        lambda engine: report.rows(engine, question.by, question.since, question.until),
    )
    if question.form == "json":
        return report.as_json(found)
    if question.form == "csv":
        return report.as_csv(found, question.by)
    return report.as_table(found, question.by, question.width)


def bodies(config: Path, exchange: str, environment: Mapping[str, str]) -> str:
    """What is kept of a request's bodies, as JSON; Refused."""
    kept = _asked(config, environment, lambda engine: raw.found(engine, exchange))
    if not kept:
        raise Refused(f"nothing is kept of {exchange}")
    return report.as_json(kept)


def _asked(config: Path, environment: Mapping[str, str], question: Callable[[Engine], Any]) -> Any:
    try:
        gateway = load(config)
        if gateway.usage is None:
            raise Refused("usage: nothing is recorded; say where: {store: sqlite:///usage.db}")
        return Store(store_url(gateway.usage, config, environment)).ask(question)
    except ConfigError as error:
        raise Refused(str(error)) from None
    except (StoreError, Unresolved) as error:
        raise Refused(f"usage.store: {error}") from None
