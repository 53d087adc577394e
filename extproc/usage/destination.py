"""Who takes records: the store, and whoever else is named in gateway.yaml."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from extproc.config import Unresolved
from extproc.config.telemetry import Usage
from extproc.usage.record import Record
from extproc.usage.refused import Refused

if TYPE_CHECKING:
    from extproc.usage.store import Store

HOUR = 3_600.0
"""Seconds between two looks for records that are older than they may be."""

Found = list[Record | Refused]


class Destination(Protocol):
    """One of them."""

    away: str
    """What the log says when it takes nothing."""
    back: str
    """What it says when it does again."""

    def due(self, now: float) -> bool:
        """Whether it has something to do without any record."""

    async def write(self, found: Found, now: float) -> None:
        """Returns when it has taken all of them; any exception says that it has not."""

    async def leave(self) -> None:
        """The end."""


class Stored:
    """The store."""

    away = "the store of usage is away, records wait"
    back = "the store of usage is back"

    def __init__(self, settings: Usage, config: Path) -> None:
        self._settings = settings
        self._config = config
        self._store: Store | None = None
        self._forgotten = 0.0

    def due(self, now: float) -> bool:
        """Whether it is time to look for records that are too old."""
        return self._settings.retention is not None and now - self._forgotten > HOUR

    async def write(self, found: Found, now: float) -> None:
        """Stores them; StoreError."""
        await asyncio.to_thread(self._write, found, now)

    def _write(self, found: Found, now: float) -> None:
        store = self.opened()
        records = [one for one in found if isinstance(one, Record)]
        refused = [one for one in found if isinstance(one, Refused)]
        if records:
            store.write(records)
        if refused:
            store.write_refused(refused)
        if self.due(now) and self._settings.retention is not None:
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

    async def leave(self) -> None:
        """Lets go of its connections."""
        if self._store is not None:
            self._store.close()
