"""The transport of our own: HTTP/2 and gRPC framing on asyncio, without a task per stream."""

import asyncio
from typing import Final, cast

from extproc.transport import Endpoint, Service, Status, sockets
from extproc.transport.calls import Calls
from extproc.transport.frames import Code
from extproc.transport.h2events import Acknowledged, Closed, Data, Event, Opened, Reset, Sent
from extproc.transport.http2 import Connection
from extproc.transport.limits import Limits

TICKS = 4
"""Looks at a connection's clocks in the shortest of its time limits, but for one each second."""
JOINED = 64 * 1024
"""Replies up to this many bytes are joined into one write; longer ones go out uncopied."""
ALPN = "h2"


class Session(asyncio.Protocol):
    """One connection: its socket and its clocks; what comes in goes to `http2` and `calls`."""

    def __init__(self, server: "LeanServer") -> None:
        self._server: Final = server
        self._limits: Final = server.limits
        self._loop = asyncio.get_running_loop()
        self._http2 = Connection(server.limits, self._loop.time)
        self._calls = Calls(server.service, server.limits, self._http2, self._flush)
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle
        self._draining = self._refused = False
        """The first GOAWAY was sent, and the second."""
        self._pinged = False
        now = self._loop.time()
        self._made = self._heard = self._busy = now
        self._paused = self._closing = 0.0
        """Since when the peer takes nothing, and since when we only wait for its end; 0 for not."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._timer = self._loop.call_later(self._server.tick, self._tick)
        self._server.sessions.add(self)
        secured = transport.get_extra_info("ssl_object")
        if secured is not None and secured.selected_alpn_protocol() != ALPN:
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(high=self._limits.write_buffer)
        if self._server.draining:
            self.drain()
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        self._timer.cancel()
        self._calls.drop_all()
        self._server.forget(self)

    def pause_writing(self) -> None:
        self._calls.paused = True
        self._paused = self._loop.time()
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._calls.paused = False
        self._paused = 0.0
        if not self._transport.is_closing():
            self._transport.resume_reading()
            self._flush()

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        for event in self._http2.receive(data):
            self._handle(event)
        self._flush()

    def _handle(self, event: Event) -> None:
        match event:
            case Data():
                self._calls.data(event.stream, event.data, event.end)
            case Opened():
                self._calls.open(event.stream, event.head, event.end)
            case Reset():
                self._calls.reset(event.stream)
            case Sent():
                self._calls.sent(event.stream)
            case Acknowledged():
                if self._draining:
                    self._refuse()
            case Closed():
                self._calls.drop_all()

    def _flush(self) -> None:
        """Writes what there is to write; an end that was reached closes the connection."""
        if self._closing:
            return
        self._calls.resume()
        self._write()
        if self._http2.closed or (self._refused and not self._calls):
            self._close()

    def _write(self) -> None:
        out = self._http2.take()
        if not out or self._transport.is_closing():
            return
        if sum(map(len, out)) <= JOINED:
            self._transport.write(b"".join(out))
        else:
            self._transport.writelines(out)

    def _close(self) -> None:
        """Ends the connection gently: a close with unread bytes would destroy what is under way."""
        if self._closing:
            return
        self._closing = self._loop.time()
        self._http2.close(Code.NO_ERROR)
        self._write()
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()

    def drain(self) -> None:
        """Lets the peer open no more streams, and closes after the last."""
        if self._draining or self._closing:
            return
        self._draining = True
        self._http2.sending.announce_shutdown()
        self._flush()
        self._loop.call_later(self._limits.goaway_notice, self._refuse)

    def _refuse(self) -> None:
        if not self._refused and not self._closing:
            self._refused = True
            self._http2.refuse_new_streams()
            self._flush()

    def abort(self) -> None:
        """Ends every stream with UNAVAILABLE, and the connection."""
        self._calls.abort_all(Status.UNAVAILABLE, "the server is shutting down")
        self._flush()
        self._close()

    def kill(self) -> None:
        self._transport.abort()

    def _tick(self) -> None:
        """Looks at the clocks: the only thing that happens without the peer."""
        now = self._loop.time()
        self._timer = self._loop.call_later(self._server.tick, self._tick)
        if self._dead(now):
            self._transport.abort()
            return
        for stream_id in self._http2.stalled(now - self._limits.stall):
            self._calls.cancel(stream_id)
        if now - self._heard <= self._limits.keepalive:
            self._pinged = False
        elif self._calls and not self._pinged:
            self._pinged = True
            self._http2.sending.ping()
        if self._calls:
            self._busy = now
        elif now - self._busy > self._limits.idle and not self._draining:
            self.drain()
        self._flush()

    def _dead(self, now: float) -> bool:
        """True if there is no point in waiting for this peer any longer."""
        limits = self._limits
        if self._closing and now - self._closing > limits.linger:
            unwritten = self._transport.get_write_buffer_size() > 0
            return not unwritten or now - self._closing > limits.stall
        if not self._http2.greeted and now - self._made > limits.preface_timeout:
            return True
        if self._paused and now - self._paused > limits.stall:
            return True
        return self._pinged and now - self._heard > limits.keepalive + limits.keepalive_timeout


class LeanServer:
    """A listening socket and its connections."""

    def __init__(self, service: Service, limits: Limits) -> None:
        self.service: Final = service
        self.limits: Final = limits
        self.sessions: set[Session] = set()
        self.draining = False
        shortest = min(
            limits.preface_timeout, limits.keepalive_timeout, limits.stall, limits.linger
        )
        self.tick: Final = min(1.0, shortest / TICKS)
        self._quiet = asyncio.Event()

    async def listen(self, endpoint: Endpoint) -> None:
        listener = sockets.listen(endpoint)
        self._path = endpoint.path
        made = endpoint.path and endpoint.listener is None
        self._file = sockets.identity(endpoint.path) if made else None
        self.address = listener.getsockname()
        if endpoint.tls is not None:
            endpoint.tls.set_alpn_protocols([ALPN])
        self._listener = await asyncio.get_running_loop().create_server(
            lambda: Session(self),
            sock=listener,
            ssl=endpoint.tls,
            ssl_handshake_timeout=self.limits.preface_timeout if endpoint.tls else None,
        )

    def forget(self, session: Session) -> None:
        self.sessions.discard(session)
        if not self.sessions:
            self._quiet.set()

    async def drain(self, grace: float) -> None:
        """Take no new streams, let the open ones finish for `grace` seconds, then close."""
        self.draining = True
        sockets.unlink(self._path, self._file)
        # Whoever connected already is let in: the loop polls once between two turns.
        for _ in range(2):
            await asyncio.sleep(0)
        self._listener.close()
        for session in list(self.sessions):
            session.drain()
        if not await self._empty(grace):
            for session in list(self.sessions):
                session.abort()
            await self._empty(self.limits.linger)
        for session in list(self.sessions):
            session.kill()
        await self._empty(self.limits.linger)

    async def _empty(self, seconds: float) -> bool:
        """True once no connection is left; False if that takes longer."""
        self._quiet.clear()
        if not self.sessions:
            return True
        try:
            await asyncio.wait_for(self._quiet.wait(), seconds)
        except TimeoutError:
            return False
        return True


async def serve(service: Service, endpoint: Endpoint, limits: Limits | None = None) -> LeanServer:
    """Listens at the endpoint until the server is drained; OSError if it is taken."""
    server = LeanServer(service, limits or Limits())
    await server.listen(endpoint)
    return server
