"""Counters in Redis, shared by any number of processes."""

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from importlib.resources import files
from typing import Any

from limits.storage import storage_from_string
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from extproc.ratelimit.counters import Change, Found, Want, period
from extproc.ratelimit.notice import Notice

TIMEOUT = 10.0
"""Seconds that one command may take; a charge goes on when nobody waits for it any more."""
PARALLEL = 64
"""Commands under way at once, and so connections."""
BACKLOG = 10_000
"""Commands that may wait for their turn."""
PAUSE = 1.0
"""Seconds for which nothing is asked after a failure: who would wait in vain need not wait."""
SLACK = 60
"""Seconds that a counter outlives its window, for clocks that differ."""

PREFIX = "extproc:{limits}:"
"""The braces keep all counters on one node of a cluster, for a script sees only one node's keys
(https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags)."""

NEVER = math.inf

Answers = list[Found | None]


class Redis:
    """Counters in the Redis at a URL: `redis://`, `rediss://`, `redis+unix://`,
    `redis+sentinel://`, `redis+cluster://`.

    A command is sent again only when the connection broke before an answer, never after a timeout:
    a charge may be lost while Redis fails, and counted twice only if it was carried out in the
    moment when the connection broke. What was reserved for somebody who has gone meanwhile is given
    back.
    """

    waits = True

    def __init__(self, url: str, clock: Callable[[], float], patience: float = 2.0) -> None:
        """`patience`: seconds that a question may wait for its answer."""
        self._clock = clock
        self._patience = patience
        retry = Retry(NoBackoff(), 1, (RedisConnectionError,))
        timeouts = {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT}
        settings: dict[str, Any] = {**timeouts, "retry": retry}
        if "+sentinel:" in url:
            # A replica may not know yet what was charged.
            settings |= {"use_replicas": False, "sentinel_kwargs": timeouts}
        storage: Any = storage_from_string(f"async+{url}", implementation="redispy", **settings)
        text = files("extproc.ratelimit").joinpath("counters.lua").read_text("utf-8")
        self._bridge = storage.bridge
        self._script = self._bridge.get_connection().register_script(text)
        self._turn = asyncio.Semaphore(PARALLEL)
        self._waiting = 0
        self._paused_until = 0.0
        self._noted = Notice("rate limit store failed")
        self._running: set[asyncio.Future[Answers]] = set()

    async def take(self, wants: Sequence[Want], *, strict: bool) -> Answers:
        """As in Counters; while Redis is known to be down, it is not asked."""
        if time.monotonic() < self._paused_until:
            return [None] * len(wants)
        now = self._clock()
        arguments = [
            value
            for want in wants
            for value in (len(want.slots), want.budget, want.count, want.hold, _ttl(want, now))
        ]
        keys = [PREFIX + key for want in wants for _, key in want.slots]
        until = time.monotonic() + self._patience
        coming = self._go_on(self._ask("take", keys, arguments, len(wants), until))
        return await self._heard(coming, len(wants), partial(self._undo, wants))

    async def add(self, changes: Sequence[Change]) -> Answers:
        """As in Counters; goes through even when the caller has gone."""
        now = self._clock()
        arguments = [
            value
            for change in changes
            for value in (change.spend, change.release, change.since, _ttl(change, now))
        ]
        keys = [PREFIX + change.slot[1] for change in changes]
        coming = self._go_on(self._ask("add", keys, arguments, len(changes), NEVER))
        return await self._heard(coming, len(changes))

    def give_back(self, changes: Sequence[Change]) -> None:
        """As in Counters; as sure as a charge."""
        self._go_on(self.add(changes))

    async def close(self) -> None:
        """Waits for what is being added and closes the connections."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)
        bridge = self._bridge
        sentinels = bridge.sentinel.sentinels if hasattr(bridge, "sentinel") else ()
        for client in (bridge.get_connection(), *sentinels):
            await client.aclose()

    def _go_on(self, asking: Coroutine[Any, Any, Answers]) -> asyncio.Future[Answers]:
        """Runs to its end, whoever waits for it."""
        coming = asyncio.ensure_future(asking)
        self._running.add(coming)
        coming.add_done_callback(self._running.discard)
        return coming

    async def _heard(
        self,
        coming: asyncio.Future[Answers],
        size: int,
        otherwise: Callable[[asyncio.Future[Answers]], None] | None = None,
    ) -> Answers:
        """What comes in time; `otherwise` is called with what comes when nobody waits any more."""
        heard = False
        try:
            async with asyncio.timeout(self._patience):
                found = await asyncio.shield(coming)
            heard = True
            return found
        except TimeoutError:
            self._failed("no answer in time")
            return [None] * size
        finally:
            # Whoever is cancelled in the turn in which the answer comes has not heard it, either.
            if otherwise is not None and not heard:
                coming.add_done_callback(otherwise)

    def _undo(self, wants: Sequence[Want], coming: asyncio.Future[Answers]) -> None:
        found = [] if coming.cancelled() else coming.result()
        changes = list(_undone(wants, found))
        if changes:
            self.give_back(changes)

    async def _ask(
        self, what: str, keys: Sequence[str], arguments: Iterable[Any], size: int, until: float
    ) -> Answers:
        if self._waiting >= BACKLOG:
            self._failed("too many commands are waiting")
            return [None] * size
        self._waiting += 1
        try:
            async with self._turn:
                if time.monotonic() > until:
                    return [None] * size
                flat = await self._script(keys, [what, period(self._clock()), *arguments])
            return [Found(*flat[at : at + 4]) for at in range(0, size * 4, 4)]
        except (OSError, *self._bridge.base_exceptions) as error:
            self._failed(type(error).__name__)
            return [None] * size
        finally:
            self._waiting -= 1

    def _failed(self, why: str) -> None:
        """Remembers and logs a failure; never the error's text, which may hold the URL."""
        self._paused_until = time.monotonic() + PAUSE
        self._noted(error=why)


def _ttl(asked: Want | Change, now: float) -> int:
    """Seconds to live; all slots of a want end together."""
    end, _ = asked.slot if isinstance(asked, Change) else asked.slots[0]
    return max(0, math.ceil(end - now)) + SLACK


def _undone(wants: Sequence[Want], found: Sequence[Found | None]) -> Iterable[Change]:
    """What gives back all that was reserved, if it was."""
    pairs = [(want, one) for want, one in zip(wants, found, strict=False) if one is not None]
    if len(pairs) < len(wants) or not all(one.has_room(want) for want, one in pairs):
        return
    for want, one in pairs:
        if want.hold:
            slot = want.slots[one.index]
            yield Change(slot, want.budget, release=want.hold, since=one.since)
