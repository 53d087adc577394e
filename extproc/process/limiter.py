"""The child process that counts: the embedded rate limit service on a socket of its own.

One process for all workers, so that counters in memory are one for the machine; always on the lean
transport, for a charge that comes too late for Envoy is lost.
"""

import asyncio
import os
import time
from collections.abc import Callable

import msgspec
import structlog
import uvloop

from extproc.config.process import Limiter as Settings
from extproc.config.references import resolve
from extproc.config.values import SecretRef
from extproc.exchange import compile
from extproc.process.configuration import Loaded
from extproc.process.life import Life
from extproc.process.line import Line
from extproc.process.pen import Pen
from extproc.process.service import HEALTH, Health
from extproc.process.stall import noticed
from extproc.ratelimit.counters import Counters
from extproc.ratelimit.limiter import Limiter
from extproc.ratelimit.memory import Memory
from extproc.ratelimit.wire import SHOULD_RATE_LIMIT
from extproc.transport import Endpoint, Service, lean

log = structlog.get_logger()


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the limiter counts with."""

    settings: Settings
    endpoint: Endpoint
    pen: Pen | None = None
    """Writes down which limits in shadow would have refused, if anybody wants to know."""


def run(loaded: Loaded, options: Options, parent: int, line: Line) -> None:
    """Serves until SIGTERM; when a configuration comes, its limits hold and the counters stay."""
    structlog.contextvars.bind_contextvars(worker="limiter")
    uvloop.run(_serve(loaded, options, parent, line))


def counters(settings: Settings, clock: Callable[[], float]) -> Counters:
    """The store that the configuration names; Unresolved where there is no URL of it."""
    storage = settings.storage
    if isinstance(storage, SecretRef):
        from extproc.ratelimit.redis import Redis  # with a client that takes long to import

        return Redis(resolve(storage, os.environ), clock, settings.timeout)
    return Memory(clock)


async def _serve(loaded: Loaded, options: Options, parent: int, line: Line) -> None:
    settings, pen = options.settings, options.pen
    limiter = Limiter(
        compile.limits(loaded.gateway),
        counters(settings, time.time),
        on_error=settings.on_error,
        reserves=settings.reserve,
        exceeded=pen.exceeded if pen else None,
    )
    life = Life(parent, line, lambda new: limiter.reload(compile.limits(new.gateway)))
    health = Health()
    offered = Service(
        unary={SHOULD_RATE_LIMIT: limiter.should_rate_limit, HEALTH: health.check},
        untaken={SHOULD_RATE_LIMIT: limiter.untaken},
    )
    server = await lean.serve(offered, options.endpoint)
    log.info("ready", pid=os.getpid())
    stalls = asyncio.create_task(noticed(settings.timeout))
    await life.told(lambda: None)
    stalls.cancel()
    health.serving = False
    await server.drain(1.0)
    await limiter.close()
