"""Server-sent events are cut into raw events, wherever the bytes are cut."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import BadAnswer
from providers.wire import sse

LINE_ENDS = [b"\n", b"\r\n", b"\r"]

STREAM = (
    b'\xef\xbb\xbfdata: {"a":1}\n\ndata:x\r\n\r\nevent: y\rdata: z\rdata: w\r\r: comment\n\n'
    b"id: 7\ndata\n\ndata: [DONE]\n\n"
)
EVENTS = [(b"", b'{"a":1}'), (b"", b"x"), (b"y", b"z\nw"), (b"", b""), (b"", b""), (b"", b"[DONE]")]


def split(stream: bytes, cuts: list[int]) -> list[bytes]:
    splitter = sse.Splitter()
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    events = []
    for start, end in pairwise(edges):
        events += splitter.feed(stream[start:end])
    rest = splitter.flush()
    return [*events, rest] if rest else events


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_any_cut_gives_the_same_events(cuts):
    events = split(STREAM, cuts)
    assert b"".join(events) == STREAM
    assert [sse.parse(event) for event in events] == EVENTS


@given(
    events=st.lists(
        st.tuples(
            st.lists(st.text('abc :{}"é', max_size=8), min_size=1, max_size=3),
            st.sampled_from(LINE_ENDS),
        ),
        max_size=5,
    ),
    cuts=st.lists(st.integers(0, 200), max_size=8),
)
def test_what_was_written_is_read(events, cuts):
    stream, expected = b"", []
    for lines, end in events:
        data = [line.encode() for line in lines]
        stream += b"".join(b"data: " + line + end for line in data) + end
        expected.append(b"\n".join(data))
    assert [sse.parse(event)[1] for event in split(stream, cuts)] == expected


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_garbage_is_never_lost_and_never_raises(pieces):
    splitter = sse.Splitter()
    events = [event for piece in pieces for event in splitter.feed(piece)]
    assert b"".join(events) + splitter.flush() == b"".join(pieces)
    for event in events:
        sse.parse(event)


def cost(size: int) -> float:
    """CPU seconds for one event of `size` bytes that comes in pieces of 1 KB."""
    splitter = sse.Splitter()
    piece = b"data: " + b"x" * 1018
    began = time.process_time()
    for _ in range(size // 1024):
        splitter.feed(piece)
    assert len(splitter.feed(b"\n\n")) == 1
    return time.process_time() - began


def test_the_time_is_linear_in_the_size_of_an_event():
    cost(1_000_000)
    small = min(cost(1_000_000) for _ in range(3))
    large = min(cost(8_000_000) for _ in range(3))
    assert large < 8 * small * 4


def test_an_event_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(sse, "MAX_EVENT", 1000)
    splitter = sse.Splitter()
    with pytest.raises(BadAnswer):
        for _ in range(100):
            splitter.feed(b"data: " + b"x" * 100)
