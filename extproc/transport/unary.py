"""Unary methods as streams of exactly one message, and replies that nobody takes.

A peer that has read the end of a stream does not reset it any more (RFC 9113, section 5.1): a
RST_STREAM of a stream that was answered says that nobody took the answer.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from extproc.transport import Abort, Reply, Status

Method = Callable[[bytes], Reply]
Untaken = Callable[[bytes], None]
"""Is given the reply that nobody took."""

log = logging.getLogger(__name__)


class UnaryCall:
    """A call of a method that need not know what becomes of its reply."""

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
    """The latest replies of one connection that may still be given up, by stream."""

    def __init__(self, most: int) -> None:
        self._kept: OrderedDict[int, tuple[Untaken, bytes]] = OrderedDict()
        self._most = most

    def keep(self, stream_id: int, untaken: Untaken, reply: bytes) -> None:
        """A reply leaves; the oldest one counts as taken when there are too many."""
        self._kept[stream_id] = untaken, reply
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def given_up(self, stream_id: int) -> None:
        """Nobody hears what was said on the stream, if anything was."""
        kept = self._kept.pop(stream_id, None)
        if kept is not None:
            tell(*kept)


class KeptCall(UnaryCall):
    """A call that is carried through when nobody waits for it any more, and hears of that."""

    def __init__(self, method: Method, untaken: Untaken, stream_id: int, replies: Replies) -> None:
        super().__init__(method)
        self._untaken = untaken
        self._stream_id = stream_id
        self._replies = replies
        self._over = False

    def receive(self, message: bytes) -> Reply:
        reply = super().receive(message)
        if not isinstance(reply, bytes):
            return asyncio.shield(asyncio.ensure_future(self._later(reply)))
        self._replies.keep(self._stream_id, self._untaken, reply)
        return reply

    async def _later(self, coming: Awaitable[bytes]) -> bytes:
        reply = await coming
        if self._over:
            tell(self._untaken, reply)
        else:
            self._replies.keep(self._stream_id, self._untaken, reply)
        return reply

    def end(self) -> None:
        self._over = True
        super().end()


def tell(untaken: Untaken, reply: bytes) -> None:
    """Gives the reply back; a bug there ends no connection."""
    try:
        untaken(reply)
    except Exception:
        log.exception("a reply that nobody took")
