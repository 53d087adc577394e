"""The child process that counts: the embedded rate limit service on a socket of its own.

One process for all workers, so that counters in memory are one for the machine; always on the lean
transport, for a charge that comes too late for Envoy is lost.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import structlog
import uvloop

from extproc.config import Gateway
from extproc.config.references import resolve
from extproc.config.values import SecretRef
from extproc.exchange import compile
from extproc.process.service import HEALTH, Health
from extproc.process.worker import follow
from extproc.ratelimit.counters import Counters, Memory
from extproc.ratelimit.limiter import Limiter
from extproc.ratelimit.redis import Redis
from extproc.ratelimit.wire import SHOULD_RATE_LIMIT
from extproc.transport import Endpoint, Service, lean

log = structlog.get_logger()


def run(configuration: Any, endpoint: Endpoint, parent: int) -> None:
    """Serves until SIGTERM; on SIGHUP, the limits are read anew and the counters stay."""
    structlog.contextvars.bind_contextvars(worker="limiter")
    uvloop.run(_serve(configuration, endpoint, parent))


def counters(gateway: Gateway, clock: Callable[[], float]) -> Counters:
    """The store that the configuration names."""
    storage = gateway.limiter.storage
    if isinstance(storage, SecretRef):
        return Redis(resolve(storage, os.environ), clock)
    return Memory(clock)


async def _serve(configuration: Any, endpoint: Endpoint, parent: int) -> None:
    gateway: Gateway = configuration.gateway
    limiter = Limiter(
        compile.limits(gateway), counters(gateway, time.time), on_error=gateway.limiter.on_error
    )

    def reload() -> None:
        if configuration.reload(forced=True):
            limiter.reload(compile.limits(configuration.gateway))

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
    health = Health()
    offered = Service(
        unary={SHOULD_RATE_LIMIT: limiter.should_rate_limit, HEALTH: health.check},
    )
    server = await lean.serve(offered, endpoint)
    log.info("ready", pid=os.getpid())
    await follow(lambda: None, parent)
    health.serving = False
    await server.drain(1.0)
    await limiter.close()
