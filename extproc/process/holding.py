"""What is reserved beside what the limits have reserved by themselves, while an attempt runs.

A request that goes to a dearer backend needs more of a budget in USD than was known when it came.
That is as old as the attempt, and so is what we hold: an attempt is one stream of Envoy's, which
ends with it, whatever ended that. So nothing need be remembered elsewhere.
"""

import asyncio
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from extproc.config.process import Limiter
from extproc.exchange.events import Dearer
from extproc.ratelimit.descriptors import BASE, HELD, MOVE, PRICE

if TYPE_CHECKING:
    from extproc.process.charging import Charging


class Holding:
    """What a worker asks the limiter for; what that needs is imported with the first question."""

    def __init__(self, settings: Limiter, socket: str) -> None:
        """`socket`: where the limiter listens."""
        self._settings = settings
        self._socket = socket
        self._charging: Charging | None = None
        self._running: set[asyncio.Task[None]] = set()

    def __call__(self, dearer: Dearer) -> Callable[[], None]:
        """Begins to hold; nobody waits for it. What is returned ends it."""
        over = asyncio.Event()
        running = asyncio.create_task(self._held(dearer, over))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return over.set

    async def rest(self, seconds: float) -> None:
        """Waits until what is over was given back, but no longer than that."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    async def _held(self, dearer: Dearer, over: asyncio.Event) -> None:
        if self._charging is None:
            # Half a second of other streams' time, in a thread.
            module = await asyncio.to_thread(import_module, "extproc.process.charging")
            self._charging = self._charging or module.Charging(self._settings, self._socket)
        if over.is_set():
            return
        asked = ((MOVE, dearer.held), (BASE, dearer.base), (PRICE, dearer.price))
        held = await self._charging.reserved(asked)
        if held:
            await over.wait()
            await self._charging.reserved(((HELD, held),))
