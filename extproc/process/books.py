"""The child process that keeps the books: metrics are made, and records stored, by it alone.

Workers write a line for each attempt into a pipe. What is to be stored goes from there into a file
(`intake.py`) and then into another one (`keeping.py`), so that it is not lost with this process or
while the database is away.
"""

import asyncio
import os
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
from extproc.process.intake import SUFFIX, Intake, readable
from extproc.process.keeping import Keeping, Named, others, stored
from extproc.process.life import Life
from extproc.process.line import Line
from extproc.process.place import LOCK, reason
from extproc.process.shelf import Shelf
from extproc.usage.place import spool_paths
from extproc.usage.record import Event, Exceeded, Lost, Record, read
from extproc.usage.refused import Minutes, Refused

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricReader

    from extproc.telemetry.metrics import Metrics
    from extproc.telemetry.sending import Sending

log = structlog.get_logger()

LEAVING = 10.0
"""Seconds that what is left may take at the end."""


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
        store = stored(gateway, options.config)
        self.keeping = None if store is None else store[1]
        self.others = () if gateway.usage is None else _others(gateway.usage, options.config)
        self.shelf: Shelf | None = None
        if store is not None and options.box is not None:
            self.shelf = Shelf(options.box, store[0].opened, self._happened)
        self._gateway = gateway
        self._paper = options.paper
        self._intake = Intake(options.paper, _intake(gateway, options.config))
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
        every, paper = self.keepings, self._paper
        piped = {"records.waiting": lambda: readable(paper)}
        if not every:
            return piped
        return {
            **piped,
            "usage.waiting": lambda: max(one.waiting for one in every),
            "usage.capacity": lambda: every[0].capacity,
        }

    @property
    def keepings(self) -> tuple[Keeping, ...]:
        """The store, and all others."""
        return self.others if self.keeping is None else (self.keeping, *self.others)

    def gateway(self) -> Gateway:
        """The configuration in force."""
        return self._gateway

    def take(self, loaded: Loaded) -> None:
        """Another configuration is in force; the settings of the books are those of the start."""
        self._gateway = loaded.gateway
        self._watch()

    def receive(self) -> bool:
        """Reads what workers have written; False where there is nothing."""
        lines = self._intake.take()
        try:
            records = [line for line in map(self._hear, lines) if line]
            if records:
                lost = max((one.add(records) for one in self.keepings), default=0)
                if lost:
                    self._lose(lost)
        finally:
            # A line that brings this process down does so once.
            self._intake.done()
        return bool(lines)

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
        self._intake.close()
        self._stop()
        if self._metrics is not None:
            self._metrics.close()


def _others(settings: Settings, config: Path) -> tuple[Keeping, ...]:
    try:
        return (*others(settings, config),)
    except Unresolved as error:
        log.error("records go to the store alone", problem=str(error))
        return ()


def _ids() -> Iterator[str]:
    """Unique, whoever keeps the books."""
    salt = os.urandom(8).hex()
    return (f"{salt}{number:x}" for number in count(1))


def _intake(gateway: Gateway, config: Path) -> Path | None:
    """Where lines stand while they are read, if they are to be stored."""
    if gateway.usage is None:
        return None
    spool = spool_paths(gateway.usage, config)[""]
    return spool.with_name(spool.name + SUFFIX)


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
    books.receive()  # what an earlier process has left
    loop.add_reader(options.paper, books.receive)
    shelf, sending = books.shelf, books.sending
    if shelf is not None and options.box is not None:
        loop.add_reader(options.box.taking, shelf.receive)
    shelving = None if shelf is None else asyncio.create_task(shelf.run(books.gateway))
    storing = [(one, asyncio.create_task(one.run(books.named))) for one in books.keepings]
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
    await asyncio.gather(*(_brought(one, task, books.named) for one, task in storing))
    if sending is not None and sent is not None:
        await sending.leave(sent)
    await asyncio.to_thread(books.close)


async def _brought(keeping: Keeping, running: asyncio.Task[None], named: Named) -> None:
    await _ended(running)
    await _rest(lambda: keeping.store(named))
    await keeping.leave()


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
