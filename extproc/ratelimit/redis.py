"""Counters in Redis, shared by any number of processes."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from limits.storage import storage_from_string
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from extproc.ratelimit.counters import Count, Slot

log = structlog.get_logger()

DEADLINE = 0.3
"""Seconds that a question may wait for its answer; Envoy's own patience should be a little more."""
TIMEOUT = 1.0
"""Seconds that one command may take; a charge goes on when nobody waits for it any more."""
PARALLEL = 64
"""Commands under way at once, and so connections."""
BACKLOG = 10_000
"""Commands that may wait for their turn."""
PAUSE = 1.0
"""Seconds that nothing is read after a failure, and between two log lines about failures."""
SLACK = 60
"""Seconds that a counter outlives its window, for clocks that differ."""


class Redis:
    """Counters in the Redis at a URL: `redis://`, `rediss://`, `redis+unix://`,
    `redis+sentinel://`, `redis+cluster://`.

    An addition is sent again only when the connection broke before an answer, never after a
    timeout: a charge may be lost while Redis fails, and counted twice only if it was carried out in
    the moment when the connection broke.
    """

    waits = True

    def __init__(self, url: str, clock: Callable[[], float]) -> None:
        self._clock = clock
        retry = Retry(NoBackoff(), 1, (RedisConnectionError,))
        timeouts = {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT}
        settings: dict[str, Any] = {**timeouts, "retry": retry}
        if "+sentinel:" in url:
            # A replica may not know yet what was charged.
            settings |= {"use_replicas": False, "sentinel_kwargs": timeouts}
        self._storage: Any = storage_from_string(
            f"async+{url}", implementation="redispy", key_prefix="extproc", **settings
        )
        self._turn = asyncio.Semaphore(PARALLEL)
        self._waiting = 0
        self._paused_until = 0.0
        self._next_log = 0.0
        self._adding: set[asyncio.Future[list[Count]]] = set()

    async def read(self, slots: Sequence[Slot]) -> list[Count]:
        """As in Counters; while Redis is known to be down, it is not asked."""
        if self._paused:
            return [None] * len(slots)
        asked = (self._try(self._get, key) for _, key in slots)
        return await self._in_time(asyncio.gather(*asked), len(slots))

    async def add(self, changes: Sequence[tuple[Slot, int]]) -> list[Count]:
        """As in Counters; goes through even when the caller has gone."""
        now = self._clock()
        adding = asyncio.gather(*(self._add(slot, amount, now) for slot, amount in changes))
        self._adding.add(adding)
        adding.add_done_callback(self._adding.discard)
        return await self._in_time(asyncio.shield(adding), len(changes))

    async def close(self) -> None:
        """Waits for what is being added and closes the connections."""
        await asyncio.gather(*self._adding, return_exceptions=True)
        bridge = self._storage.bridge
        sentinels = bridge.sentinel.sentinels if hasattr(bridge, "sentinel") else ()
        for client in (bridge.get_connection(), *sentinels):
            await client.aclose()

    async def _in_time(self, coming: Awaitable[list[Count]], size: int) -> list[Count]:
        try:
            async with asyncio.timeout(DEADLINE):
                return await coming
        except TimeoutError:
            self._failed("no answer in time")
            return [None] * size

    @property
    def _paused(self) -> bool:
        return time.monotonic() < self._paused_until

    async def _get(self, key: str) -> Count:
        """The counter; None if Redis failed while this waited for its turn."""
        return None if self._paused else await self._storage.get(key)

    def _add(self, slot: Slot, amount: int, now: float) -> Awaitable[Count]:
        end, key = slot
        expiry = max(0, math.ceil(end - now)) + SLACK
        return self._try(self._storage.incr, key, expiry, amount)

    async def _try(self, command: Callable[..., Awaitable[Count]], *arguments: str | int) -> Count:
        if self._waiting >= BACKLOG:
            self._failed("too many commands are waiting")
            return None
        self._waiting += 1
        try:
            async with self._turn:
                return await command(*arguments)
        except (OSError, *self._storage.base_exceptions) as error:
            self._failed(type(error).__name__)
            return None
        finally:
            self._waiting -= 1

    def _failed(self, why: str) -> None:
        """Remembers and logs a failure; never the error's text, which may hold the URL."""
        now = time.monotonic()
        self._paused_until = now + PAUSE
        if now >= self._next_log:
            self._next_log = now + PAUSE
            log.warning("rate limit store failed", error=why)
