"""A short-lived process that does one piece of work, so that the parent need not wait for it."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from extproc.process.collecting import paused
from extproc.process.fork import forked
from extproc.process.line import blank, taken, write

LIMIT = 30.0
"""Seconds that reading and checking a configuration may take."""


class Reading:
    """One such process; what its work returns is in `paper`, a file in memory."""

    def __init__(self, work: Callable[[], object], limit: float = LIMIT) -> None:
        """Raises OSError where there can be no further process."""
        self._began = time.monotonic()
        self.paper = blank()
        self._limit = limit
        self._killed = False
        self._status: int | None = None
        try:
            self._pid = forked("reader", lambda: _do(work, self.paper, limit))
        except OSError:
            os.close(self.paper)
            raise

    def ended(self) -> bool:
        """Whether the process is gone; one that takes too long is killed."""
        with contextlib.suppress(ChildProcessError):
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if not pid:
                self._hurry()
                return False
            self._status = status
        return True

    def _hurry(self) -> None:
        if not self._killed and time.monotonic() - self._began > self._limit:
            self._killed = True
            os.kill(self._pid, signal.SIGKILL)

    def outcome(self) -> Any:
        """What the work returned, or why there is nothing, as text."""
        if self._killed:
            return f"not read within {self._limit:g} s"
        if self._status != 0:
            return f"the process that read it ended with {_cause(self._status)}"
        return taken(self.paper)

    def close(self) -> None:
        """Ends the process if it has not ended, and frees the paper."""
        os.close(self.paper)
        if not self.ended():
            os.kill(self._pid, signal.SIGKILL)


def _cause(status: int | None) -> str:
    if status is None:
        return "no status"
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"status {code}"


def _do(work: Callable[[], object], paper: int, limit: float) -> None:
    # Listening sockets and locks are the parent's; a reader that outlives it must not hold them.
    os.closerange(3, paper)
    os.closerange(paper + 1, os.sysconf("SC_OPEN_MAX"))
    # An orphan ends by itself, and is not ended by a writer who breaks its lease.
    signal.alarm(int(limit) + 5)
    signal.signal(signal.SIGIO, signal.SIG_IGN)
    _first_to_go()
    with paused():
        write(paper, work())


def _first_to_go() -> None:
    """Where memory ends, the kernel takes this process (proc_pid_oom_score_adj(5))."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
