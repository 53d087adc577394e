"""What every child does beside its work: it beats, takes configurations, and ends in time."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

import structlog

from extproc.process.collecting import staying
from extproc.process.configuration import Loaded
from extproc.process.line import Line

log = structlog.get_logger()

BEAT = 0.5
"""Seconds between two signs of life."""
TICK = 1.0
"""Seconds between two looks at secret files and at the parent."""


class Life:
    """That of one child, in its event loop, until the process ends."""

    def __init__(self, parent: int, line: Line, take: Callable[[Loaded], None]) -> None:
        """`parent` is the process that must live; `take` puts a configuration into force."""
        self._parent = parent
        self._line = line
        self._take = take
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
            with staying():
                self._take(self._line.received())
        except EOFError:
            self._loop.remove_reader(self._line.fileno())
        except Exception:
            log.exception("configuration not taken, the old one stays")
        self._line.took()

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
