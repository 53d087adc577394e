"""The child process that keeps the books: metrics are made, and records stored, by it alone.

Workers write a line for each attempt into a pipe. What is to be stored is first put into a file, so
that it is not lost with this process or while the database is away.
"""

import asyncio
import fcntl
import os
import sys
import termios
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import structlog

from extproc.config import Gateway, Unresolved
from extproc.config.telemetry import Telemetry, Traces
from extproc.config.telemetry import Usage as Settings
from extproc.exchange.compile import limits
from extproc.process.box import Box
from extproc.process.configuration import Loaded
from extproc.process.life import Life
from extproc.process.line import Line
from extproc.process.place import LOCK, reason
from extproc.process.shelf import Shelf
from extproc.usage.record import Event, Exceeded, Lost, Record, read
from extproc.usage.refused import Minutes, Refused

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricReader

    from extproc.telemetry.metrics import Metrics
    from extproc.telemetry.sending import Sending
    from extproc.usage.store import Store

log = structlog.get_logger()

AT_ONCE = 256 * 1024
"""Bytes that are read of the pipe, or stored, between two looks at anything else."""
EVERY = 0.5
"""Seconds between two batches for the store."""
AWAY = (1.0, 2.0, 5.0, 10.0)
"""Seconds before a store that failed is tried again, by how often it has; the last one repeats."""
HOUR = 3_600.0
"""Seconds between two looks for records that are older than they may be."""
LEAVING = 10.0
"""Seconds that what is left may take at the end."""


Named = Callable[[bytes], Record | Refused | None]
"""A line → what is to be stored of it."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the books are kept with."""

    paper: int
    """The pipe's end to read."""
    config: Path
    """Where the configuration stands."""
    box: Box | None = None
    """Where bodies come from that are kept."""


class Books:
    """What comes in, and what becomes of it."""

    def __init__(self, gateway: Gateway, options: Options) -> None:
        self.keeping = None if gateway.usage is None else Keeping(gateway.usage, options.config)
        self.shelf: Shelf | None = None
        if self.keeping is not None and options.box is not None:
            self.shelf = Shelf(options.box, self.keeping.opened, self._happened)
        self._gateway = gateway
        self._paper = options.paper
        self._rest = b""
        self._refused = Minutes(_ids())
        self._metrics: Metrics | None = None
        self.sending: Sending | None = None
        self._stop: Callable[[], object] = lambda: None
        if gateway.telemetry is not None:
            self._measure(gateway.telemetry)

    def _measure(self, settings: Telemetry) -> None:
        from extproc.telemetry import readers
        from extproc.telemetry.metrics import Metrics

        sockets = Path(self._gateway.extproc.sockets)
        gauges = {"processes": lambda: _processes(sockets), **self._waiting()}
        found: list[MetricReader] = []
        try:
            found += readers.readers(settings)
        except Unresolved as error:
            log.error("metrics are not sent", problem=str(error))
        self._metrics = Metrics(found, gauges)
        self._watch()
        try:
            if settings.prometheus is not None:
                self._stop = readers.listen(settings.prometheus)
        except OSError as error:
            log.error("metrics cannot be read", problem=reason(error))
        if settings.traces is not None:
            self.sending = self._tracing(settings.traces)

    def _watch(self) -> None:
        """Limits in shadow are shown before they meet anybody."""
        if self._metrics is not None:
            found = limits(self._gateway)
            self._metrics.watch(limit.name for limit in found if limit.shadow)

    def _tracing(self, settings: Traces) -> "Sending | None":
        from extproc.telemetry import readers
        from extproc.telemetry.sending import Sending

        try:
            return Sending(settings, readers.spans(settings), self._unsent)
        except Unresolved as error:
            log.error("spans are not sent", problem=str(error))
            return None

    def _waiting(self) -> Mapping[str, Callable[[], float]]:
        keeping, paper = self.keeping, self._paper
        piped = {"records.waiting": lambda: _readable(paper)}
        if keeping is None:
            return piped
        return {
            **piped,
            "usage.waiting": lambda: keeping.waiting,
            "usage.capacity": lambda: keeping.capacity,
        }

    def gateway(self) -> Gateway:
        """The configuration in force."""
        return self._gateway

    def take(self, loaded: Loaded) -> None:
        """Another configuration is in force; the settings of the books are those of the start."""
        self._gateway = loaded.gateway
        self._watch()

    def receive(self) -> bool:
        """Reads what workers have written; False where there is nothing."""
        try:
            data = os.read(self._paper, AT_ONCE)
        except BlockingIOError:
            return False
        whole, found, rest = (self._rest + data).rpartition(b"\n")
        self._rest = rest
        heard = map(self._hear, whole.split(b"\n") if found else ())
        records = [line for line in heard if line]
        if records and self.keeping is not None:
            lost = self.keeping.add(records)
            if lost:
                self._lose(lost)
        return True

    def _hear(self, line: bytes) -> bytes:
        """What is to be stored of the line; empty: nothing."""
        try:
            said = read(line)
        except (msgspec.DecodeError, msgspec.ValidationError):
            self._lose(1)  # a reader that was killed has had the line's beginning
            return b""
        match said:
            case Record():
                if self._metrics is not None:
                    self._measured(self._metrics, self._named(said))
                return line
            case Refused():
                if self._metrics is not None:
                    self._metrics.refused(said)
                return self._refused.add(said)
            case Event():
                self._happened(said.event)
            case Exceeded():
                if self._metrics is not None:
                    self._metrics.exceeded(said.exceeded)
            case Lost():
                self._lose(said.lost)
        return b""

    def _measured(self, metrics: "Metrics", record: Record) -> None:
        span = None if self.sending is None else self.sending.add(record, time.time())
        metrics.add(record, span)

    def _named(self, record: Record) -> Record:
        """With the provider that a session does not say."""
        backend = self._gateway.backends.get(record.backend)
        if record.provider or backend is None:
            return record
        return msgspec.structs.replace(record, provider=backend.provider)

    def named(self, line: bytes) -> Record | Refused | None:
        """A line of the spool as it is stored; None for one that a disk has spoilt."""
        try:
            said = read(line)
        except (msgspec.DecodeError, msgspec.ValidationError):
            said = None
        if isinstance(said, Record):
            return self._named(said)
        if isinstance(said, Refused):
            return said
        self._lose(1)
        return None

    def _lose(self, records: int) -> None:
        log.warning("records lost", count=records)
        if self._metrics is not None:
            self._metrics.lost(records)

    def _happened(self, event: str) -> None:
        if self._metrics is not None:
            self._metrics.happened(event)

    def _unsent(self, spans: int) -> None:
        if self._metrics is not None:
            self._metrics.unsent(spans)

    def close(self) -> None:
        """The end of metrics."""
        self._stop()
        if self._metrics is not None:
            self._metrics.close()


class Keeping:
    """The store, and the spool before it."""

    def __init__(self, settings: Settings, config: Path) -> None:
        """OSError, where the spool cannot be written."""
        from extproc.usage.place import spool_path
        from extproc.usage.spool import Spool

        self._settings = settings
        self._config = config
        self._spool = Spool(spool_path(settings, config), settings.spool_bytes)
        self._store: Store | None = None
        self._failures = 0
        self._forgotten = 0.0

    @property
    def waiting(self) -> int:
        """Bytes that are not stored."""
        return self._spool.waiting

    @property
    def capacity(self) -> int:
        """Bytes that may wait."""
        return self._settings.spool_bytes

    def close(self) -> None:
        """Leaves what is not stored to the next process."""
        self._spool.close()
        if self._store is not None:
            self._store.close()

    def add(self, records: list[bytes]) -> int:
        """Puts them into the spool; how many had no room."""
        return 0 if self._spool.add(b"\n".join(records) + b"\n") else len(records)

    async def run(self, named: Named) -> None:
        """Stores what comes, until it is cancelled."""
        while True:
            stored = await self.store(named)
            wait = AWAY[min(self._failures, len(AWAY)) - 1] if self._failures else EVERY
            await asyncio.sleep(0 if stored else wait)

    async def store(self, named: Named) -> bool:
        """Stores a batch; whether there was one, and it is stored."""
        lines = self._spool.next(AT_ONCE)
        now = time.time()
        due = self._settings.retention is not None and now - self._forgotten > HOUR
        if not lines and not due:
            return False
        records = [one for one in map(named, lines) if one is not None]
        try:
            await asyncio.to_thread(self._write, records, now, due)
        except Exception as error:
            if not self._failures:
                log.error("the store of usage is away, records wait", problem=str(error))
            self._failures += 1
            return False
        if self._failures:
            log.info("the store of usage is back")
        self._failures = 0
        if lines:
            self._spool.stored(lines)
        return bool(lines)

    def _write(self, found: list[Record | Refused], now: float, due: bool) -> None:
        store = self.opened()
        records = [one for one in found if isinstance(one, Record)]
        refused = [one for one in found if isinstance(one, Refused)]
        if records:
            store.write(records)
        if refused:
            store.write_refused(refused)
        if due and self._settings.retention is not None:
            store.forget(now - self._settings.retention)
            self._forgotten = now

    def opened(self) -> "Store":
        """The store; StoreError."""
        from extproc.usage.place import store_url
        from extproc.usage.store import Store, StoreError

        if self._store is None:
            try:
                self._store = Store(store_url(self._settings, self._config, os.environ))
            except Unresolved as error:
                raise StoreError(str(error)) from None
        return self._store


def _ids() -> Iterator[str]:
    """Unique, whoever keeps the books."""
    salt = os.urandom(8).hex()
    return (f"{salt}{number:x}" for number in count(1))


def _readable(pipe: int) -> int:
    """Bytes in it (ioctl_pipe(2), as for terminals)."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def _processes(sockets: Path) -> int:
    """How many there are, the parent included, by the list that it keeps."""
    with suppress(OSError):
        return len((sockets / LOCK).read_bytes().split())
    return 0


def run(loaded: Loaded, options: Options, parent: int, line: Line) -> None:
    """Keeps them until SIGTERM, and then what is left in the pipe."""
    structlog.contextvars.bind_contextvars(worker="books")
    asyncio.run(_keep(Books(loaded.gateway, options), options, parent, line))


async def _keep(books: Books, options: Options, parent: int, line: Line) -> None:
    life = Life(parent, line, books.take)
    loop = asyncio.get_running_loop()
    loop.add_reader(options.paper, books.receive)
    shelf, keeping, sending = books.shelf, books.keeping, books.sending
    if shelf is not None and options.box is not None:
        loop.add_reader(options.box.taking, shelf.receive)
    shelving = None if shelf is None else asyncio.create_task(shelf.run(books.gateway))
    storing = None if keeping is None else asyncio.create_task(keeping.run(books.named))
    sent = None if sending is None else asyncio.create_task(sending.run())
    log.info("ready", pid=os.getpid())
    await life.told(lambda: None)
    loop.remove_reader(options.paper)
    while books.receive():
        pass
    if shelf is not None and shelving is not None:
        shelf.receive()
        await _ended(shelving)
        await _rest(lambda: shelf.store(books.gateway()))
    if keeping is not None and storing is not None:
        await _ended(storing)
        await _rest(lambda: keeping.store(books.named))
    if sending is not None and sent is not None:
        await sending.leave(sent)
    await asyncio.to_thread(books.close)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _rest(store: Callable[[], Awaitable[bool]]) -> None:
    """Stores what is left, if that goes fast; records wait for the next process."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LEAVING):
            while await store():
                pass
