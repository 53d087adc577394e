"""Long messages share one budget of credit, in order, and never deadlock."""

from hypothesis import given
from hypothesis import strategies as st

from extproc.transport.frames import Code
from extproc.transport.limits import Limits
from tests.extproc.transport.peer import Peer, data, request

SMALL = Limits(stream_window=1_000, reserved=10_000)


def opened(*streams: int, limits: Limits = SMALL) -> Peer:
    peer = Peer(limits)
    peer.send(*(request(stream) for stream in streams))
    return peer


def test_credit_comes_back_once_half_a_window_is_consumed() -> None:
    peer = opened(1)
    peer.send(data(1, bytes(900)))
    peer.connection.consumed(1, 400)
    assert peer.read() == []
    peer.connection.consumed(1, 200)
    assert peer.read() == ["WINDOW_UPDATE 1 600"]


def test_a_long_message_gets_credit_for_all_of_it_at_once() -> None:
    peer = opened(1)
    peer.send(data(1, bytes(300)))
    peer.connection.expect(1, 5_000)
    assert peer.read() == ["WINDOW_UPDATE 1 4300"]


def test_a_message_that_fits_its_window_gets_none() -> None:
    peer = opened(1)
    peer.send(data(1, bytes(300)))
    peer.connection.expect(1, 700)
    assert peer.read() == []


def test_what_was_granted_is_not_given_back_a_second_time() -> None:
    peer = opened(1)
    peer.connection.expect(1, 5_000)
    assert peer.send(data(1, bytes(5_000))) == ["WINDOW_UPDATE 1 4000"]
    peer.connection.consumed(1, 5_000)
    assert peer.read() == ["WINDOW_UPDATE 1 1000"]


def test_messages_above_the_budget_wait_for_their_turn() -> None:
    peer = opened(1, 3, 5)
    for stream in (1, 3, 5):
        peer.connection.expect(stream, 7_000)
    assert peer.read() == ["WINDOW_UPDATE 1 6000"]
    peer.send(data(1, bytes(7_000)))
    peer.connection.consumed(1, 7_000)
    assert "WINDOW_UPDATE 3 6000" in peer.read()
    peer.connection.reset(3, Code.CANCEL)
    assert peer.read() == ["RST_STREAM 3 CANCEL", "WINDOW_UPDATE 5 6000"]


def test_a_message_above_the_whole_budget_still_passes_alone() -> None:
    peer = opened(1, 3)
    peer.connection.expect(1, 50_000)
    peer.connection.expect(3, 2_000)
    assert peer.read() == ["WINDOW_UPDATE 1 49000"]


def test_a_stream_that_goes_while_it_waits_is_passed_over() -> None:
    peer = opened(1, 3, 5)
    for stream in (1, 3, 5):
        peer.connection.expect(stream, 10_000)
    peer.connection.reset(3, Code.CANCEL)
    peer.read()
    peer.connection.reset(1, Code.CANCEL)
    assert peer.read() == ["RST_STREAM 1 CANCEL", "WINDOW_UPDATE 5 9000"]


@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=30), st.integers(1, 5))
def test_every_message_gets_through_whatever_their_sizes(sizes: list[int], streams: int) -> None:
    peer = opened(*range(1, 2 * streams, 2))
    windows = dict.fromkeys(range(1, 2 * streams, 2), 1_000)
    work = {stream: sizes[stream // 2 :: streams] for stream in windows}
    missing = {stream: mine[0] for stream, mine in work.items() if mine}
    while missing:
        moved = 0
        for stream in list(missing):
            size = min(windows[stream], missing[stream], 16_384)
            peer.send(data(stream, bytes(size)) if size else b"")
            windows[stream] -= size
            missing[stream] -= size
            moved += size
            if missing[stream]:
                peer.connection.expect(stream, missing[stream])
            else:
                peer.connection.consumed(stream, work[stream].pop(0))
                missing |= {stream: work[stream][0]} if work[stream] else {}
                if not work[stream]:
                    del missing[stream]
            peer.read()
        for frame in peer.frames:
            if hasattr(frame, "window_increment") and frame.stream_id:
                windows[frame.stream_id] += frame.window_increment
                moved += 1
        peer.frames.clear()
        assert moved, "nobody may send any more"
    assert peer.connection.held == 0
