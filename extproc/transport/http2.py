"""The server's side of one HTTP/2 connection (RFC 9113): bytes in, events out, bytes to send.

No I/O and no knowledge of gRPC. `receive` never raises on what a peer sends: a connection error
becomes a GOAWAY in `take` and a `Closed` event, a stream error a RST_STREAM and a `Reset` event.
Sections of RFC 9113 are named where they decide.
"""

from collections.abc import Callable

from extproc.transport import frames
from extproc.transport.blocks import HeaderBlocks
from extproc.transport.fields import Head, HeadDecoder
from extproc.transport.flow import Credit, Stream
from extproc.transport.frames import HEAD, HEAD_SIZE, Code, ConnectionFault
from extproc.transport.h2events import Acknowledged, Closed, Data, Event, Opened, Reset, Sent
from extproc.transport.limits import Limits
from extproc.transport.patience import Patience
from extproc.transport.sending import PING_BODY, Sender
from extproc.transport.streams import StreamTable


class Connection:
    """One connection; `clock` gives seconds and only paces what is forgiven."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self.closed = False
        self.greeted = False
        """The client's preface and SETTINGS have begun."""
        self.held = 0
        """Bytes received and not yet consumed."""
        self._limits = limits
        self._table = StreamTable(limits.lingering)
        self._streams = self._table.open
        self._credit = Credit(limits)
        self._decoder = HeadDecoder(limits.header_list)
        self._buffer = b""
        self._events: list[Event] = []
        self._blocks = HeaderBlocks(limits)
        self._receive_window = limits.connection_window
        self._low_window = limits.connection_window // 2
        self._half_window = limits.stream_window // 2
        self._patience = Patience(limits.noise_burst, limits.noise_rate, clock)
        self.sending = Sender(clock)
        self.sending.greet(limits)

    @property
    def streams(self) -> int:
        """How many are open."""
        return len(self._streams)

    def receive(self, data: bytes) -> list[Event]:
        """What the next bytes mean; any cut of a stream of bytes gives the same events."""
        if self.closed:
            return []
        if self._buffer:
            data = self._buffer + data
        try:
            at = 0 if self.greeted else self._greet(data)
            at = self._frames(data, at)
            self._buffer = data[at:]
        except ConnectionFault as error:
            self.close(error.code, str(error))
        events, self._events = self._events, []
        return events

    def take(self) -> list[bytes | memoryview]:
        """The bytes to write now."""
        out, self.sending.out = self.sending.out, []
        return out

    def _greet(self, data: bytes) -> int:
        size = len(frames.PREFACE)
        if data[:size] != frames.PREFACE[: len(data)]:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "not the HTTP/2 preface")
        if len(data) < size + HEAD_SIZE:
            return 0
        if data[size + 3] != frames.SETTINGS or data[size + 4] & frames.ACK:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "preface without SETTINGS")
        self.greeted = True
        return size

    def _frames(self, data: bytes, at: int) -> int:
        """Handles the whole frames from `at` on; the position after them."""
        size = len(data)
        if not self.greeted:
            return 0
        longest = self._limits.frame
        while size - at >= HEAD_SIZE:
            head, flags, stream = HEAD.unpack_from(data, at)
            length = head >> 8
            if length > longest:
                raise ConnectionFault(Code.FRAME_SIZE_ERROR, "frame too long")
            start = at + HEAD_SIZE
            stop = start + length
            if stop > size:
                break
            kind = head & 0xFF
            stream &= frames.STREAM_MASK
            if self._blocks.stream or kind == frames.CONTINUATION:
                self._blocks.check(kind, stream)
            if kind == frames.DATA:
                self._data(flags, stream, data, start, stop)
            elif kind < len(_HANDLERS):
                frames.check(kind, stream, length)
                _HANDLERS[kind](self, flags, stream, data[start:stop])
            else:
                self._patience.spend()  # 5.5: unknown types are ignored
            at = stop
        return at

    def _data(self, flags: int, stream_id: int, data: bytes, start: int, stop: int) -> None:
        stream = self._streams.get(stream_id)
        size = stop - start
        self._receive_window -= size
        if self._receive_window < self._low_window:
            self._open_connection_window()
        if stream is None:
            self._table.must_linger(stream_id)
            return
        if not stream.remote_open:
            raise ConnectionFault(Code.STREAM_CLOSED, "DATA after the end")
        if size > stream.receive_window:
            self._fail(stream, Code.FLOW_CONTROL_ERROR)
            return
        stream.receive_window -= size
        self.held += size
        if flags & frames.PADDED:
            start, stop = frames.unpad(data, start, stop)
            self._consume(stream, size - (stop - start))
        end = bool(flags & frames.END_STREAM)
        if start == stop and not end:
            self._patience.spend()
        if self.held > self._limits.held:
            self._fail(stream, Code.ENHANCE_YOUR_CALM)
            return
        if stream.expected is not None:
            stream.body += stop - start
        if end and not self._ends(stream):
            return
        self._events.append(Data(stream_id, data[start:stop], end))

    def _ends(self, stream: Stream) -> bool:
        """Takes note of the peer's END_STREAM; False if the body is not as long as promised."""
        stream.remote_open = False
        if stream.expected is None or stream.expected == stream.body:
            return True
        self._fail(stream, Code.PROTOCOL_ERROR)
        return False

    def _headers(self, flags: int, stream_id: int, payload: bytes) -> None:
        if not stream_id & 1:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "not a client's stream")
        block = self._blocks.begin(flags, stream_id, payload)
        if block is not None:
            self._header_block(flags, stream_id, block)

    def _continuation(self, flags: int, stream_id: int, payload: bytes) -> None:
        block = self._blocks.go_on(flags, payload)
        if block is not None:
            self._header_block(self._blocks.flags, stream_id, block)

    def _header_block(self, flags: int, stream_id: int, block: bytes) -> None:
        head = self._decoder.decode(block)
        end = bool(flags & frames.END_STREAM)
        stream = self._streams.get(stream_id)
        if stream is not None:
            self._trailers(stream, head, end)
        elif stream_id <= self._table.last or stream_id > self._table.final:
            self._table.must_linger(stream_id)
        else:
            self._table.last = stream_id
            self._open(stream_id, head, end)

    def _open(self, stream_id: int, head: Head, end: bool) -> None:
        if len(self._streams) >= self._limits.streams:
            self._refuse(stream_id, Code.REFUSED_STREAM)
        elif head.fault or head.trailers or (end and head.length):
            self._refuse(stream_id, Code.PROTOCOL_ERROR)
        else:
            stream = Stream(stream_id, self.sending.initial_window, self._limits.stream_window)
            stream.remote_open = not end
            stream.expected = head.length
            self._streams[stream_id] = stream
            self._events.append(Opened(stream_id, head, end))

    def _trailers(self, stream: Stream, head: Head, end: bool) -> None:
        if not stream.remote_open:
            raise ConnectionFault(Code.STREAM_CLOSED, "HEADERS after the end")
        if not end or head.fault or not head.trailers:
            self._fail(stream, Code.PROTOCOL_ERROR)
        elif self._ends(stream):
            self._events.append(Data(stream.id, b"", True))

    def _priority(self, _flags: int, _stream_id: int, _payload: bytes) -> None:
        self._patience.spend()  # 5.3: the scheme is deprecated, the frame ignored

    def _rst_stream(self, _flags: int, stream_id: int, payload: bytes) -> None:
        if self._table.idle(stream_id):
            raise ConnectionFault(Code.PROTOCOL_ERROR, "RST_STREAM of an idle stream")
        stream = self._streams.get(stream_id)
        if stream is None:
            self._table.settle(stream_id)
            self._events.append(Reset(stream_id))
            return
        if not stream.answered:
            self._patience.spend()
        stream.remote_open = False
        self._forget(stream)
        self._events.append(Reset(stream_id))

    def _settings(self, flags: int, _stream_id: int, payload: bytes) -> None:
        if len(payload) % 6 or (flags & frames.ACK and payload):
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "SETTINGS")
        self._patience.spend()
        if flags & frames.ACK:
            return
        before = self.sending.initial_window
        change = self.sending.configure(payload) - before
        # 6.5.3: the new values count for the peer from the acknowledgement on.
        self.sending.out.append(frames.frame(frames.SETTINGS, frames.ACK, 0))
        if change:
            self._resize_windows(change)

    def _resize_windows(self, change: int) -> None:
        """INITIAL_WINDOW_SIZE moves every open stream's window, below zero if need be (6.9.2)."""
        self._patience.spend(1 + len(self._streams) // 32)
        for stream in list(self._streams.values()):
            stream.send_window += change
            if stream.send_window > frames.MAX_WINDOW:
                raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "window overflow")
            if change > 0:
                self._flush(stream)

    def _push_promise(self, _flags: int, _stream_id: int, _payload: bytes) -> None:
        raise ConnectionFault(Code.PROTOCOL_ERROR, "a client cannot push")

    def _ping(self, flags: int, _stream_id: int, payload: bytes) -> None:
        self._patience.spend()
        if not flags & frames.ACK:
            self.sending.out.append(frames.frame(frames.PING, frames.ACK, 0, payload))
        elif payload == PING_BODY:
            self._events.append(Acknowledged())

    def _goaway(self, _flags: int, _stream_id: int, payload: bytes) -> None:
        # The peer opens no more streams and closes when it has its answers.
        if len(payload) < frames.GOAWAY_BODY.size:
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "GOAWAY")
        self._patience.spend()

    def _window_update(self, _flags: int, stream_id: int, payload: bytes) -> None:
        increment = frames.WORD.unpack(payload)[0] & frames.STREAM_MASK
        if not stream_id:
            self._widen(increment)
            return
        stream = self._streams.get(stream_id)
        if stream is None:
            if self._table.idle(stream_id):
                raise ConnectionFault(Code.PROTOCOL_ERROR, "WINDOW_UPDATE of an idle stream")
        elif not increment:
            self._fail(stream, Code.PROTOCOL_ERROR)
        elif stream.send_window + increment > frames.MAX_WINDOW:
            self._fail(stream, Code.FLOW_CONTROL_ERROR)
        else:
            stream.send_window += increment
            self._flush(stream)

    def _widen(self, increment: int) -> None:
        if not increment:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "window increment of 0")
        if self.sending.window + increment > frames.MAX_WINDOW:
            raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "window overflow")
        for stream in self.sending.widen(increment):
            self._flushed(stream)

    def send_head(self, stream_id: int, block: bytes) -> None:
        """The response's header block, at most 16 KiB of it."""
        if stream_id in self._streams:
            self.sending.headers(stream_id, block, 0)

    def send_data(self, stream_id: int, prefix: bytes, body: bytes) -> bool:
        """`prefix` and `body` as DATA; False if some must wait for the peer, until `Sent`."""
        stream = self._streams.get(stream_id)
        if stream is None:
            return True
        stream.answered = True
        return self.sending.data(stream, prefix, body)

    def send_trailers(self, stream_id: int, block: bytes) -> None:
        """The header block that ends the response, after all of its DATA."""
        stream = self._streams.get(stream_id)
        if stream is None:
            return
        stream.answered = True
        if stream.pending:
            stream.trailers = block
        else:
            self._finish(stream, block)

    def reset(self, stream_id: int, code: Code) -> None:
        """Ends a stream at once, whatever waits to be sent."""
        stream = self._streams.get(stream_id)
        if stream is not None:
            self.sending.out.append(frames.rst_stream(stream_id, code))
            self._forget(stream)

    def consumed(self, stream_id: int, size: int) -> None:
        """`size` bytes of a body were handed over: the peer may send as many again."""
        stream = self._streams.get(stream_id)
        if stream is not None:
            self._consume(stream, size)
            if stream.granted or stream.wanted:
                self._release(stream)

    def expect(self, stream_id: int, size: int) -> None:
        """The next message is complete only `size` bytes from here: let the peer send them."""
        stream = self._streams.get(stream_id)
        if stream is not None and size > stream.receive_window and stream.remote_open:
            self.sending.widen_peer(stream_id, self._credit.expect(stream, size))

    def refuse_new_streams(self) -> None:
        """The second GOAWAY: the peer may open later streams elsewhere."""
        self._table.final = self._table.last
        self.sending.out.append(frames.goaway(self._table.last, Code.NO_ERROR))

    def close(self, code: Code, text: str = "") -> None:
        """GOAWAY, after which nothing is read any more."""
        if not self.closed:
            self.closed = True
            self._buffer = b""
            self._streams.clear()
            self.sending.out.append(frames.goaway(self._table.last, code, text))
            self._events.append(Closed(code, text))

    def stalled(self, before: float) -> list[int]:
        """Streams whose oldest unsent byte waits since `before` or longer."""
        return [
            stream.id
            for stream in self._streams.values()
            if stream.pending and stream.blocked_at <= before
        ]

    def _flush(self, stream: Stream) -> None:
        if stream.pending and self.sending.flush(stream):
            self._flushed(stream)

    def _flushed(self, stream: Stream) -> None:
        if stream.trailers is not None:
            self._finish(stream, stream.trailers)
        else:
            self._events.append(Sent(stream.id))

    def _finish(self, stream: Stream, block: bytes) -> None:
        self.sending.headers(stream.id, block, frames.END_STREAM)
        if stream.remote_open:
            # 8.1: an answer may end before its request; the peer is told to send no more.
            self.sending.out.append(frames.rst_stream(stream.id, Code.NO_ERROR))
        self._forget(stream)

    def _refuse(self, stream_id: int, code: Code) -> None:
        """Answers a stream that was not opened with RST_STREAM."""
        self._patience.spend()
        self.sending.out.append(frames.rst_stream(stream_id, code))
        self._table.linger(stream_id)

    def _fail(self, stream: Stream, code: Code) -> None:
        """A stream error (5.4.2)."""
        self._patience.spend()
        self.reset(stream.id, code)
        self._events.append(Reset(stream.id))

    def _forget(self, stream: Stream) -> None:
        del self._streams[stream.id]
        self.held -= self._limits.stream_window - stream.receive_window - stream.owed
        if stream.pending:
            self.sending.forget(stream)
        if stream.remote_open:
            self._table.linger(stream.id)
        if stream.granted or stream.wanted:
            self._release(stream)

    def _consume(self, stream: Stream, size: int) -> None:
        self.held -= size
        stream.owed += size
        if stream.owed >= self._half_window:
            self.sending.widen_peer(stream.id, self._credit.give_back(stream))

    def _release(self, stream: Stream) -> None:
        for other, increment in self._credit.release(stream):
            self.sending.widen_peer(other.id, increment)

    def _open_connection_window(self) -> None:
        increment = self._limits.connection_window - self._receive_window
        self._receive_window += increment
        self.sending.widen_peer(0, increment)


_HANDLERS: tuple[Callable[[Connection, int, int, bytes], None], ...] = (
    Connection._settings,  # DATA never comes here
    Connection._headers,
    Connection._priority,
    Connection._rst_stream,
    Connection._settings,
    Connection._push_promise,
    Connection._ping,
    Connection._goaway,
    Connection._window_update,
    Connection._continuation,
)
