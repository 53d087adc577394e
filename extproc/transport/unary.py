"""Unary methods as streams of exactly one message, and replies that nobody takes.

A peer that has read the end of a stream does not reset it any more (RFC 9113, section 5.1): a
RST_STREAM of a stream that was answered says that nobody took the answer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from extproc.transport import Abort, Reply, Status

Method = Callable[[bytes], Reply]
Untaken = Callable[[bytes], None]
"""Is given the reply that nobody took."""

log = logging.getLogger(__name__)


class UnaryCall:
    """A call of a method that need not know what becomes of its reply."""

    __slots__ = ("_asked", "_method")

    def __init__(self, method: Method) -> None:
        self._method = method
        self._asked = False

    def receive(self, message: bytes) -> Reply:
        if self._asked:
            raise Abort(Status.INTERNAL, "more than one message to a unary method")
        self._asked = True
        return self._method(message)

    def end(self) -> None:
        if not self._asked:
            raise Abort(Status.INTERNAL, "no message to a unary method")


class Replies:
    """Replies to the latest streams of one connection, that may still be given up."""

    def __init__(self, untaken: Mapping[str, Untaken], most: int) -> None:
        """`untaken`: who is told, by the method's path."""
        self._untaken = untaken
        self._kept: dict[int, tuple[int, str, bytes]] = {}
        self._most = most

    def keep(self, stream_id: int, path: str, reply: bytes) -> None:
        """A reply leaves; one that left so many streams ago counts as taken."""
        self._kept[(stream_id >> 1) % self._most] = stream_id, path, reply

    def given_up(self, stream_id: int) -> None:
        """Nobody hears what was said on the stream, if anything was."""
        # A client's streams have the odd numbers, in order (RFC 9113, section 5.1.1).
        place = (stream_id >> 1) % self._most
        kept = self._kept.get(place)
        if kept is not None and kept[0] == stream_id:
            del self._kept[place]
            self.give_back(kept[1], kept[2])

    def give_back(self, path: str, reply: bytes) -> None:
        """Tells who gave the reply; a bug there ends no connection."""
        try:
            self._untaken[path](reply)
        except Exception:
            log.exception("a reply that nobody took")


class KeptCall(UnaryCall):
    """A call that is carried through when nobody waits for it any more, and hears of that."""

    __slots__ = ("_over", "_path", "_replies", "_stream_id")

    def __init__(self, method: Method, path: str, stream_id: int, replies: Replies) -> None:
        super().__init__(method)
        self._path = path
        self._stream_id = stream_id
        self._replies = replies
        self._over = False

    def receive(self, message: bytes) -> Reply:
        reply = UnaryCall.receive(self, message)
        if not isinstance(reply, bytes):
            return asyncio.shield(asyncio.ensure_future(self._later(reply)))
        self._replies.keep(self._stream_id, self._path, reply)
        return reply

    async def _later(self, coming: Awaitable[bytes]) -> bytes:
        reply = await coming
        if self._over:
            self._replies.give_back(self._path, reply)
        else:
            self._replies.keep(self._stream_id, self._path, reply)
        return reply

    def end(self) -> None:
        self._over = True
        UnaryCall.end(self)
