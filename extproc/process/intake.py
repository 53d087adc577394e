"""Lines from the pipe, in a file until they are written down: so they outlive who reads them.

splice(2) moves them there inside of the kernel; at no time does a line stand in the memory of this
process alone. Who is killed leaves the file to the next one, which may then read a line twice.
"""

import fcntl
import os
import sys
import termios
from pathlib import Path

AT_ONCE = 256 * 1024
"""Bytes that are read of the pipe at a time, where there is no file."""
SUFFIX = ".intake"


def readable(pipe: int) -> int:
    """Bytes in it (ioctl_pipe(2), as for terminals)."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


class Intake:
    """The pipe's end to read, and the file, if there is one."""

    def __init__(self, paper: int, path: Path | None) -> None:
        """What an earlier process has left in the file is read first; OSError."""
        self._paper = paper
        self._rest = b""
        self._file: int | None = None
        self._size = 0
        if path is not None:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            self._size = os.fstat(self._file).st_size

    def take(self) -> list[bytes]:
        """Whole lines that have come, without their ends; they are kept until `done`."""
        whole, found, self._rest = (self._rest + self._moved()).rpartition(b"\n")
        return whole.split(b"\n") if found else []

    def _moved(self) -> bytes:
        if self._file is None:
            return self._read()
        # A write of up to PIPE_BUF bytes is there as a whole or not at all: so these are lines.
        left = readable(self._paper)
        try:
            while left:
                moved = os.splice(self._paper, self._file, left, offset_dst=self._size)
                self._size += moved
                left -= moved
        except OSError:
            # The disk is full, or its file system cannot do that.
            return self._kept() + self._read()
        return self._kept()

    def _kept(self) -> bytes:
        return os.pread(self._file, self._size, 0) if self._file is not None else b""

    def _read(self) -> bytes:
        try:
            return os.read(self._paper, AT_ONCE)
        except BlockingIOError:
            return b""

    def done(self) -> None:
        """What was taken is written down, and goes."""
        if self._file is not None and self._size:
            os.ftruncate(self._file, 0)
            self._size = 0

    def close(self) -> None:
        """Leaves what is in the file to whoever comes next."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
