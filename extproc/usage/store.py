"""The store of records: SQLite or PostgreSQL, by SQLAlchemy."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Engine,
    Float,
    Index,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    delete,
    event,
    inspect,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url

from extproc.usage.record import Record
from extproc.usage.refused import Refused
from extproc.usage.rows import KEYS, refusal, row

PATIENCE = 5
"""Seconds that a database may take to be reached, and SQLite to be unlocked."""
POSTGRESQL = "postgresql+psycopg"
TYPES: Mapping[Any, Any] = {str: Text, int: BigInteger, float: Float, bool: Boolean}
APART = ("id", "traceparent")
"""Fields that are another kind of column, or none."""

tables = MetaData()
attempts = Table(
    "attempts",
    tables,
    Column("id", String(64), primary_key=True),
    *(
        Column(field.name, TYPES[field.type], nullable=False)
        for field in msgspec.structs.fields(Record)
        if field.name not in APART
    ),
    *(Column(key, Text, nullable=False) for key in KEYS),
)
raw = Table(
    "raw",
    tables,
    Column("id", String(64), primary_key=True),
    Column("at", Float, nullable=False),
    Column("exchange", Text, nullable=False),
    Column("backend", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("request_bytes", BigInteger, nullable=False),
    Column("response", Text, nullable=False),
    Column("response_bytes", BigInteger, nullable=False),
)
"""Bodies, of the backends that say so."""
refused = Table(
    "refused",
    tables,
    Column("id", String(64), primary_key=True),
    Column("at", Float, nullable=False),
    Column("client", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("status", BigInteger, nullable=False),
    Column("failure", Text, nullable=False),
    Column("requests", BigInteger, nullable=False),
)
"""Requests that no backend was asked for, by minute."""
Index("refused_at", refused.c.at)
Index("raw_at", raw.c.at)
Index("raw_exchange", raw.c.exchange)
Index("attempts_at", attempts.c.at)
Index("attempts_exchange", attempts.c.exchange)

LAST = (
    "(SELECT l.{0} FROM attempts l WHERE l.exchange = a.exchange ORDER BY l.at DESC, l.id LIMIT 1)"
)
SUMS = (
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_nanousd",
)
FINAL = ("backend", "provider", "upstream_model", "response_model", "status", "failure")
EXCHANGES = (
    "CREATE VIEW exchanges AS SELECT a.exchange, min(a.at) AS at, max(a.client) AS client, "  # noqa: S608
    "max(a.operation) AS operation, max(a.request_model) AS request_model, count(*) AS attempts, "
    + ", ".join(f"{LAST.format(name)} AS {name}" for name in FINAL)
    + ", "
    + ", ".join(f"sum(a.{name}) AS {name}" for name in SUMS)
    + " FROM attempts a GROUP BY a.exchange"
)
"""A request with all its attempts: what they cost together, and how the last one ended."""


NOTHING = "nothing has been stored there yet"


class StoreError(Exception):
    """Why the store cannot be used, without its URL, which may hold a password."""


class Store:
    """A database, and the records in it."""

    def __init__(self, url: str) -> None:
        """Raises StoreError for a URL that is none, or of a kind that is not known."""
        self._engine = _engine(url)
        self._made = False

    def write(self, records: Iterable[Record]) -> None:
        """Puts records into the store, each once; StoreError."""
        self._insert(attempts, [row(record) for record in records])

    def write_raw(self, rows: list[dict[str, Any]]) -> None:
        """The same for bodies."""
        self._insert(raw, rows)

    def write_refused(self, found: Iterable[Refused]) -> None:
        """Puts sums into the store: of one that is there, the greater one stays; StoreError."""
        # PostgreSQL changes a row once in a statement: the last sum is the greatest.
        rows = [*{one.id: refusal(one) for one in found}.values()]
        statement = self._upsert(refused)
        greater = statement.excluded.requests > refused.c.requests
        self._execute(
            statement.on_conflict_do_update(
                index_elements=["id"], set_={"requests": statement.excluded.requests}, where=greater
            ),
            rows,
        )

    def _insert(self, table: Table, rows: list[dict[str, Any]]) -> None:
        statement = self._upsert(table).on_conflict_do_nothing(index_elements=["id"])
        self._execute(statement, rows)

    def _upsert(self, table: Table) -> Any:
        dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        return dialect.insert(table)

    def _execute(self, statement: Any, rows: list[dict[str, Any]]) -> None:
        with self._doing():
            self._make()
            if rows:
                with self._engine.begin() as connection:
                    connection.execute(statement, rows)

    def forget(self, before: float) -> None:
        """Deletes records that are older; StoreError."""
        with self._doing():
            self._make()
            self._delete(attempts, before)
            self._delete(refused, before)

    def forget_raw(self, before: float) -> None:
        """The same for bodies, where any were ever stored."""
        with self._doing():
            if self._has(raw):
                self._delete(raw, before)

    def _delete(self, table: Table, before: float) -> None:
        with self._engine.begin() as connection:
            connection.execute(delete(table).where(table.c.at < before))

    def _has(self, table: Table) -> bool:
        """SQLite makes a file for who looks into one."""
        file = self._file()
        missing = file is not None and not file.exists()
        return not missing and inspect(self._engine).has_table(table.name)

    def ask(self, question: Callable[[Engine], Any]) -> Any:
        """What `question` finds; StoreError, also where nothing was ever stored."""
        with self._doing():
            if not self._has(attempts):
                raise StoreError(NOTHING)
            return question(self._engine)

    def _file(self) -> Path | None:
        """That of SQLite."""
        name = self._engine.url.database
        return Path(name) if name and self._engine.dialect.name == "sqlite" else None

    def close(self) -> None:
        """Lets go of all connections."""
        self._engine.dispose()

    def _doing(self) -> "_Doing":
        return _Doing()

    def _make(self) -> None:
        """Creates what is not there; two who do it at once do it once."""
        if self._made:
            return
        file = self._file()
        if file is not None:
            with suppress(OSError):
                # For its owner only; what SQLite puts beside it follows.
                file.touch(mode=0o600, exist_ok=True)
        tables.create_all(self._engine)
        if "exchanges" not in inspect(self._engine).get_view_names():
            with self._engine.begin() as connection:
                connection.execute(text(EXCHANGES))
        self._made = True


class _Doing:
    """Says what a database or its driver raises as StoreError."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, StoreError):
            # Messages of drivers may quote the URL.
            raise StoreError(type(getattr(error, "orig", None) or error).__name__) from None


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except Exception:
        raise StoreError("the URL of the store is none") from None
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": PATIENCE})
        event.listen(engine, "connect", _write_ahead)
        return engine
    if parsed.get_backend_name() != "postgresql":
        raise StoreError("the store must be sqlite or postgresql")
    options = {"connect_timeout": PATIENCE, "options": f"-c statement_timeout={PATIENCE * 4000}"}
    try:
        parsed = parsed.set(drivername=POSTGRESQL)
        return create_engine(parsed, connect_args=options, pool_size=1, pool_pre_ping=True)
    except ImportError:
        raise StoreError("postgresql needs: pip install 'extproc[postgres]'") from None


def _write_ahead(connection: Any, record: object) -> None:
    """Who reads does not stop who writes (https://sqlite.org/wal.html)."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()
