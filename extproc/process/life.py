"""What every child does beside its work: it beats, takes configurations, and ends in time."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

import structlog

from extproc.process.collecting import staying
from extproc.process.configuration import Loaded
from extproc.process.line import Heard, Line, taken

log = structlog.get_logger()

BEAT = 0.5
"""Seconds between two signs of life."""
TICK = 1.0
"""Seconds between two looks at secret files and at the parent."""


class Life:
    """That of one child, in its event loop, until the process ends."""

    def __init__(
        self,
        parent: int,
        line: Line,
        take: Callable[[Loaded], None],
        prepare: Callable[[Loaded], None] = lambda loaded: None,
    ) -> None:
        """`parent` is the process that must live; `take` puts a configuration into force, of which
        `prepare` may have heard before."""
        self._parent = parent
        self._line = line
        self._take = take
        self._prepare = prepare
        self._coming: Loaded | None = None
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop.set)
        self._loop.add_reader(line.fileno(), self._receive)
        self._beat()

    def _beat(self) -> None:
        self._line.beat()
        self._loop.call_later(BEAT, self._beat)

    def _receive(self) -> None:
        try:
            self._heed(self._line.received())
        except EOFError:
            self._loop.remove_reader(self._line.fileno())
        except Exception:
            log.exception("configuration not taken, the old one stays")
        self._line.took()

    def _heed(self, heard: Heard) -> None:
        if heard.released and self._coming is not None:
            loaded, self._coming = self._coming, None
            self._take(loaded)
        if heard.paper is not None:
            with staying():
                self._read(heard.paper, early=heard.early)

    def _read(self, paper: int, *, early: bool) -> None:
        try:
            loaded = taken(paper)
        finally:
            os.close(paper)
        if early:
            self._coming = loaded
            self._prepare(loaded)
        else:
            self._take(loaded)

    async def told(self, tick: Callable[[], object]) -> None:
        """Calls `tick` every second, until SIGTERM or until the parent is gone."""
        while not self._stop.is_set() and os.getppid() == self._parent:
            try:
                tick()
            except Exception:
                log.exception("a look at the secrets failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await self._stop.wait()
