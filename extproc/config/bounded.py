"""Reading a file that may be anything: within a size and a time, whatever stands at the path."""

import errno
import os
import select
import time
from pathlib import Path

PIECE = 1024 * 1024


class Endless(OSError):
    """A pipe or a device whose end does not come, or never had a beginning."""

    def __init__(self, seconds: float) -> None:
        super().__init__(0, f"no end of it within {seconds:g} s")


def read(path: Path, most: int, seconds: float) -> bytes:
    """At most `most` bytes and one, which tells that there are more; raises OSError."""
    descriptor = opened(path)
    try:
        return whole(descriptor, most, seconds)
    finally:
        os.close(descriptor)


def opened(path: Path) -> int:
    """A descriptor for reading that waits for nobody; raises OSError."""
    try:
        # O_NOCTTY: a terminal at that path does not become ours.
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except ValueError:
        # A NUL, or half of a surrogate pair: no system call takes such a path.
        raise OSError(errno.EINVAL, "no path of a file") from None


def whole(descriptor: int, most: int, seconds: float) -> bytes:
    """The same, of what `opened` gave."""
    deadline = time.monotonic() + seconds
    pieces, left = list[bytes](), most + 1
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while left:
        # The end of a pipe wakes poll(2), too; a regular file is always ready.
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise Endless(seconds)
        try:
            piece = os.read(descriptor, min(PIECE, left))
        except BlockingIOError:
            continue
        if not piece:
            break
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)
