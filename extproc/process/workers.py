"""N processes with a socket each: started, watched, restarted, told and drained by one parent.

The parent does nothing else, so that nothing can happen to it. It is single-threaded and forks
before any event loop exists; a child gets the configuration that the parent holds, so a worker
that is restarted while the file is broken still serves the last good one.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from functools import partial

import msgspec
import structlog

from extproc.process.fork import WATCHED, forked
from extproc.process.line import TAKEN, Line

log = structlog.get_logger()

STOPPING = {signal.SIGTERM, signal.SIGINT}

POLL = 0.25
"""Seconds between two looks at the configuration file and at the children."""
SETTLED = 5.0
"""A child that lived this many seconds is restarted at once; one that did not waits a little."""
BACKOFF = (0.0, 0.1, 0.2, 0.4, 0.8)
"""Seconds before a restart, by how often in a row the child died young; the last one repeats."""
QUICK = 0.02
"""The same while somebody is waited for."""
LEAD = 5.0
"""Seconds after which those who follow go on, whoever has not taken a configuration."""
GRACE = 5.0
"""Seconds beyond the drain time after which a child that does not stop is killed."""
STARTING = 30.0
"""Seconds that a child may be silent before it says anything."""

News = Callable[[bool], int | None]
"""Looks for a configuration that all children shall have, forced or not: a descriptor to close."""


class Role(msgspec.Struct, frozen=True):
    """One child: its name, and what it runs until it is told to stop, or until its parent is gone.

    `run` gets the parent's process id: a child that asked for it later might get another's.
    """

    name: str
    run: Callable[[int, Line], None]
    stage: int = 1
    """When it is told to stop: after all of a lower one have ended."""
    follows: bool = False
    """Puts a configuration into force only when all others have taken it."""
    wanted: Callable[[], bool] = lambda: True
    """Whether there is anything to do: until then, nobody plays it."""


class Child:
    """A role and the process that plays it now."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.pid = 0
        self.started = 0.0
        self.failures = 0
        self.due = 0.0
        self.line = Line()
        self.owes = False
        """Whether it was given a configuration, and has not said that it took it."""
        self._silent = 0.0
        self._known = False
        """Whether it has said anything yet."""

    def start(self, others: Iterable["Child"]) -> None:
        """Forks off a new process; OSError where there can be none."""
        self.line.close()
        self.line = Line()
        self.started = time.monotonic()
        self._silent, self._known, self.owes = 0.0, False, False
        parent, foreign = os.getpid(), [child.line for child in others if child is not self]
        self.pid = forked(self.role.name, lambda: self._play(parent, foreign))

    def _play(self, parent: int, foreign: list[Line]) -> None:
        for line in foreign:
            line.close()
        self.line.become_child()
        self.role.run(parent, self.line)

    def ended(self) -> bool:
        """Whether the process has ended since it was last asked."""
        if not self.pid:
            return False
        try:
            return os.waitpid(self.pid, os.WNOHANG)[0] == self.pid
        except ChildProcessError:
            return True

    def died(self) -> None:
        """Plans the restart."""
        now = time.monotonic()
        self.pid = 0
        self.failures = 0 if now - self.started > SETTLED else self.failures + 1
        self.due = now + BACKOFF[min(self.failures, len(BACKOFF)) - 1] if self.failures else now

    def silence(self, passed: float) -> float:
        """Seconds without a sign of life beyond what is usual at the start; `passed` since asked.

        What passes while the parent does not look is not held against the child: both may have
        been stopped, with the machine that they run on.
        """
        said = self.line.heard()
        if TAKEN in said:
            self.owes = False
        if said:
            self._silent, self._known = 0.0, True
        else:
            self._silent += min(passed, 2 * POLL)
        return self._silent if self._known else self._silent - STARTING

    def hand(self, paper: int) -> None:
        """Hands a configuration down; who is not there gets it when it starts."""
        self._say(lambda: self.line.send(paper, early=self.role.follows))
        self.owes = bool(self.pid)

    def release(self) -> None:
        """All others have what was handed down."""
        self._say(self.line.release)

    def _say(self, words: Callable[[], None]) -> None:
        if not self.pid:
            return
        try:
            words()
        except OSError:
            # It will be restarted with what is in force by then.
            self.kill()

    def kill(self) -> None:
        """SIGKILL, which stopped processes obey, too; it has as long again to be gone."""
        self._silent = 0.0
        self.tell(signal.SIGKILL)

    def tell(self, number: signal.Signals) -> None:
        """Sends a signal to the process, if there is one."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Supervisor:
    """Keeps all roles played until it is told to stop; whatever is raised on the way is logged."""

    def __init__(
        self,
        roles: list[Role],
        *,
        drain: float,
        news: News = lambda forced: None,
        watchdog: float | None = None,
        record: Callable[[list[int]], None] = lambda pids: None,
    ) -> None:
        """`watchdog`: seconds that a child may be silent; `record` is told who the children are."""
        self._children = [Child(role) for role in roles]
        self._drain = drain
        self._news = news
        self._watchdog = watchdog
        self._record = record
        self._looked = time.monotonic()
        self._until: float | None = None
        """When those who follow put into force what they have, at the latest."""

    def run(self) -> None:
        """Returns when all children have ended after SIGTERM or SIGINT."""
        signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
        # Whoever ignores it, nohup for instance, hands that on, and then nobody can be waited for.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        received = 0
        while received not in STOPPING:
            spread = partial(self._spread, received == signal.SIGHUP)
            for step in (self._reap, self._watch, self._start, spread, self._release):
                _survive(step)
            found = signal.sigtimedwait(WATCHED, self._pause())
            received = found.si_signo if found else 0
        self._stop()

    def _pause(self) -> float:
        due = [child.due - time.monotonic() for child in self._absent()]
        poll = POLL if self._until is None else QUICK
        return max(0.0, min([poll, *due]))

    def _absent(self) -> list[Child]:
        return [child for child in self._children if not child.pid and child.role.wanted()]

    def _reap(self) -> None:
        for child in self._children:
            if child.ended():
                log.warning("worker died", worker=child.role.name, pid=child.pid)
                child.died()

    def _watch(self) -> None:
        now = time.monotonic()
        passed, self._looked = now - self._looked, now
        for child in self._children:
            if child.pid and child.silence(passed) > (self._watchdog or float("inf")):
                log.error("worker is silent, killed", worker=child.role.name, pid=child.pid)
                child.kill()

    def _start(self) -> None:
        """Starts whose turn it is: at first, all."""
        now = time.monotonic()
        due = [child for child in self._absent() if child.due <= now]
        for child in due:
            again = child.started > 0
            # Where there can be no process now, another one is tried when this child is due again.
            child.due = now + BACKOFF[-1]
            child.start(self._children)
            if again:
                log.info("worker restarted", worker=child.role.name, pid=child.pid)
        if due:
            self._record([child.pid for child in self._children if child.pid])

    def _spread(self, forced: bool) -> None:
        paper = self._news(forced)
        if paper is None:
            return
        self._until = time.monotonic() + LEAD
        for child in self._children:
            child.hand(paper)
        os.close(paper)

    def _release(self) -> None:
        """Lets those who follow go on, once all others have a configuration, or should have."""
        if self._until is None:
            return
        leading = [child for child in self._children if child.pid and not child.role.follows]
        if any(child.owes for child in leading) and time.monotonic() < self._until:
            return
        self._until = None
        for child in self._children:
            if child.role.follows:
                child.release()

    def _stop(self) -> None:
        log.info("draining", seconds=self._drain)
        for stage in sorted({child.role.stage for child in self._children}):
            self._end([child for child in self._children if child.role.stage == stage])

    def _end(self, children: list[Child]) -> None:
        for child in children:
            child.tell(signal.SIGTERM)
        deadline = time.monotonic() + self._drain + GRACE
        while time.monotonic() < deadline:
            for child in children:
                if child.ended():
                    child.pid = 0
            if not any(child.pid for child in children):
                return
            _survive(self._watch)
            signal.sigtimedwait({signal.SIGCHLD}, 0.1)
        for child in children:
            child.kill()


def _survive(step: Callable[[], None]) -> None:
    try:
        step()
    except Exception:
        log.exception("the parent goes on")
