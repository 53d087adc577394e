"""What leaves an HTTP/2 connection: frames cut to the peer's size, held to the peer's windows."""

from collections import deque
from collections.abc import Callable

from extproc.transport import frames
from extproc.transport.flow import Stream
from extproc.transport.frames import HEAD, Code, ConnectionFault
from extproc.transport.limits import Limits

PING_BODY = b"extproc\x00"
SHRINK_TABLE = b"\x20"
"""HPACK: dynamic table size update to 0 (RFC 7541, section 6.3)."""


class Sender:
    """Frames to write, and the windows and sizes that the peer has set."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.out: list[bytes | memoryview] = []
        self.unsent = 0
        """Bytes of DATA that wait for a window."""
        self.window = frames.DEFAULT_WINDOW
        self.initial_window = frames.DEFAULT_WINDOW
        self.frame_size = frames.DEFAULT_FRAME
        self._table_size = frames.DEFAULT_TABLE
        self._block_prefix = b""
        self._queue: deque[Stream] = deque()
        """Streams that wait for the shared window only."""

    def headers(self, stream_id: int, block: bytes, flags: int) -> None:
        """A whole header block, at most 16 KiB of it."""
        if self._block_prefix:
            block, self._block_prefix = self._block_prefix + block, b""
        self.out += (
            HEAD.pack(len(block) << 8 | frames.HEADERS, flags | frames.END_HEADERS, stream_id),
            block,
        )

    def greet(self, limits: Limits) -> None:
        """Our SETTINGS, and the connection's window, which no setting can widen."""
        values = {
            frames.MAX_CONCURRENT_STREAMS: limits.streams,
            frames.INITIAL_WINDOW_SIZE: limits.stream_window,
            frames.MAX_FRAME_SIZE: limits.frame,
            frames.MAX_HEADER_LIST_SIZE: limits.header_list,
        }
        increment = limits.connection_window - frames.DEFAULT_WINDOW
        self.out += (frames.settings(values), frames.window_update(0, increment))

    def widen_peer(self, stream_id: int, increment: int) -> None:
        """WINDOW_UPDATE, if there is anything to give."""
        if increment:
            self.out.append(frames.window_update(stream_id, increment))

    def ping(self) -> None:
        """Asks the peer for a sign of life (`Acknowledged`)."""
        self.out.append(frames.frame(frames.PING, 0, 0, PING_BODY))

    def announce_shutdown(self) -> None:
        """The first GOAWAY of two (6.8): no stream under way is refused yet."""
        self.out.append(frames.goaway(frames.STREAM_MASK, Code.NO_ERROR))
        self.ping()

    def configure(self, payload: bytes) -> int:
        """Applies the peer's SETTINGS; the initial window of streams by them."""
        for key, value in frames.SETTING.iter_unpack(payload):
            self._set(key, value)
        return self.initial_window

    def _set(self, key: int, value: int) -> None:
        match key:
            case frames.HEADER_TABLE_SIZE:
                # 4.3.1: we index nothing, but a reduction must be followed, once.
                if value < self._table_size:
                    self._table_size, self._block_prefix = 0, SHRINK_TABLE
            case frames.ENABLE_PUSH if value > 1:
                raise ConnectionFault(Code.PROTOCOL_ERROR, "ENABLE_PUSH")
            case frames.INITIAL_WINDOW_SIZE:
                if value > frames.MAX_WINDOW:
                    raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE")
                self.initial_window = value
            case frames.MAX_FRAME_SIZE:
                if not frames.DEFAULT_FRAME <= value <= frames.LARGEST_FRAME:
                    raise ConnectionFault(Code.PROTOCOL_ERROR, "MAX_FRAME_SIZE")
                self.frame_size = value

    def data(self, stream: Stream, prefix: bytes, body: bytes) -> bool:
        """`prefix` and `body` as DATA; False if some of it must wait for a window."""
        size = len(prefix) + len(body)
        if size <= self.frame_size and size <= stream.send_window and size <= self.window:
            stream.send_window -= size
            self.window -= size
            self.out += (HEAD.pack(size << 8, 0, stream.id) + prefix, body)
            return True
        stream.pending += (memoryview(prefix), memoryview(body))
        stream.blocked_at = self._clock()
        self.unsent += size
        return self.flush(stream)

    def flush(self, stream: Stream) -> bool:
        """Sends what the windows allow; True when nothing waits any more."""
        while stream.pending:
            room = min(stream.send_window, self.window, self.frame_size)
            if room <= 0:
                break
            self._frame(stream, room)
        if not stream.pending:
            return True
        if stream.send_window > 0 and not stream.queued:
            stream.queued = True
            self._queue.append(stream)
        return False

    def _frame(self, stream: Stream, room: int) -> None:
        """One DATA frame of at most `room` bytes."""
        pieces: list[memoryview] = []
        size = 0
        while stream.pending and size < room:
            piece = stream.pending.popleft()
            if len(piece) > room - size:
                stream.pending.appendleft(piece[room - size :])
                piece = piece[: room - size]
            pieces.append(piece)
            size += len(piece)
        stream.send_window -= size
        self.window -= size
        self.unsent -= size
        self.out.append(HEAD.pack(size << 8, 0, stream.id))
        self.out += pieces

    def widen(self, increment: int) -> list[Stream]:
        """The streams whose data has all left now that the shared window is wider."""
        self.window += increment
        done = []
        while self._queue and self.window > 0:
            stream = self._queue.popleft()
            stream.queued = False
            if stream.pending and self.flush(stream):
                done.append(stream)
        return done

    def forget(self, stream: Stream) -> None:
        """Drops what still waits of a stream that is over."""
        self.unsent -= sum(map(len, stream.pending))
        stream.pending.clear()
