"""A process that stood still says so when it goes on."""

import asyncio

import structlog

LOOK = 0.5
"""Seconds between two looks at the clock."""

log = structlog.get_logger()


async def noticed(patience: float) -> None:
    """Logs, until it is cancelled, each time that the process answered nobody for so long."""
    loop = asyncio.get_running_loop()
    while True:
        before = loop.time()
        await asyncio.sleep(LOOK)
        silent = loop.time() - before - LOOK
        if silent > patience:
            log.warning("stood still: Envoy did what on_error says", seconds=round(silent, 1))
