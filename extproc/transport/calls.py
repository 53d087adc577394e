"""The gRPC streams of one connection: HTTP/2 events to calls, replies to frames."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

from extproc.transport import Abort, Call, Service, Status
from extproc.transport import grpc_framing as grpc
from extproc.transport.fields import Head
from extproc.transport.frames import Code
from extproc.transport.http2 import Connection
from extproc.transport.limits import Limits
from extproc.transport.unary import KeptCall, Replies, UnaryCall

log = logging.getLogger(__name__)

PATH, METHOD, CONTENT_TYPE = b":path", b":method", b"content-type"


class Rpc:
    """One open stream."""

    __slots__ = (
        "begun",
        "blocked",
        "call",
        "deadline",
        "ended",
        "held",
        "id",
        "messages",
        "waiting",
    )

    def __init__(self, stream_id: int, call: Call, limit: int, ended: bool) -> None:
        self.id = stream_id
        self.call = call
        self.messages = grpc.Messages(limit)
        self.ended = ended
        """The peer sends no more."""
        self.begun = False
        """The response's header block was sent."""
        self.held = False
        """It waits until fewer replies of the connection are unsent."""
        self.blocked = False
        """A reply waits for the peer's windows."""
        self.waiting: asyncio.Future[bytes] | None = None
        """The promised reply to the last message."""
        self.deadline: asyncio.TimerHandle | None = None


class Calls:
    """Every open stream of a connection; `flush` writes what replies that were awaited left."""

    def __init__(
        self, service: Service, limits: Limits, http2: Connection, flush: Callable[[], None]
    ) -> None:
        self.paused = False
        """The socket takes nothing: no message is handed over."""
        self._service = service
        self._limits = limits
        self._http2 = http2
        self._sending = http2.sending
        self._flush = flush
        self._open: dict[int, Rpc] = {}
        self._replies = Replies(service.untaken, limits.lingering)
        self._held: deque[Rpc] = deque()
        """Streams with a message to hand over once fewer replies are unsent."""

    def __len__(self) -> int:
        return len(self._open)

    def open(self, stream_id: int, head: Head, ended: bool) -> None:
        """Begins the call that a header block asks for, or refuses it."""
        if head.fields[METHOD] != b"POST":
            self._http2.send_trailers(stream_id, grpc.METHOD_NOT_ALLOWED)
            return
        if not head.fields.get(CONTENT_TYPE, b"").startswith(b"application/grpc"):
            self._http2.send_trailers(stream_id, grpc.UNSUPPORTED_MEDIA_TYPE)
            return
        try:
            call = self._call(stream_id, head)
        except Exception as error:
            status, text = _status_of(error)
            self._http2.send_trailers(stream_id, grpc.trailers_only(status, text))
            return
        rpc = self._open[stream_id] = Rpc(stream_id, call, self._limits.message, ended)
        timeout = head.fields.get(b"grpc-timeout")
        if timeout is not None:
            self._set_deadline(rpc, timeout)
        if ended and stream_id in self._open:
            self._advance(rpc)

    def _call(self, stream_id: int, head: Head) -> Call:
        path = head.fields[PATH].decode("latin-1")
        factory = self._service.streams.get(path)
        if factory is not None:
            return factory()
        method = self._service.unary.get(path)
        if method is None:
            raise Abort(Status.UNIMPLEMENTED, f"unknown method {path}")
        if path not in self._service.untaken:
            return UnaryCall(method)
        return KeptCall(method, path, stream_id, self._replies)

    def _set_deadline(self, rpc: Rpc, value: bytes) -> None:
        seconds = grpc.timeout(value)
        if seconds is None:
            self._abort(rpc, Status.INTERNAL, "grpc-timeout is not one")
        else:
            loop = asyncio.get_running_loop()
            rpc.deadline = loop.call_later(seconds, self._expire, rpc)

    def _expire(self, rpc: Rpc) -> None:
        self._abort(rpc, Status.DEADLINE_EXCEEDED, "deadline exceeded")
        self._flush()

    def data(self, stream_id: int, data: bytes, ended: bool) -> None:
        rpc = self._open.get(stream_id)
        if rpc is not None:
            rpc.ended = ended
            rpc.messages.feed(data)
            self._advance(rpc)

    def sent(self, stream_id: int) -> None:
        """The reply that was blocked has left."""
        rpc = self._open.get(stream_id)
        if rpc is not None:
            rpc.blocked = False
            self._advance(rpc)

    def reset(self, stream_id: int) -> None:
        rpc = self._open.get(stream_id)
        if rpc is not None:
            self._drop(rpc)
        else:
            self._replies.given_up(stream_id)

    def resume(self) -> None:
        """Goes on with streams that were held back, as long as replies leave."""
        limit = self._limits.unsent
        while self._held and not self.paused and self._sending.unsent <= limit:
            rpc = self._held.popleft()
            rpc.held = False
            if rpc.id in self._open:
                self._advance(rpc)

    def cancel(self, stream_id: int) -> None:
        """Gives up a stream whose peer does not take its replies."""
        self._http2.reset(stream_id, Code.CANCEL)
        self.reset(stream_id)

    def abort_all(self, status: Status, text: str) -> None:
        for rpc in list(self._open.values()):
            self._abort(rpc, status, text)

    def drop_all(self) -> None:
        """The connection is lost."""
        for rpc in list(self._open.values()):
            self._drop(rpc)

    def _advance(self, rpc: Rpc) -> None:
        """Hands over what can be handed over."""
        messages = rpc.messages
        while rpc.waiting is None and not rpc.blocked:
            if self.paused or self._sending.unsent > self._limits.unsent:
                self._hold(rpc)
                return
            try:
                message = messages.next()
                if message is None:
                    break
                self._http2.consumed(rpc.id, grpc.PREFIX_SIZE + len(message))
                reply = rpc.call.receive(message)
            except Exception as error:
                self._abort(rpc, *_status_of(error))
                return
            if isinstance(reply, bytes):
                self._reply(rpc, reply)
            else:
                self._await(rpc, reply)
        else:
            return
        if rpc.ended:
            self._finish(rpc)
        elif messages.missing:
            self._http2.expect(rpc.id, messages.missing)

    def _hold(self, rpc: Rpc) -> None:
        if not rpc.held:
            rpc.held = True
            self._held.append(rpc)

    def _reply(self, rpc: Rpc, reply: bytes) -> None:
        if not rpc.begun:
            rpc.begun = True
            self._http2.send_head(rpc.id, grpc.RESPONSE_HEAD)
        prefix = grpc.PREFIX.pack(0, len(reply))
        rpc.blocked = not self._http2.send_data(rpc.id, prefix, reply)

    def _await(self, rpc: Rpc, reply: Awaitable[bytes]) -> None:
        rpc.waiting = asyncio.ensure_future(reply)
        rpc.waiting.add_done_callback(partial(self._fulfil, rpc))

    def _fulfil(self, rpc: Rpc, reply: asyncio.Future[bytes]) -> None:
        """A promised reply is there."""
        if rpc.waiting is not reply:
            # The stream is over; asking keeps asyncio from reporting an error nobody took.
            _ = reply.cancelled() or reply.exception()
            return
        rpc.waiting = None
        if reply.cancelled():
            self._abort(rpc, Status.CANCELLED, "cancelled")
        elif (error := reply.exception()) is not None:
            self._abort(rpc, *_status_of(error))
        else:
            self._reply(rpc, reply.result())
            self._advance(rpc)
        self._flush()

    def _finish(self, rpc: Rpc) -> None:
        """The peer has said everything and has every answer."""
        if rpc.messages.partial:
            self._abort(rpc, Status.INTERNAL, "the last message is cut")
            return
        self._forget(rpc)
        status, text = Status.OK, ""
        try:
            rpc.call.end()
        except Exception as error:
            status, text = _status_of(error)
        self._send_status(rpc, status, text)

    def _abort(self, rpc: Rpc, status: Status, text: str) -> None:
        self._send_status(rpc, status, text)
        self._drop(rpc)

    def _send_status(self, rpc: Rpc, status: Status, text: str) -> None:
        if not rpc.begun:
            block = grpc.trailers_only(status, text)
        elif status is Status.OK:
            block = grpc.OK_TRAILERS
        else:
            block = grpc.trailers(status, text)
        self._http2.send_trailers(rpc.id, block)

    def _drop(self, rpc: Rpc) -> None:
        self._forget(rpc)
        try:
            rpc.call.end()
        except Exception as error:
            _status_of(error)
        self._replies.given_up(rpc.id)

    def _forget(self, rpc: Rpc) -> None:
        del self._open[rpc.id]
        waiting, rpc.waiting = rpc.waiting, None
        if waiting is not None:
            waiting.cancel()
        if rpc.deadline is not None:
            rpc.deadline.cancel()


def _status_of(error: BaseException) -> tuple[Status, str]:
    """How an exception ends its stream; any but Abort is a bug, and logged."""
    if isinstance(error, Abort):
        return error.status, error.message
    log.error("a call failed", exc_info=error)
    return Status.UNKNOWN, "internal error"
