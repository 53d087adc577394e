"""Which processes hold a listening socket, as far as /proc shows it (proc_net(5))."""

import os
from collections.abc import Iterator
from pathlib import Path

from extproc.config.redaction import shown

PROC = Path("/proc")
ACCEPTING = 0x10000
"""Flag of a listening socket in /proc/net/unix; what it has accepted stands there, too."""
LISTEN = "0A"
"""State of a listening socket in /proc/net/tcp and tcp6."""


def of_path(path: str) -> list[int]:
    """The processes that listen on a Unix socket's path."""
    return list(_holders({fields[6] for fields in _lines("unix") if _is_at(fields, path)}))


def _is_at(fields: list[str], path: str) -> bool:
    return len(fields) == 8 and fields[7] == path and bool(int(fields[3], 16) & ACCEPTING)


def of_port(port: int) -> list[int]:
    """The processes that listen on a TCP port, at whatever address."""
    rows = [fields for table in ("tcp", "tcp6") for fields in _lines(table)]
    found = {fields[9] for fields in rows if len(fields) > 9 and _listens(fields, port)}
    return list(_holders(found))


def _listens(fields: list[str], port: int) -> bool:
    return fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port


def _lines(table: str) -> list[list[str]]:
    try:
        text = (PROC / "net" / table).read_text(errors="replace")
    except OSError:
        return []
    return [line.split() for line in text.splitlines()[1:]]


def _holders(inodes: set[str]) -> Iterator[int]:
    targets = {f"socket:[{inode}]" for inode in inodes}
    for process in PROC.glob("[0-9]*") if targets else ():
        if not targets.isdisjoint(_open(process)):
            yield int(process.name)


def _open(process: Path) -> Iterator[str]:
    """What a process has open; nothing of one that is gone, or that others may not look into."""
    try:
        for descriptor in os.scandir(process / "fd"):
            yield os.readlink(descriptor.path)  # noqa: PTH115  (no path is made of it)
    except OSError:
        return


def described(pids: list[int]) -> str:
    """`process 7 (redis-server *:6379)`, for a message."""
    if not pids:
        return "a process that cannot be seen from here"
    first, *more = sorted(pids)
    others = f" and {len(more)} more" if more else ""
    return f"process {first}{_command(first)}{others}"


def _command(pid: int) -> str:
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    return f" ({shown(' '.join(map(shown, filter(None, words))))})"
