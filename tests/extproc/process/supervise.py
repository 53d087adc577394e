"""A supervisor of children that behave as their names say: `python -m …supervise WATCHDOG NAME …`.

A child tells its process id once it has beaten.
"""

import os
import sys
import time
from collections.abc import Callable

from extproc.process import log
from extproc.process.line import Line
from extproc.process.workers import Role, Supervisor

Parted = Callable[[], bool]
"""Whether the parent is gone: nobody stays behind then."""


def healthy(line: Line, parted: Parted) -> None:
    while not parted():
        line.beat()
        time.sleep(0.1)


def busy(line: Line, parted: Parted) -> None:
    """Silent for a while, again and again, as with a large piece of work."""
    while not parted():
        line.beat()
        time.sleep(0.7)


def hung(_: Line, parted: Parted) -> None:
    while not parted():
        pass


def crashing(_: Line, parted: Parted) -> None:
    raise RuntimeError("no reason")


def play(name: str) -> Callable[[int, Line], None]:
    def run(parent: int, line: Line) -> None:
        line.beat()
        os.write(1, f"{name} {os.getpid()}\n".encode())  # at once, between others' lines
        globals()[name](line, lambda: os.getppid() != parent)

    return run


def faulty(forced: bool) -> int | None:
    raise TypeError("a bug of ours")


def main() -> None:
    watchdog, *names = sys.argv[1:]
    log.configure("json")
    news = faulty if "faulty" in names else lambda forced: None
    roles = [Role(name, play(name)) for name in names if name != "faulty"]
    Supervisor(roles, drain=0.5, news=news, watchdog=float(watchdog)).run()


if __name__ == "__main__":
    main()
