"""`extproc usage`: what was used, for who pays."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from extproc.config import ConfigError, Unresolved, load
from extproc.config.credential_rules import installed
from extproc.config.values import seconds
from extproc.usage import raw, report
from extproc.usage.export import FORMS, batches
from extproc.usage.place import store_url
from extproc.usage.store import Store, StoreError


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


def answer(question: Question, environment: Mapping[str, str], output: Path | None = None) -> str:
    """The report, as text; empty: it is in `output`. Refused."""
    if question.form in FORMS:
        return _each(question, environment, output)
    found = _asked(
        question.config,
        environment,
        lambda engine: report.rows(engine, question.by, question.since, question.until),
    )
    text = _text(found, question)
    if output is None:
        return text
    with _whole(output) as file:
        file.write(text.encode())
    return ""


def _text(found: Sequence[report.Row], question: Question) -> str:
    if question.form == "json":
        return report.as_json(found)
    if question.form == "csv":
        return report.as_csv(found, question.by)
    return report.as_table(found, question.by, question.width)


def _each(question: Question, environment: Mapping[str, str], output: Path | None) -> str:
    """Writes every attempt, as many as there are."""
    if question.form == "parquet" and not installed("pyarrow"):
        raise Refused("parquet needs pyarrow, not installed: pip install 'extproc[parquet]'")
    if question.form == "parquet" and output is None:
        raise Refused("--format parquet is no text: say --output FILE")
    engine = _asked(question.config, environment, lambda engine: engine)
    out = nullcontext(sys.stdout.buffer) if output is None else _whole(output)
    try:
        with out as file:
            FORMS[question.form](batches(engine, question.since, question.until), file)
    except SQLAlchemyError as error:
        raise Refused(f"usage.store: {type(error).__name__}") from None
    finally:
        engine.dispose()
    return ""


@contextmanager
def _whole(output: Path) -> Iterator[BinaryIO]:
    """A file for its owner only, which is there when all of it is; Refused."""
    made = output.with_name(f"{output.name}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(made, flags, 0o600), "wb") as file:
            yield file
        made.replace(output)
    except OSError as error:
        raise Refused(f"--output: {output}: {error.strerror}") from None
    finally:
        made.unlink(missing_ok=True)


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
