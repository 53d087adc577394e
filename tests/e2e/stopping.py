"""Processes that stand still for a while, the limiter above all."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import orjson

from extproc.lab import lines
from tests.e2e.conftest import Gateway


def said(gateway: Gateway, event: str) -> list[dict]:
    """The limiter's log lines, and the parent's about it, with `event`."""
    told = lines.ended(gateway.local.server.log)
    found = [orjson.loads(line) for line in told if line.startswith(b"{")]
    return [
        one for one in found if one.get("worker") == "limiter" and one["event"].startswith(event)
    ]


def limiter(gateway: Gateway) -> int:
    """The process id of the limiter."""
    pid: int = said(gateway, "ready")[-1]["pid"]
    return pid


@contextmanager
def still(pid: int, seconds: float = 0) -> Iterator[None]:
    """The process does nothing until the block ends, and for so long at least."""
    os.kill(pid, signal.SIGSTOP)
    begun = time.monotonic()
    try:
        yield
    finally:
        time.sleep(max(0, begun + seconds - time.monotonic()))
        os.kill(pid, signal.SIGCONT)
