"""Children that hang, stop or crash are replaced, whatever happens to the parent meanwhile."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from extproc.lab import lines
from extproc.process.workers import BACKOFF
from tests.extproc.process.server import alive, serving, until


class Family:
    """A supervisor and what its children have said."""

    def __init__(self, directory: Path, watchdog: float, *names: str) -> None:
        self.log = directory / "log"
        self.told = directory / "told"
        script = [sys.executable, "-m", "tests.extproc.process.supervise"]
        with self.log.open("wb") as log, self.told.open("wb") as told:
            command = [*script, str(watchdog), *names]
            self.process = subprocess.Popen(command, stdout=told, stderr=log)

    def pids(self, name: str) -> list[int]:
        told = [line.decode().split() for line in lines.ended(self.told)]
        return [int(pid) for child, pid in told if child == name]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@contextmanager
def family(directory: Path, watchdog: float, *names: str) -> Iterator[Family]:
    one = Family(directory, watchdog, *names)
    try:
        yield one
    finally:
        one.process.kill()
        one.process.wait()


def test_a_child_that_works_without_end_is_replaced_and_others_are_not(tmp_path):
    with family(tmp_path, 2.0, "healthy", "busy", "hung") as one:
        first = until(lambda: one.pids("hung"), "a child")[0]
        until(lambda: len(one.pids("hung")) == 2, "its successor")
        assert not alive(first)
        assert (len(one.pids("healthy")), len(one.pids("busy"))) == (1, 1)
        assert "worker is silent, killed" in one.log.read_text()


def test_a_child_that_is_stopped_is_replaced(tmp_path):
    with family(tmp_path, 1.0, "healthy") as one:
        (first,) = until(lambda: one.pids("healthy"), "a child")
        os.kill(first, signal.SIGSTOP)
        until(lambda: len(one.pids("healthy")) == 2, "its successor")
        assert not alive(first)


def test_a_pause_of_the_whole_machine_is_held_against_nobody(tmp_path):
    with family(tmp_path, 1.5, "healthy") as one:
        (first,) = until(lambda: one.pids("healthy"), "a child")
        time.sleep(0.5)
        for pid in (one.process.pid, first):
            os.kill(pid, signal.SIGSTOP)
        time.sleep(3)
        for pid in (one.process.pid, first):
            os.kill(pid, signal.SIGCONT)
        time.sleep(1)
        assert one.pids("healthy") == [first]


def test_a_child_that_is_stopped_does_not_hold_up_the_end(tmp_path):
    with family(tmp_path, 1.0, "healthy") as one:
        (first,) = until(lambda: one.pids("healthy"), "a child")
        os.kill(first, signal.SIGSTOP)
        began = time.monotonic()
        assert one.stop() == 0
        assert time.monotonic() - began < 5
        assert not alive(first)


def test_children_that_crash_at_once_are_not_restarted_at_once(tmp_path):
    with family(tmp_path, 1.0, "crashing") as one:
        until(lambda: len(one.pids("crashing")) > len(BACKOFF), "restarts")
        crashes, began = len(one.pids("crashing")), time.monotonic()
        time.sleep(2)
        more = len(one.pids("crashing")) - crashes
        assert more <= (time.monotonic() - began) / BACKOFF[-1] + 1


def test_a_bug_in_the_parent_is_logged_and_the_parent_goes_on(tmp_path):
    with family(tmp_path, 1.0, "healthy", "faulty") as one:
        until(lambda: one.log.read_text().count("a bug of ours") > 2, "several faults")
        (first,) = one.pids("healthy")
        os.kill(first, signal.SIGKILL)
        until(lambda: len(one.pids("healthy")) == 2, "a successor")
        assert one.stop() == 0


def test_a_terminal_that_goes_away_ends_nobody(tmp_path):
    with family(tmp_path, 5.0, "healthy") as one:
        (first,) = until(lambda: one.pids("healthy"), "a child")
        for pid in (one.process.pid, first):
            os.kill(pid, signal.SIGHUP)
        time.sleep(0.5)
        assert alive(first)
        assert alive(one.process.pid)


def test_a_worker_and_a_limiter_that_are_stopped_are_replaced(place):
    limits = [{"per": "header:x-user", "tokens": 1, "every": "day"}]
    with serving(place, {"limits": limits}, watchdog="3s") as server:
        server.wait_ready()
        until(lambda: server.said("ready", worker="limiter"), "the limiter")
        old = server.children()
        for pid in old:
            os.kill(pid, signal.SIGSTOP)
        until(lambda: not set(old) & set(server.children()), "their end")
        assert server.said("worker is silent, killed", worker="limiter")
        server.wait_ready()
        assert server.stop() == 0
