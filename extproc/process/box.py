"""Bodies on their way from the workers to the process that keeps the books: a message each.

Nobody waits: what the kernel has no room for is lost, and counted.
"""

import socket
from collections.abc import Callable
from contextlib import suppress

ROOM = 1024 * 1024
"""Bytes that the kernel shall hold; it may give less (socket(7), wmem_max)."""
LOST = "a raw body was lost"
"""What is counted."""


class Box:
    """One end to put into, one to take from; both are inherited by a fork."""

    def __init__(self, note: Callable[[str], None]) -> None:
        """`note` hears of what was lost."""
        self._note = note
        self.taking, self._putting = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for end in (self.taking, self._putting):
            end.setblocking(False)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)

    def put(self, message: bytes) -> None:
        """Puts one message in, or loses it."""
        try:
            self._putting.send(message)
        except OSError:
            self._note(LOST)

    def take(self) -> bytes | None:
        """The next message; None: there is none now."""
        with suppress(BlockingIOError):
            return self.taking.recv(ROOM)
        return None
