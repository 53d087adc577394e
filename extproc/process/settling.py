"""Charges that are made while a session runs: the limiter's answer says whether it may go on."""

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING

from extproc.config.process import Limiter
from extproc.exchange.events import Charge, Settled

if TYPE_CHECKING:
    from extproc.process.charging import Charging


class Settling:
    """What a worker asks the limiter with, one question for all limits of a session.

    What that needs is imported with the first question: most gateways could hold sessions, and few
    do.
    """

    def __init__(self, settings: Limiter, socket: str) -> None:
        """`socket`: where the limiter listens."""
        self._settings = settings
        self._socket = socket
        self._charging: Charging | None = None
        self._running: set[asyncio.Task[Settled]] = set()

    async def __call__(self, charges: tuple[Charge, ...]) -> Settled:
        """Never raises; made even where the session ends meanwhile."""
        running = asyncio.create_task(self._settled(charges))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return await asyncio.shield(running)

    async def _settled(self, charges: tuple[Charge, ...]) -> Settled:
        if self._charging is None:
            # Half a second of other streams' time, in a thread.
            module = await asyncio.to_thread(import_module, "extproc.process.charging")
            self._charging = self._charging or module.Charging(self._settings, self._socket)
        return await self._charging.charged(charges)
