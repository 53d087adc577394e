"""A hostile peer meets a bound that `Limits` names; a decent one beside it does not."""

import itertools

import pytest

from extproc.transport.frames import Code
from extproc.transport.h2events import Closed, Data, Opened, Reset, Sent
from extproc.transport.limits import Limits
from tests.extproc.transport.peer import (
    CONTINUATION,
    HEADERS,
    PREFACE,
    PRIORITY,
    REQUEST,
    SETTINGS,
    Peer,
    block,
    data,
    ping,
    raw,
    request,
    reset,
    settings,
    window_update,
)

FEW = Limits(noise_burst=100, noise_rate=10.0)
NOISE = {
    "PING": ping(),
    "PING ACK": ping(ack=True),
    "SETTINGS": settings(),
    "SETTINGS ACK": raw(SETTINGS, 1, 0),
    "PRIORITY": raw(PRIORITY, 0, 1, bytes(5)),
    "unknown": raw(0x77, 0, 0),
    "empty DATA": data(1),
    "padding alone": raw(0, 8, 1, b"\0"),
    "GOAWAY": raw(7, 0, 0, bytes(8)),
}


def calmed(peer: Peer) -> bool:
    return peer.connection.closed and peer.events[-1] == Closed(
        Code.ENHANCE_YOUR_CALM, peer.events[-1].text
    )


@pytest.mark.parametrize("frame", NOISE.values(), ids=NOISE)
def test_a_flood_of_frames_that_carry_nothing_ends_the_connection(frame: bytes) -> None:
    peer = Peer(FEW)
    peer.send(request(1), frame * 90)
    assert not peer.connection.closed
    peer.send(frame * 20)
    assert calmed(peer)


@pytest.mark.parametrize("frame", NOISE.values(), ids=NOISE)
def test_the_same_frames_now_and_then_are_fine(frame: bytes) -> None:
    peer = Peer(FEW)
    peer.send(request(1))
    for _ in range(50):
        peer.clock.now += 5.0
        peer.send(frame * 40)
    assert not peer.connection.closed


def test_rapid_reset_ends_the_connection() -> None:
    peer = Peer(FEW)
    for stream in range(1, 301, 2):
        peer.send(request(stream), reset(stream))
    assert calmed(peer)


def test_resets_of_answered_streams_are_forgiven() -> None:
    peer = Peer(FEW)
    for stream in range(1, 2001, 2):
        peer.send(request(stream))
        peer.connection.send_data(stream, b"", b"answer")
        peer.send(reset(stream))
    assert not peer.connection.closed
    assert peer.connection.streams == 0


def test_resets_that_the_peer_provokes_end_the_connection() -> None:
    peer = Peer(FEW)
    for stream in range(1, 301, 2):
        peer.send(request(stream), window_update(stream, 0))
    assert calmed(peer)


def test_malformed_requests_end_the_connection() -> None:
    peer = Peer(FEW)
    for stream in range(1, 301, 2):
        peer.send(request(stream, fields=REQUEST[1:]))
    assert calmed(peer)


def test_continuation_floods_end_the_connection() -> None:
    peer = Peer(Limits(continuations=4))
    peer.send(raw(HEADERS, 0, 1, b""), raw(CONTINUATION, 0, 1) * 4)
    assert not peer.connection.closed
    peer.send(raw(CONTINUATION, 0, 1))
    assert calmed(peer)


def test_a_header_block_has_a_size() -> None:
    peer = Peer(Limits(header_block=8_000))
    peer.send(raw(HEADERS, 0, 1, bytes(7_000)), raw(CONTINUATION, 0, 1, bytes(2_000)))
    assert calmed(peer)


def test_a_header_list_has_a_size_however_small_its_block() -> None:
    peer = Peer(Limits(header_list=4_000))
    bomb = block(REQUEST) + b"\x40\x01x\x7f\xe1\x06" + b"y" * 992 + b"\xbe" * 10
    peer.send(raw(HEADERS, 4, 1, bomb))
    assert calmed(peer)


def test_more_streams_than_allowed_are_refused_one_by_one() -> None:
    peer = Peer(Limits(streams=3))
    peer.send(*(request(stream) for stream in (1, 3, 5, 7)))
    assert peer.connection.streams == 3
    assert [event.stream for event in peer.events] == [1, 3, 5]
    assert peer.frames[-1].stream_id == 7
    assert peer.frames[-1].error_code == Code.REFUSED_STREAM
    peer.send(reset(3), request(9))
    assert peer.events[-1] == Opened(9, peer.events[0].head, False)


def test_half_closed_streams_by_the_thousand_count_as_open() -> None:
    peer = Peer(Limits(streams=1_000))
    for stream in range(1, 4_001, 2):
        peer.send(request(stream, end=True))
    assert peer.connection.streams == 1_000


def test_what_is_received_and_not_consumed_is_bounded() -> None:
    peer = Peer(Limits(held=100_000))
    for stream in range(1, 41, 2):
        peer.send(request(stream), data(stream, bytes(10_000)))
        assert peer.connection.held <= 100_000
    assert peer.connection.streams == 10
    assert [event.stream for event in peer.events if isinstance(event, Reset)] == [
        *range(21, 41, 2)
    ]


def test_what_is_consumed_makes_room() -> None:
    peer = Peer(Limits(held=100_000))
    for stream in range(1, 401, 2):
        peer.send(request(stream), data(stream, bytes(10_000)))
        peer.connection.consumed(stream, 10_000)
    assert peer.connection.held == 0
    assert peer.connection.streams == 200


def test_streams_that_end_leave_nothing_held() -> None:
    peer = Peer()
    for stream in range(1, 41, 2):
        peer.send(request(stream), data(stream, bytes(10_000)))
        peer.connection.consumed(stream, 3_000)
        peer.connection.expect(stream, 500_000)
    for stream in range(1, 21, 2):
        peer.send(reset(stream))
    for stream in range(21, 41, 2):
        peer.connection.send_trailers(stream, b"")
    assert peer.connection.held == 0


def test_an_endless_unfinished_preface_is_not_kept() -> None:
    peer = Peer(greeting=PREFACE[:-1])
    assert not peer.connection.greeted
    peer.send(b"x")
    assert peer.connection.closed


def test_a_frame_that_never_ends_keeps_no_more_than_itself() -> None:
    peer = Peer()
    peer.send(request(1), data(1, bytes(16_384))[:-1])
    peer.send(b"\0" + data(1, b"next"))
    assert peer.events[-1] == Data(1, b"next", False)


def test_a_window_of_zero_holds_the_reply_and_its_trailers() -> None:
    peer = Peer()
    peer.send(settings(window=0), request(1, end=True))
    assert not peer.connection.send_data(1, b"head", bytes(100))
    peer.connection.send_trailers(1, b"")
    assert peer.read() == []
    assert peer.connection.sending.unsent == 104
    assert peer.send(window_update(1, 60)) == ["DATA 1 60"]
    assert peer.send(window_update(1, 60)) == ["DATA 1 44", "HEADERS 1 END"]
    assert (peer.connection.sending.unsent, peer.connection.streams) == (0, 0)


def test_a_window_that_shrinks_below_zero_must_be_paid_back() -> None:
    peer = Peer()
    peer.send(settings(window=100), request(1))
    assert peer.connection.send_data(1, b"", bytes(100))
    peer.send(settings(window=10))
    assert not peer.connection.send_data(1, b"", b"x")
    peer.read()
    assert peer.send(window_update(1, 90)) == []
    assert peer.send(window_update(1, 1)) == ["DATA 1 1"]
    assert peer.events[-1] == Sent(1)


def test_new_initial_windows_let_waiting_streams_go_on() -> None:
    peer = Peer()
    peer.send(settings(window=0), request(1))
    peer.connection.send_data(1, b"", bytes(50))
    assert peer.send(settings(window=100)) == ["SETTINGS ACK", "DATA 1 50"]


def test_streams_share_the_connections_window_in_turn() -> None:
    peer = Peer()
    peer.send(settings(window=1 << 20), *(request(stream) for stream in (1, 3, 5)))
    assert peer.connection.send_data(1, b"", bytes(65_535))
    for stream in (3, 5):
        assert not peer.connection.send_data(stream, b"", bytes(100))
    peer.read()
    assert peer.send(window_update(0, 150)) == ["DATA 3 100", "DATA 5 50"]
    assert peer.send(window_update(0, 1_000)) == ["DATA 5 50"]
    assert [event.stream for event in peer.events if isinstance(event, Sent)] == [3, 5]


def test_a_stream_that_is_reset_while_it_waits_leaves_nothing() -> None:
    peer = Peer()
    peer.send(settings(window=0), request(1))
    peer.connection.send_data(1, b"", bytes(50))
    peer.send(reset(1))
    assert peer.connection.sending.unsent == 0
    assert peer.send(window_update(0, 100)) == []


def test_replies_are_cut_to_the_peers_frame_size() -> None:
    peer = Peer()
    peer.send(settings(window=1 << 20), window_update(0, 1 << 20), request(1), request(3))
    peer.read()
    peer.connection.send_data(1, b"12345", bytes(40_000))
    assert peer.read() == ["DATA 1 16384", "DATA 1 16384", "DATA 1 7237"]
    peer.send(settings(frame=50_000))
    peer.connection.send_data(3, b"12345", bytes(40_000))
    assert peer.read() == ["DATA 3 40005"]


def test_stalled_streams_are_found_by_the_age_of_their_oldest_byte() -> None:
    peer = Peer()
    peer.send(settings(window=1), request(1), request(3))
    peer.connection.send_data(1, b"", bytes(50))
    peer.clock.now += 30.0
    peer.connection.send_data(3, b"", bytes(50))
    peer.send(window_update(1, 1))
    assert peer.connection.stalled(peer.clock.now - 20.0) == [1]


def test_resizing_the_windows_of_many_streams_again_and_again_is_noise() -> None:
    peer = Peer()
    peer.send(*(request(stream) for stream in range(1, 8_001, 2)))
    for size in itertools.islice(itertools.cycle((1, 2)), 200):
        peer.send(settings(window=size))
    assert calmed(peer)


def test_late_frames_of_streams_that_we_ended_are_ignored() -> None:
    peer = Peer()
    peer.send(request(1))
    peer.connection.send_trailers(1, b"")
    assert peer.read() == ["HEADERS 1 END", "RST_STREAM 1 NO_ERROR"]
    late = (data(1, b"late"), window_update(1, 0), request(1, end=True), reset(1))
    assert peer.send(*late) == []


def test_only_so_many_ended_streams_are_remembered() -> None:
    peer = Peer(Limits(lingering=10))
    for stream in range(1, 41, 2):
        peer.send(request(stream))
        peer.connection.send_trailers(stream, b"")
    peer.send(data(39, b"late"))
    assert not peer.connection.closed
    peer.send(data(1, b"far too late"))
    assert peer.events[-1] == Closed(Code.STREAM_CLOSED, "stream is closed")


def test_ignored_data_still_counts_for_the_connections_window() -> None:
    peer = Peer(Limits(connection_window=100_000))
    peer.send(request(1))
    peer.connection.reset(1, Code.CANCEL)
    peer.read()
    assert peer.send(data(1, bytes(16_000)) * 4) == ["WINDOW_UPDATE 0 64000"]
