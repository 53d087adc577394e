"""Lines of many processes in one pipe."""

import os

import orjson

from extproc.process.pen import KEPT, Pen


def taken(pen: Pen) -> list[bytes]:
    data = b""
    while True:
        try:
            data += os.read(pen.paper, 65_536)
        except BlockingIOError:
            return data.splitlines(keepends=True)


def test_lines_come_out_as_they_went_in():
    pen = Pen()
    pen.write(b"one\n")
    pen.note("worker died")
    assert taken(pen) == [b"one\n", b'{"event":"worker died"}\n']


def test_nobody_waits_for_a_reader_and_what_is_lost_is_counted():
    pen, line = Pen(), b"x" * 4_095 + b"\n"
    many = 0
    while not pen._kept:
        pen.write(line)
        many += 1
    for _ in range(KEPT + 9):
        pen.write(line)
    assert len(pen._kept) == KEPT
    first = taken(pen)
    assert len(first) == many - 1
    rest = []
    while pen._kept or pen._lost:
        pen.catch_up()
        rest += taken(pen)
    *whole, lost = rest
    assert set(whole) == {line}
    assert len(whole) == KEPT
    assert orjson.loads(lost) == {"lost": 10}


def test_order_is_kept_when_a_full_pipe_is_read_again():
    pen, line = Pen(), b"x" * 4_095 + b"\n"
    while not pen._kept:
        pen.write(line)
    taken(pen)
    pen.write(b"last\n")
    assert taken(pen) == [line, b"last\n"]


def test_lines_of_processes_at_once_stay_whole():
    pen = Pen()
    children = []
    for letter in (b"a", b"b", b"c"):
        pid = os.fork()
        if pid == 0:
            for _ in range(200):
                pen.write(letter * 999 + b"\n")
            os._exit(0)
        children.append(pid)
    found = []
    while children:
        found += taken(pen)
        children = [pid for pid in children if os.waitpid(pid, os.WNOHANG)[0] == 0]
    found += taken(pen)
    assert len(found) == 600
    assert {*found} == {letter * 999 + b"\n" for letter in (b"a", b"b", b"c")}


def test_numbers_are_unique_whoever_asks():
    first, second = Pen(), Pen()
    found = [pen.number() for pen in (first, second) for _ in range(100)]
    assert len({*found}) == 200
