"""The child process that asks for tokens: one for all workers, which read what it has got.

It alone loads the SDKs of clouds, and their threads wait here, not in the parent, to which nothing
may happen, and not where requests are answered.
"""

import logging
import os
from pathlib import Path

import structlog
import uvloop

from extproc.credentials.keeping import Keeping
from extproc.exchange.compile import wanted_identities
from extproc.process.configuration import Loaded
from extproc.process.life import Life
from extproc.process.line import Line

log = structlog.get_logger()


def run(loaded: Loaded, tokens: Path, parent: int, line: Line) -> None:
    """Keeps tokens fresh until SIGTERM; when a configuration comes, those that it needs."""
    structlog.contextvars.bind_contextvars(worker="identities")
    # SDKs log what they send and get; what went wrong is said in their exceptions.
    logging.disable(logging.CRITICAL)
    uvloop.run(_keep(loaded, tokens, parent, line))


async def _keep(loaded: Loaded, tokens: Path, parent: int, line: Line) -> None:
    keeping = Keeping(tokens)
    life = Life(parent, line, lambda new: keeping.take(wanted_identities(new.gateway)))
    keeping.take(wanted_identities(loaded.gateway))
    log.info("ready", pid=os.getpid())
    await life.told(keeping.look)
