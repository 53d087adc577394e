"""What processes have used, read from Linux's /proc (https://docs.kernel.org/filesystems/proc.html)."""

import os
from collections.abc import Iterable
from pathlib import Path

NANO = 1_000
"""Nanoseconds in a microsecond."""
TICK = 1_000_000 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")

PROC = Path("/proc")


def cpu(pids: Iterable[int]) -> float:
    """µs of CPU, user and system, of all threads of these processes so far."""
    return sum(map(_cpu, pids))


def _cpu(pid: int) -> float:
    """By schedstat, which counts nanoseconds; by clock ticks where the kernel keeps none."""
    tasks = (PROC / str(pid) / "task").iterdir()
    nanoseconds = sum(int((task / "schedstat").read_bytes().split()[0]) for task in tasks)
    if nanoseconds:
        return nanoseconds / NANO
    # The name, in parentheses, may hold spaces; utime and stime are fields 14 and 15.
    fields = (PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK


def resident(pid: int) -> float:
    """MB of memory in RAM, what it shares with its parent included."""
    pages = int((PROC / str(pid) / "statm").read_bytes().split()[1])
    return pages * PAGE / 1_000_000


def forget_peak(pid: int) -> None:
    """The most that a process has had begins with what it has now."""
    (PROC / str(pid) / "clear_refs").write_text("5")


def peak(pid: int) -> float:
    """MB of memory that it has had at most."""
    for line in (PROC / str(pid) / "status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "VmHWM":
            return int(value.split()[0]) * 1024 / 1_000_000
    raise ProcessLookupError(f"process {pid} has no memory")


def children(pid: int) -> list[int]:
    """The processes that `pid` has started and that live."""
    text = (PROC / str(pid) / "task" / str(pid) / "children").read_text()
    return [int(word) for word in text.split()]


def processor() -> str:
    """What the kernel calls the CPU."""
    for line in (PROC / "cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return "unknown"
