"""A process that stood still says so."""

import asyncio
import time

from structlog.testing import capture_logs

from extproc.process import stall


async def test_standing_still_is_logged_once_it_is_over(monkeypatch):
    monkeypatch.setattr(stall, "LOOK", 0.01)
    watching = asyncio.create_task(stall.noticed(1.0))
    with capture_logs() as logs:
        await asyncio.sleep(0.05)
        time.sleep(1.2)
        async with asyncio.timeout(10):
            while not logs:
                await asyncio.sleep(0.01)
    watching.cancel()
    assert logs[-1]["seconds"] >= 1.1
