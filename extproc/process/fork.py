"""Forking off the parent, which has one thread and no event loop, so that nothing is torn."""

import os
import signal
from collections.abc import Callable
from typing import NoReturn

import structlog

log = structlog.get_logger()

WATCHED = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
"""What the parent waits for, and so has blocked."""


def forked(name: str, play: Callable[[], None]) -> int:
    """The process id of a child that runs `play` and ends; only the parent returns."""
    pid = os.fork()
    if pid == 0:
        _play(name, play)
    return pid


def _play(name: str, play: Callable[[], None]) -> NoReturn:
    status = 1
    try:
        for number in WATCHED:
            signal.signal(number, signal.SIG_DFL)
        # A terminal that goes away says so to all; for children, the parent decides.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
        play()
        status = 0
    except BaseException:
        log.exception("process failed", process=name)
    finally:
        # Not sys.exit: a fork must not run what the parent registered for its own end.
        os._exit(status)
