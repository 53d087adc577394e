"""The h2 library is the client, and the judge: it raises on whatever RFC 9113 forbids."""

import h2.config
import h2.connection
import h2.events
from h2.settings import SettingCodes
from hypothesis import given, settings
from hypothesis import strategies as st

from extproc.transport import grpc_framing as grpc
from extproc.transport.frames import Code
from extproc.transport.h2events import Data, Opened, Reset, Sent
from extproc.transport.http2 import Connection
from extproc.transport.limits import Limits
from tests.extproc.transport.peer import REQUEST, Clock

FRAME = 16_384
LONGEST_PADDING = 8


class EchoServer:
    """Sends back every byte as it comes, and trailers at the end."""

    def __init__(self, limits: Limits) -> None:
        self.http2 = Connection(limits, Clock())

    def receive(self, data: bytes) -> bytes:
        for event in self.http2.receive(data):
            match event:
                case Opened():
                    self.http2.send_head(event.stream, grpc.RESPONSE_HEAD)
                    self._end(event.stream, event.end)
                case Data():
                    self.http2.send_data(event.stream, b"", event.data)
                    self.http2.consumed(event.stream, len(event.data))
                    self._end(event.stream, event.end)
                case Reset() | Sent():
                    pass
                case other:
                    raise AssertionError(other)
        return b"".join(self.http2.take())

    def _end(self, stream: int, end: bool) -> None:
        if end:
            self.http2.send_trailers(stream, grpc.OK_TRAILERS)


class Pair:
    """An h2 client and our server with nothing in between."""

    def __init__(self, limits: Limits) -> None:
        self.client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self.client.initiate_connection()
        self.server = EchoServer(limits)
        self.received: dict[int, bytes] = {}
        self.ended: set[int] = set()
        self.held: dict[int, int] = {}
        self.exchange()

    def exchange(self) -> None:
        """Carries bytes until both are silent."""
        while data := self.client.data_to_send():
            answer = self.server.receive(data)
            for event in self.client.receive_data(answer):
                self._note(event)

    def _note(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.DataReceived():
                self.received[event.stream_id] += event.data
                self.held[event.stream_id] += event.flow_controlled_length
            case h2.events.StreamEnded():
                self.ended.add(event.stream_id)
            case h2.events.ConnectionTerminated() | h2.events.StreamReset():
                raise AssertionError(event)

    def open(self) -> int:
        stream = self.client.get_next_available_stream_id()
        self.received[stream] = b""
        self.held[stream] = 0
        self.client.send_headers(stream, REQUEST)
        return stream

    def take(self, stream: int) -> None:
        """Gives back the credit of what has come."""
        if self.held[stream]:
            self.client.acknowledge_received_data(self.held[stream], stream)
            self.held[stream] = 0


STEPS = st.lists(
    st.tuples(st.just("send"), st.integers(0, 4), st.integers(0, 60_000))
    | st.tuples(st.just("take"), st.integers(0, 4), st.just(0))
    | st.tuples(st.just("window"), st.just(0), st.integers(0, 100_000))
    | st.tuples(st.just("frame"), st.just(0), st.integers(16_384, 60_000))
    | st.tuples(st.just("table"), st.just(0), st.integers(0, 8_192))
    | st.tuples(st.just("ping"), st.just(0), st.just(0)),
    max_size=25,
)
LIMITS = st.sampled_from([Limits(), Limits(stream_window=20_000, connection_window=70_000)])


@settings(max_examples=60, deadline=None)
@given(STEPS, LIMITS)
def test_whatever_a_client_does_every_byte_comes_back(
    steps: list[tuple[str, int, int]], limits: Limits
) -> None:
    pair = Pair(limits)
    streams = [pair.open() for _ in range(5)]
    sent = dict.fromkeys(streams, b"")
    for action, which, number in steps:
        stream = streams[which]
        match action:
            case "send":
                sent[stream] += send(pair, stream, number)
            case "take":
                pair.take(stream)
            case "window":
                pair.client.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: number})
            case "frame":
                pair.client.update_settings({SettingCodes.MAX_FRAME_SIZE: number})
            case "table":
                pair.client.update_settings({SettingCodes.HEADER_TABLE_SIZE: number})
            case "ping":
                pair.client.ping(b"12345678")
        pair.exchange()
    finish(pair, streams)
    assert pair.received == sent
    assert pair.ended == set(streams)
    assert (pair.server.http2.sending.unsent, pair.server.http2.held) == (0, 0)


def send(pair: Pair, stream: int, size: int) -> bytes:
    """As much of `size` bytes as the windows allow, with paddings of all lengths."""
    body = b""
    while len(body) < size:
        room = min(pair.client.local_flow_control_window(stream), FRAME) - LONGEST_PADDING
        if room <= 0:
            break
        piece = bytes([stream]) * min(room, size - len(body))
        pair.client.send_data(stream, piece, pad_length=len(piece) % LONGEST_PADDING or None)
        body += piece
    return body


def finish(pair: Pair, streams: list[int]) -> None:
    pair.client.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 1 << 20})
    for stream in streams:
        pair.client.end_stream(stream)
    pair.exchange()
    for _ in range(40):
        for stream in streams:
            pair.take(stream)
        pair.exchange()


def test_the_client_may_reset_at_any_time() -> None:
    pair = Pair(Limits())
    for _ in range(200):
        stream = pair.open()
        pair.client.send_data(stream, b"x" * 100)
        pair.client.reset_stream(stream, Code.CANCEL)
        pair.exchange()
    assert pair.server.http2.streams == 0


def test_a_client_that_goes_away_still_gets_its_answers() -> None:
    pair = Pair(Limits())
    stream = pair.open()
    pair.exchange()
    pair.server.http2.receive(b"\0\0\x08\x07\0\0\0\0\0" + bytes(8))
    pair.client.send_data(stream, b"x", end_stream=True)
    pair.exchange()
    assert pair.ended == {stream}
