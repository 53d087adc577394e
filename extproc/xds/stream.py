"""One Envoy's stream: what it asks for is answered, and changes are told in their order.

Clusters come before what leads to them, and go after it; an answer that Envoy refuses ends the
change, and what was there before is told again.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterable

import structlog

from extproc.xds.peer import Answer, Ask, Peer
from extproc.xds.snapshot import CLUSTERS, FILTERS, LISTENERS, ROUTES, Snapshot
from extproc.xds.source import Source

log = structlog.get_logger()

LEADING = (LISTENERS, FILTERS, ROUTES)
"""What leads to clusters."""
RESOLVING = 1.0
"""Seconds at most that a change waits for the names of its new clusters."""
WARMING = 0.1
"""Seconds that an Envoy may need to have its clusters ready, once their names are known."""
LINGER = 3.0
"""Seconds after which clusters go that nothing leads to: requests that were routed may still be
on their way to them."""
PATIENCE = 10.0
"""Seconds in which an Envoy says what it thinks of an answer."""


class Refused(Exception):
    """Why Envoy does not take an answer, in its own words."""


class Overtaken(Exception):
    """Another snapshot is in force."""


class Stream:
    """The talk with one Envoy; `send` writes an answer."""

    def __init__(
        self, source: Source, send: Callable[[Answer], Awaitable[None]], *, whole: bool
    ) -> None:
        self._source = source
        self._send = send
        self._peer = Peer(source.snapshot, whole=whole)
        self._stirred = asyncio.Event()
        """Something has come, from Envoy or from the source."""
        self._refusal = ""
        self.envoy = ""

    async def hear(self, ask: Ask, envoy: str) -> None:
        """Takes a request of Envoy's."""
        self.envoy = self.envoy or envoy
        if ask.error and ask.nonce == self._peer.open.get(ask.kind):
            self._refusal = ask.error
        answer = self._peer.hear(ask)
        if answer is not None:
            await self._send(answer)
        self._stirred.set()

    async def follow(self) -> None:
        """Tells what changes, for as long as it is not cancelled."""
        with self._source.stirring(self._stirred):
            while True:
                snapshot = self._source.snapshot
                try:
                    await self._bring(snapshot)
                    await self._until(self._peer.complete)
                    self._source.taken(snapshot)
                    await self._until(lambda: False)
                except Refused as refusal:
                    self._refusal = ""
                    self._source.refused(snapshot, self.envoy, str(refusal))
                    await self._other(snapshot)
                except TimeoutError:
                    log.warning("Envoy does not answer", envoy=self.envoy)
                except Overtaken:
                    pass

    async def _other(self, snapshot: Snapshot) -> None:
        """Waits until another snapshot is in force, whatever Envoy says meanwhile."""
        while self._source.snapshot is snapshot:
            self._stirred.clear()
            await self._stirred.wait()
        self._refusal = ""

    async def _until(self, there: Callable[[], bool]) -> None:
        """Waits for it; Refused, or Overtaken where another snapshot is in force by then."""
        while True:
            if self._refusal:
                raise Refused(self._refusal)
            if there():
                return
            if self._source.snapshot is not self._peer.snapshot:
                raise Overtaken
            self._stirred.clear()
            await self._stirred.wait()

    async def _bring(self, snapshot: Snapshot) -> None:
        peer = self._peer
        peer.snapshot = snapshot
        fresh = peer.changed(CLUSTERS)
        await self._say([peer.grown(CLUSTERS)])
        if fresh:
            await ready([host for name in fresh for host in snapshot.hosts.get(name, ())])
        await self._say([peer.exact(kind) for kind in LEADING])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                await self._until(lambda: False)
        await self._say([peer.exact(CLUSTERS)])

    async def _say(self, answers: Iterable[Answer | None]) -> None:
        """Tells, and waits until Envoy has taken everything; Refused, TimeoutError."""
        for answer in answers:
            if answer is not None:
                await self._send(answer)
        async with asyncio.timeout(PATIENCE):
            await self._until(lambda: not self._peer.open)


async def ready(hosts: Iterable[str]) -> None:
    """Waits until names are known here, as they then are to an Envoy that asked before."""
    loop = asyncio.get_running_loop()
    lookups = [loop.getaddrinfo(host, None, type=socket.SOCK_STREAM) for host in set(hosts)]
    if lookups:
        waiting = [asyncio.ensure_future(one) for one in lookups]
        await asyncio.wait(waiting, timeout=RESOLVING)
        for one in waiting:
            one.cancel()
    await asyncio.sleep(WARMING)
