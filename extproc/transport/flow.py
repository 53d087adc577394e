"""Who may send how much: a stream's two windows, and the credit that long messages share."""

from collections import deque
from typing import Final

from extproc.transport.limits import Limits


class Stream:
    """One open stream of a connection: its windows and what waits for them."""

    __slots__ = (
        "answered",
        "blocked_at",
        "body",
        "expected",
        "granted",
        "id",
        "owed",
        "pending",
        "queued",
        "receive_window",
        "remote_open",
        "send_window",
        "trailers",
        "wanted",
    )

    def __init__(self, stream_id: int, send_window: int, receive_window: int) -> None:
        self.id: Final = stream_id
        self.send_window = send_window
        self.receive_window = receive_window
        self.remote_open = True
        self.answered = False
        self.pending: deque[memoryview] = deque()
        """Payload that waits for a window."""
        self.trailers: bytes | None = None
        """Header block that ends the stream once `pending` has left."""
        self.blocked_at = 0.0
        """When the oldest of `pending` began to wait."""
        self.queued = False
        """It is in the connection's queue for the shared window."""
        self.owed = 0
        """Consumed bytes whose credit was not given back yet; negative after a grant."""
        self.granted = 0
        self.wanted = 0
        """Credit that a long message needs and did not get yet."""
        self.expected: int | None = None
        """The content-length that was promised."""
        self.body = 0
        """DATA bytes received, counted only where `expected` says."""


class Credit:
    """Receive windows of one connection: given back as messages are handed over.

    A message that does not fit its stream's window gets credit for all of it in one piece, from a
    budget that the streams share; when that is spent, the next one waits. So a message once let in
    can always be finished, and what peers can make us hold is bounded.
    """

    def __init__(self, limits: Limits) -> None:
        self._budget = limits.reserved
        self._granted = 0
        self._waiting: deque[Stream] = deque()

    def give_back(self, stream: Stream) -> int:
        """The increment to send for all that was consumed; 0 if the peer sends no more anyway."""
        if not stream.remote_open:
            return 0
        increment, stream.owed = stream.owed, 0
        stream.receive_window += increment
        return increment

    def expect(self, stream: Stream, size: int) -> int:
        """The increment to send because `size` more bytes end the message; 0 for none or later."""
        short = size - stream.receive_window
        if short <= 0 or stream.wanted:
            return 0
        # What is owed anyway is given back first, the rest is a grant.
        stream.wanted = short
        self._waiting.append(stream)
        return self._grant(stream) if self._fits(stream) and len(self._waiting) == 1 else 0

    def release(self, stream: Stream) -> list[tuple[Stream, int]]:
        """(stream, increment) of those that may go on, the message or stream being over."""
        self._granted -= stream.granted
        stream.granted = stream.wanted = 0
        return self._next()

    def _next(self) -> list[tuple[Stream, int]]:
        ready = []
        while self._waiting:
            first = self._waiting[0]
            if not first.wanted:
                self._waiting.popleft()
            elif self._fits(first):
                ready.append((first, self._grant(first)))
            else:
                break
        return ready

    def _fits(self, stream: Stream) -> bool:
        return not self._granted or self._granted + stream.wanted <= self._budget

    def _grant(self, stream: Stream) -> int:
        """Takes the first of those that wait off the queue."""
        self._waiting.popleft()
        increment, stream.wanted = stream.wanted, 0
        stream.granted += increment
        stream.owed -= increment
        stream.receive_window += increment
        self._granted += increment
        return increment
