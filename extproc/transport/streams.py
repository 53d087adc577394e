"""Which streams of a connection are open, over, or yet to come (RFC 9113, section 5.1)."""

from collections import OrderedDict

from extproc.transport import frames
from extproc.transport.flow import Stream
from extproc.transport.frames import Code, ConnectionFault


class StreamTable:
    """The streams of one connection; of those that are over, the last `lingering` of our ending."""

    def __init__(self, lingering: int) -> None:
        self.open: dict[int, Stream] = {}
        self.last = 0
        """The highest stream id that the peer used."""
        self.final = frames.STREAM_MASK
        """Streams above it are ignored: our last GOAWAY said so."""
        self._lingering: OrderedDict[int, None] = OrderedDict()
        self._remembered = lingering

    def idle(self, stream_id: int) -> bool:
        return stream_id > self.last or not stream_id & 1

    def linger(self, stream_id: int) -> None:
        """We ended this stream: frames of it may be under way for a while."""
        self._lingering[stream_id] = None
        if len(self._lingering) > self._remembered:
            self._lingering.popitem(last=False)

    def settle(self, stream_id: int) -> None:
        """The peer knows that this stream is over."""
        self._lingering.pop(stream_id, None)

    def must_linger(self, stream_id: int) -> None:
        """ConnectionFault for DATA or HEADERS of a stream that is not open, unless we ended it."""
        if not stream_id:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "stream 0")
        if stream_id > self.final or stream_id in self._lingering:
            return
        if self.idle(stream_id):
            raise ConnectionFault(Code.PROTOCOL_ERROR, "stream is idle")
        raise ConnectionFault(Code.STREAM_CLOSED, "stream is closed")
