"""Bodies between the workers and the store: some wait in memory, and nothing waits for them."""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from extproc.config import Gateway, Unresolved
from extproc.config.references import named, resolve
from extproc.credentials.redaction import texts
from extproc.exchange.raw import Bodies, read
from extproc.process.box import LOST, Box

if TYPE_CHECKING:
    from extproc.usage.raw import Redaction
    from extproc.usage.store import Store

log = structlog.get_logger()

MOST = 32 * 1024 * 1024
"""Bytes that wait while the store is away."""
AT_ONCE = 32
EVERY = 0.5
"""Seconds between two looks for some to store."""
LATER = 5.0
"""The same after the store has failed."""
HOUR = 3_600.0
"""Seconds between two looks for what is older than it may be."""


class Shelf:
    """What waits, and who stores it."""

    def __init__(self, box: Box, store: Callable[[], "Store"], note: Callable[[str], None]) -> None:
        """`store` opens it, StoreError; `note` hears of what was lost."""
        self._box = box
        self._store = store
        self._note = note
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._forgotten = 0.0
        self._away = False

    def receive(self) -> None:
        """Takes what has come."""
        for _ in range(AT_ONCE):
            message = self._box.take()
            if message is None:
                return
            if self._size + len(message) > MOST:
                self._note(LOST)
                continue
            self._waiting.append(message)
            self._size += len(message)

    async def run(self, gateway: Callable[[], Gateway]) -> None:
        """Stores what comes, by the configuration in force, until it is cancelled."""
        while True:
            stored = await self.store(gateway())
            await asyncio.sleep(0 if stored else LATER if self._away else EVERY)

    async def store(self, gateway: Gateway) -> bool:
        """Stores a batch; whether there was one, and it is stored."""
        batch = [*self._waiting][:AT_ONCE]
        due = time.time() - self._forgotten > HOUR
        if gateway.usage is None or (not batch and not due):
            return False
        self._forgotten = time.time() if due else self._forgotten
        try:
            await asyncio.to_thread(self._write, batch, gateway, due=due)
        except Exception as error:
            if batch and not self._away:
                log.warning("raw bodies wait, the store is away", problem=str(error))
            self._away = bool(batch)
            return False
        self._away = False
        for message in batch:
            self._waiting.popleft()
            self._size -= len(message)
        return bool(batch)

    def _write(self, batch: list[bytes], gateway: Gateway, *, due: bool) -> None:
        from extproc.usage.raw import Redaction

        assert gateway.usage is not None
        store = self._store()
        redaction = Redaction(gateway.usage.raw)
        rows = [self._row(message, redaction, gateway) for message in batch]
        if rows:
            store.write_raw([row for row in rows if row is not None])
        if due:
            store.forget_raw(time.time() - gateway.usage.raw.retention)

    def _row(
        self, message: bytes, redaction: "Redaction", gateway: Gateway
    ) -> dict[str, object] | None:
        """None: for a bug of ours, which holds up no others."""
        try:
            bodies = read(message)
            return redaction.row(bodies, _secrets(bodies, gateway))
        except Exception:
            log.exception("a raw body cannot be kept")
            self._note(LOST)
            return None


def _secrets(bodies: Bodies, gateway: Gateway) -> tuple[str, ...]:
    """What its backend's configuration names; tokens of clouds are known by their shape."""
    found = {}
    for at, reference in named(gateway.backends.get(bodies.backend)):
        try:
            found[str(at)] = resolve(reference, os.environ)
        except Unresolved:
            continue
    return texts(found, {})
