"""N processes with a socket each: started, watched, restarted, reloaded and drained by one parent.

The parent does nothing else, so that nothing can happen to it. It is single-threaded and forks
before any event loop exists; a child gets the configuration that the parent holds, so a worker
that is restarted while the file is broken still serves the last good one.
"""

import os
import signal
import time
from collections.abc import Callable
from typing import NoReturn

import msgspec
import structlog

log = structlog.get_logger()

WATCHED = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
STOPPING = {signal.SIGTERM, signal.SIGINT}

POLL = 0.5
"""Seconds between two looks at the configuration file."""
SETTLED = 5.0
"""A child that lived this many seconds is restarted at once; one that did not waits a little."""
BACKOFF = (0.0, 0.1, 0.2, 0.4, 0.8)
"""Seconds before a restart, by how often in a row the child died young; the last one repeats."""
GRACE = 5.0
"""Seconds beyond the drain time after which a child that does not stop is killed."""


class Role(msgspec.Struct, frozen=True):
    """One child: its name, and what it runs until it is told to stop, or until its parent is gone.

    `run` gets the parent's process id: a child that asked for it later might get another's.
    """

    name: str
    run: Callable[[int], None]
    last: bool = False
    """Told to stop only when all others have ended."""


class Child:
    """A role and the process that plays it now."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.pid = 0
        self.started = 0.0
        self.failures = 0
        self.due = 0.0

    def start(self) -> None:
        """Forks; only the parent returns."""
        self.started = time.monotonic()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _play(self.role, parent)
        self.pid = pid

    def ended(self) -> bool:
        """Whether the process has ended since it was last asked."""
        return bool(self.pid) and os.waitpid(self.pid, os.WNOHANG)[0] == self.pid

    def died(self) -> None:
        """Plans the restart."""
        now = time.monotonic()
        self.pid = 0
        self.failures = 0 if now - self.started > SETTLED else self.failures + 1
        self.due = now + BACKOFF[min(self.failures, len(BACKOFF)) - 1] if self.failures else now


def _play(role: Role, parent: int) -> NoReturn:
    status = 1
    try:
        for number in WATCHED:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
        role.run(parent)
        status = 0
    except BaseException:
        log.exception("worker failed", worker=role.name)
    finally:
        # Not sys.exit: a fork must not run what the parent registered for its own end.
        os._exit(status)


class Supervisor:
    """Keeps all roles played until it is told to stop."""

    def __init__(self, roles: list[Role], drain: float, reload: Callable[[bool], bool]) -> None:
        """`reload(forced)` loads a changed configuration and says whether children shall, too."""
        self._children = [Child(role) for role in roles]
        self._drain = drain
        self._reload = reload

    def run(self) -> None:
        """Returns when all children have ended after SIGTERM or SIGINT."""
        signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
        for child in self._children:
            child.start()
        while True:
            received = signal.sigtimedwait(WATCHED, self._pause())
            number = received.si_signo if received else 0
            if number in STOPPING:
                break
            self._reap()
            self._restart()
            if self._reload(number == signal.SIGHUP):
                _tell(self._children, signal.SIGHUP)
        self._stop()

    def _pause(self) -> float:
        due = [child.due - time.monotonic() for child in self._children if not child.pid]
        return max(0.0, min([POLL, *due]))

    def _reap(self) -> None:
        for child in self._children:
            if child.ended():
                log.warning("worker died", worker=child.role.name, pid=child.pid)
                child.died()

    def _restart(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if not child.pid and child.due <= now:
                child.start()
                log.info("worker restarted", worker=child.role.name, pid=child.pid)

    def _stop(self) -> None:
        log.info("draining", seconds=self._drain)
        self._end([child for child in self._children if not child.role.last])
        self._end([child for child in self._children if child.role.last])

    def _end(self, children: list[Child]) -> None:
        _tell(children, signal.SIGTERM)
        deadline = time.monotonic() + self._drain + GRACE
        while time.monotonic() < deadline:
            for child in children:
                if child.ended():
                    child.pid = 0
            if not any(child.pid for child in children):
                return
            signal.sigtimedwait({signal.SIGCHLD}, 0.1)
        _tell(children, signal.SIGKILL)


def _tell(children: list[Child], number: signal.Signals) -> None:
    for child in children:
        if child.pid:
            os.kill(child.pid, number)
