"""Records on their way to who takes them: a file holds what is not there yet."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog

from extproc.config import Gateway
from extproc.config.telemetry import Usage
from extproc.usage.destination import Destination, Stored
from extproc.usage.place import spool_paths
from extproc.usage.record import Record
from extproc.usage.refused import Refused
from extproc.usage.spool import Spool

log = structlog.get_logger()

AT_ONCE = 256 * 1024
"""Bytes that are taken to it at a time."""
EVERY = 0.5
"""Seconds between two batches."""
AWAY = (1.0, 2.0, 5.0, 10.0)
"""Seconds before one that failed is tried again, by how often it has; the last one repeats."""

Named = Callable[[bytes], Record | Refused | None]
"""A line → what is to be told of it."""


class Keeping:
    """One destination, and the spool before it."""

    def __init__(self, into: Destination, spool: Path, most: int) -> None:
        """`most`: bytes of the spool; OSError, where that cannot be written."""
        self._into = into
        self._spool = Spool(spool, most)
        self._failures = 0
        self.capacity = most
        """Bytes that may wait."""

    @property
    def waiting(self) -> int:
        """Bytes that are not there yet."""
        return self._spool.waiting

    def add(self, records: list[bytes]) -> int:
        """Puts them into the spool; how many had no room."""
        return 0 if self._spool.add(b"\n".join(records) + b"\n") else len(records)

    async def run(self, named: Named) -> None:
        """Brings what comes, until it is cancelled."""
        while True:
            stored = await self.store(named)
            wait = AWAY[min(self._failures, len(AWAY)) - 1] if self._failures else EVERY
            await asyncio.sleep(0 if stored else wait)

    async def store(self, named: Named) -> bool:
        """Brings a batch; whether there was one, and it is there."""
        lines = self._spool.next(AT_ONCE)
        now = time.time()
        if not lines and not self._into.due(now):
            return False
        records = [one for one in map(named, lines) if one is not None]
        try:
            await self._into.write(records, now)
        except Exception as error:
            if not self._failures:
                log.error(self._into.away, problem=str(error))
            self._failures += 1
            return False
        if self._failures:
            log.info(self._into.back)
        self._failures = 0
        if lines:
            self._spool.stored(lines)
        return bool(lines)

    async def leave(self) -> None:
        """The end of who takes them; what is not there is left to the next process."""
        try:
            await self._into.leave()
        finally:
            self._spool.close()


def others(settings: Usage, config: Path) -> Iterator[Keeping]:
    """Those beside the store; OSError, Unresolved."""
    paths, most = spool_paths(settings, config), settings.spool_bytes
    if settings.logs is not None:
        from extproc.telemetry.logs import Logs

        yield Keeping(Logs(settings.logs), paths["logs"], most)
    if settings.kafka is not None:
        from extproc.usage.kafka import Topic

        yield Keeping(Topic(settings.kafka), paths["kafka"], most)


def stored(gateway: Gateway, config: Path) -> tuple[Stored, Keeping] | None:
    """The store; None: nothing is stored. OSError."""
    settings = gateway.usage
    if settings is None:
        return None
    store = Stored(settings, config)
    return store, Keeping(store, spool_paths(settings, config)[""], settings.spool_bytes)
