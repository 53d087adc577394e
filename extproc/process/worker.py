"""What one child process does: listen, answer, reload when told, drain when told."""

import asyncio
import contextlib
import gc
import os
import signal
import time
from collections.abc import Awaitable, Callable
from importlib import import_module

import msgspec
import structlog
import uvloop

from extproc.credentials.secrets import Credentials
from extproc.exchange.machine import Exchange
from extproc.exchange.plan import Plan
from extproc.process.service import ExtProcCall, Fetcher, Health, services
from extproc.transport import Endpoint, Server, Service

log = structlog.get_logger()

TICK = 1.0
"""Seconds between two looks at secret files and at the parent."""
NOTICE = 2.0
"""Seconds between saying NOT_SERVING and closing: Envoy's health check (1 s) must see it."""


class Current(msgspec.Struct, frozen=True):
    """What is in force."""

    plan: Plan
    credentials: Credentials
    fetcher: Fetcher | None = None
    """None: no media are fetched."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker listens."""

    transport: str
    endpoints: tuple[Endpoint, ...]
    drain: float
    parent: int
    """The process that must live."""


def transport(name: str) -> Callable[[Service, Endpoint], Awaitable[Server]]:
    """The `serve` of a transport; only the one that is used is imported."""
    serve: Callable[[Service, Endpoint], Awaitable[Server]]
    serve = import_module(f"extproc.transport.{name}").serve
    return serve


def run(current: Current, reload: Callable[[], Current | None], options: Options) -> None:
    """Serves until SIGTERM; on SIGHUP, `reload` gives what comes into force, or None."""
    gc.collect()
    gc.freeze()  # what the parent loaded stays shared between processes
    uvloop.run(Worker(current, reload, options).serve())


class Worker:
    """The life of one child."""

    def __init__(
        self, current: Current, reload: Callable[[], Current | None], options: Options
    ) -> None:
        self._current = current
        self._load = reload
        self._options = options

    def _call(self) -> ExtProcCall:
        current = self._current
        fetcher = current.fetcher
        exchange = Exchange(
            current.plan, current.credentials, time.time, fetching=fetcher is not None
        )
        return ExtProcCall(exchange, fetcher)

    def _reload(self) -> None:
        loaded = self._load()
        if loaded is not None:
            self._current = loaded
            log.info("configuration reloaded", hash=loaded.plan.hash)

    def _tick(self) -> None:
        self._current.credentials.refresh()

    async def serve(self) -> None:
        """Listens until told to stop."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload)
        health = Health()
        listen = transport(self._options.transport)
        offered = services(self._call, health)
        servers = [await listen(offered, endpoint) for endpoint in self._options.endpoints]
        log.info("ready", pid=os.getpid())
        await follow(self._tick, self._options.parent)
        health.serving = False
        await asyncio.sleep(min(NOTICE, self._options.drain))
        await asyncio.gather(*(server.drain(self._options.drain) for server in servers))


async def follow(tick: Callable[[], object], parent: int) -> None:
    """Calls `tick` every second, until SIGTERM or until the parent is gone."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    while not stop.is_set() and os.getppid() == parent:
        tick()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TICK):
                await stop.wait()
