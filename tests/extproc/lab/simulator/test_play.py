"""Steps of answers, without a socket."""

import gzip

import pytest

from extproc.lab.simulator.directives import Directives
from extproc.lab.simulator.play import Answer, Close, Drop, Hang, Step, Wait, steps


def taken(answer: Answer, **orders: object) -> list[Step]:
    return list(steps(answer, Directives(**orders)))


def test_a_whole_answer_is_one_write():
    assert taken(Answer(body=b"{}")) == [
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
    ]


def test_a_stream_is_a_write_for_each_event_with_a_turn_of_the_loop_between():
    head, *rest = taken(Answer(events=[b"a", b"bc"]))
    assert b"transfer-encoding: chunked" in head
    assert rest == [b"1\r\na\r\n", Wait(0), b"2\r\nbc\r\n", b"0\r\n\r\n"]


@pytest.mark.parametrize(("end", "step"), [("drop", Drop(False)), ("hang", Hang())])
def test_an_accident_in_mid_stream_leaves_no_last_chunk(end, step):
    _, *rest = taken(Answer(events=[b"a", b"b", b"c"]), **{end: "mid", "after": 1})
    assert rest == [b"1\r\na\r\n", step]


def test_bytes_held_for_a_cut_are_written_before_an_accident():
    _, *rest = taken(Answer(events=[b"abc", b"d", b"e"]), drop="mid", after=2, cut=3)
    assert [each for each in rest if not isinstance(each, Wait)] == [
        b"3\r\nabc\r\n",
        b"1\r\nd\r\n",
        Drop(False),
    ]


def test_a_cut_spans_events():
    _, *rest = taken(Answer(events=[b"ab", b"cd", b"e"]), cut=3)
    writes = [each for each in rest if isinstance(each, bytes)]
    assert writes == [b"3\r\nabc\r\n", b"2\r\nde\r\n", b"0\r\n\r\n"]


def test_a_whole_answer_may_be_chunked_and_may_close():
    *_, piece, last, close = taken(Answer(body=b"{}"), chunked=True, close=True)
    assert (piece, last, close) == (b"2\r\n{}\r\n", b"0\r\n\r\n", Close())


def test_the_length_is_that_of_the_compressed_body():
    (answer,) = taken(Answer(body=b"x" * 1000), encoding="gzip")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-length: %d\r\n" % len(body) in head + b"\r\n"
    assert gzip.decompress(body) == b"x" * 1000


def test_random_cuts_follow_from_the_seed():
    def cuts(seed: int) -> list[Step]:
        return taken(Answer(body=b"x" * 500), cut="random", seed=seed)

    assert cuts(1) == cuts(1)
    assert cuts(1) != cuts(2)
