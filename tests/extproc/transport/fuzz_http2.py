"""Bytes that no client would send: what must hold for every one of them.

`python -m tests.transport.fuzz_http2 600` tries new ones for ten minutes; the tests, for seconds.
"""

import sys
import time
from collections.abc import Callable

import hypothesis
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from extproc.transport import Service
from extproc.transport.calls import Calls
from extproc.transport.frames import HEAD_SIZE
from extproc.transport.h2events import Closed, Data, Event, Opened, Reset, Sent
from extproc.transport.http2 import Connection
from extproc.transport.limits import Limits
from tests.extproc.transport import peer
from tests.extproc.transport.peer import Clock, Peer

SMALL = Limits(
    streams=4,
    header_block=2_000,
    header_list=2_000,
    message=5_000,
    stream_window=4_000,
    connection_window=70_000,
    reserved=6_000,
    held=12_000,
    unsent=3_000,
    lingering=3,
)
STREAMS = st.sampled_from([0, 1, 2, 3, 5, 7, 9, 11, 2**31 - 1, 2**31 + 1])
BLOCKS = st.sampled_from(
    [
        peer.block(),
        peer.block()[:-3],
        peer.block(peer.changed(content_length="7")),
        peer.block([("x-end", "1")]),
        b"\x40\x03x-a\x011" + peer.block(),
        b"\x20\x3f\x09" + peer.block(),
        b"",
    ]
) | st.binary(max_size=40)
MESSAGES = st.binary(max_size=60).map(peer.message) | st.sampled_from(
    [b"\0\0\0\x20\0", b"\0\0\0\x10\0" + bytes(3_000), bytes(3_999), b"\0\xff\xff\xff\xff", b"\1"]
)
SETTINGS = st.lists(
    st.tuples(st.integers(0, 8), st.sampled_from([0, 1, 100, 16_384, 70_000, 2**31 - 1, 2**31])),
    max_size=3,
).map(lambda pairs: b"".join(k.to_bytes(2) + v.to_bytes(4) for k, v in pairs))
WORDS = st.sampled_from([0, 1, 50, 5_000, 2**31 - 1, 2**32 - 1]).map(lambda n: n.to_bytes(4))
PAYLOADS = {
    peer.DATA: MESSAGES,
    peer.HEADERS: BLOCKS,
    peer.PRIORITY: st.just(bytes(5)),
    peer.RST_STREAM: WORDS,
    peer.SETTINGS: SETTINGS,
    peer.PUSH_PROMISE: BLOCKS,
    peer.PING: st.just(b"12345678"),
    peer.GOAWAY: st.just(bytes(8)),
    peer.WINDOW_UPDATE: WORDS,
    peer.CONTINUATION: BLOCKS,
    0x30: st.binary(max_size=9),
}


@st.composite
def odd_frames(draw: st.DrawFn) -> bytes:
    """Any type anywhere with any flags."""
    kind = draw(st.sampled_from([*PAYLOADS]))
    payload = draw(PAYLOADS[kind] | st.binary(max_size=30))
    return peer.raw(kind, draw(st.integers(0, 255)), draw(STREAMS), payload)


def in_two(block: bytes, stream: int) -> bytes:
    half = len(block) // 2
    return peer.raw(peer.HEADERS, 0, stream, block[:half]) + peer.raw(
        peer.CONTINUATION, peer.END_HEADERS, stream, block[half:]
    )


def steps(stream: int) -> st.SearchStrategy[bytes]:
    """What a decent client does on an open stream, or beside it."""
    return st.one_of(
        MESSAGES.map(lambda sent: peer.data(stream, sent)),
        MESSAGES.map(lambda sent: peer.data(stream, sent, end=True)),
        st.integers(1, 6).map(lambda cut: peer.data(stream, peer.message(b"cut")[:cut])),
        st.sampled_from([1, 30, 2_000]).map(lambda size: peer.window_update(stream, size)),
        st.sampled_from([1, 30, 2_000]).map(lambda size: peer.window_update(0, size)),
        st.sampled_from([0, 10, 300]).map(lambda size: peer.settings(window=size)),
        st.sampled_from([0, 100]).map(lambda size: peer.settings(table=size)),
        st.just(peer.reset(stream)),
        st.just(peer.ping()),
        st.just(peer.request(stream, end=True, fields=[("x-end", "1")])),
    )


@st.composite
def talks(draw: st.DrawFn) -> bytes:
    """A conversation in which most frames are legal, for most talks must get far."""
    sent = []
    last = -1
    for _ in range(draw(st.integers(0, 20))):
        choice = draw(st.integers(0, 15))
        if last < 0 or choice < 4:
            last += 2
            opening = draw(st.sampled_from([peer.request(last), in_two(peer.block(), last)]))
            sent.append(opening)
        elif choice < 15:
            sent.append(draw(steps(draw(st.sampled_from(range(1, last + 1, 2))))))
        else:
            sent.append(draw(odd_frames()))
    return b"".join(sent)


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """A talk with some bytes changed, left out or put in."""
    sent = bytearray(draw(talks()))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(sent)))
        sent[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(sent)


greetings = st.sampled_from(
    [peer.PREFACE + peer.settings()] * 5
    + [peer.PREFACE + peer.settings(window=20)] * 4
    + [b"", peer.PREFACE]
)
odd_talks = st.lists(odd_frames(), max_size=20).map(b"".join)
bodies = st.one_of(talks(), talks(), mutations(), odd_talks, st.binary(max_size=400))
soups = st.tuples(greetings, bodies).map(b"".join)
cuts = st.lists(st.integers(0, 3_000), max_size=8)


def pieces(whole: bytes, at: list[int]) -> list[bytes]:
    ends = [*sorted(cut % (len(whole) + 1) for cut in at), len(whole)]
    starts = [0, *ends]
    return [whole[start:end] for start, end in zip(starts, ends, strict=False)]


class Echo:
    """A call whose replies are longer than its messages."""

    def __init__(self) -> None:
        self.over = False

    def receive(self, message: bytes) -> bytes:
        assert not self.over
        return message * 2 + b"x" * 100

    def end(self) -> None:
        assert not self.over
        self.over = True


class Server:
    """A connection and its calls, without a socket."""

    def __init__(self, limits: Limits = SMALL) -> None:
        self.limits = limits
        self.connection = Connection(limits, Clock())
        self.opened: list[Echo] = []
        service = Service(streams={peer.PATH: self._open})
        self.calls = Calls(service, limits, self.connection, self._flush)

    def _open(self) -> Echo:
        self.opened.append(Echo())
        return self.opened[-1]

    def _flush(self) -> None:
        raise AssertionError("nothing is awaited")

    def receive(self, data: bytes) -> bytes:
        for event in self.connection.receive(data):
            self._handle(event)
        self.calls.resume()
        return b"".join(self.connection.take())

    def _handle(self, event: Event) -> None:
        match event:
            case Data():
                self.calls.data(event.stream, event.data, event.end)
            case Opened():
                self.calls.open(event.stream, event.head, event.end)
            case Reset():
                self.calls.reset(event.stream)
            case Sent():
                self.calls.sent(event.stream)
            case Closed():
                self.calls.drop_all()

    def check(self) -> None:
        """Every bound that `Limits` names, and that the books agree with each other."""
        connection, limits = self.connection, self.limits
        assert connection.streams <= limits.streams
        assert 0 <= connection.held <= limits.held
        longest_reply = 2 * limits.message + 100
        assert 0 <= connection.sending.unsent <= limits.unsent + longest_reply
        assert len(connection._buffer) <= max(limits.frame, len(peer.PREFACE)) + HEAD_SIZE
        assert len(connection._table._lingering) <= limits.lingering
        if not connection.closed:
            assert connection.streams == len(self.calls)
            open_streams = connection._streams.values()
            waiting = sum(len(piece) for stream in open_streams for piece in stream.pending)
            assert connection.sending.unsent == waiting
            held = sum(rpc.messages.held for rpc in self.calls._open.values())
            prefixes = 5 * len(self.calls)
            assert held <= connection.held <= held + prefixes
        assert sum(not call.over for call in self.opened) == len(self.calls)


def nothing_breaks(soup: bytes, at: list[int]) -> None:
    """No bytes make a server raise, grow beyond its limits or write what is no frame."""
    server, judge = Server(), Peer(greeting=b"")
    output = b""
    for piece in pieces(soup, at):
        output += server.receive(piece)
        server.check()
    judge._parse(output)
    server.calls.drop_all()
    assert all(call.over for call in server.opened)


def cuts_mean_nothing(soup: bytes, at: list[int]) -> None:
    """However bytes are cut into reads, the events and what is written are the same."""
    whole, cut = Connection(SMALL, Clock()), Connection(SMALL, Clock())
    events = [event for piece in pieces(soup, at) for event in cut.receive(piece)]
    assert events == whole.receive(soup)
    assert b"".join(cut.take()) == b"".join(whole.take())


CHECKS: list[Callable[[bytes, list[int]], None]] = [nothing_breaks, cuts_mean_nothing]


def trial(check: Callable[[bytes, list[int]], None], examples: int) -> Callable[[], None]:
    """A hypothesis test of so many examples."""
    settings = hypothesis.settings(
        max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck)
    )
    return settings(given(soups, cuts)(check))


def main(seconds: float) -> None:
    end = time.monotonic() + seconds
    examples = 0
    while time.monotonic() < end:
        for check in CHECKS:
            trial(check, 2_000)()
            examples += 2_000
    print(f"{examples} examples, nothing broke")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
