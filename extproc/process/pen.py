"""What processes write down for the one that keeps the books: a line each, by a pipe.

Nobody waits: what the pipe does not take is kept for a while, and counted when it is lost. The pipe
is the parent's, and so outlives who writes and who reads.
"""

import fcntl
import os
from collections import deque
from contextlib import suppress
from itertools import count

import orjson

CAPACITY = 1024 * 1024
"""Bytes that the kernel holds (pipe(7)); some two thousand records."""
KEPT = 4_096
"""Lines that a process keeps while the pipe is full."""


class Pen:
    """One end to write, one to read; both are inherited by a fork."""

    def __init__(self) -> None:
        self.paper, self._end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        with suppress(OSError):
            fcntl.fcntl(self._end, fcntl.F_SETPIPE_SZ, CAPACITY)
        self._kept: deque[bytes] = deque()
        self._lost = 0
        self._salt = ""
        self._numbers = count(1)

    def number(self) -> str:
        """Unique, whichever process asks."""
        if not self._salt:
            self._salt = os.urandom(8).hex()
        return f"{self._salt}{next(self._numbers):x}"

    def write(self, line: bytes) -> None:
        """Puts a line, of at most PIPE_BUF bytes, into the pipe, now or a little later."""
        if self._kept:
            self.catch_up()
        if self._kept or not self._put(line):
            self._keep(line)

    def note(self, event: str) -> None:
        """Tells that something has happened that is counted."""
        self.write(orjson.dumps({"event": event}, option=orjson.OPT_APPEND_NEWLINE))

    def exceeded(self, limit: str) -> None:
        """Tells that a limit in shadow would have refused a request."""
        self.write(orjson.dumps({"exceeded": limit}, option=orjson.OPT_APPEND_NEWLINE))

    def catch_up(self) -> None:
        """Writes what was kept, as far as it goes."""
        while self._kept and self._put(self._kept[0]):
            self._kept.popleft()
        if self._lost and not self._kept:
            lost = orjson.dumps({"lost": self._lost}, option=orjson.OPT_APPEND_NEWLINE)
            if self._put(lost):
                self._lost = 0

    def _keep(self, line: bytes) -> None:
        if len(self._kept) < KEPT:
            self._kept.append(line)
        else:
            self._lost += 1

    def _put(self, line: bytes) -> bool:
        try:
            os.write(self._end, line)
        except BlockingIOError:
            return False
        return True
