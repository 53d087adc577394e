"""Newline-delimited JSON: cut anywhere, in linear time, and read by clients that break lines."""

import time

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.errors import BadAnswer
from providers.wire import ndjson
from tests.strategies import cuts

documents = st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=9)), max_size=5)


def split(pieces: list[bytes]) -> list[bytes]:
    splitter = ndjson.Splitter()
    found = [line for piece in pieces for line in splitter.feed(piece)]
    rest = splitter.flush()
    return [*found, rest] if rest else found


@given(st.data(), documents)
@settings(max_examples=80, deadline=None)
def test_a_cut_means_nothing(data: st.DataObject, values: list[dict[str, str]]) -> None:
    whole = b"".join(ndjson.line(orjson.dumps(value)) for value in values)
    found = split(data.draw(cuts(whole)))
    assert [orjson.loads(line) for line in found] == values
    assert found == split([whole])


@given(documents)
@settings(max_examples=80, deadline=None)
def test_clients_that_break_lines_as_unicode_does_find_the_same(
    values: list[dict[str, str]],
) -> None:
    odd = [{**value, "breaks": "a\u2028b\u2029c\x85d\x0be\x1cf\r\n"} for value in values]
    whole = b"".join(ndjson.line(orjson.dumps(value)) for value in odd)
    lines = httpx.Response(200, content=whole).iter_lines()
    assert [orjson.loads(line) for line in lines] == odd


def test_blank_lines_and_carriage_returns_are_no_documents() -> None:
    assert split([b'\n{"a":1}\r\n\r\n', b" \n", b'{"b":2}']) == [b'{"a":1}\r', b'{"b":2}']


def test_what_is_incomplete_is_pending() -> None:
    splitter = ndjson.Splitter()
    assert splitter.feed(b'{"a"') == []
    assert splitter.pending
    assert splitter.feed(b":1}\n") == [b'{"a":1}']
    assert not splitter.pending
    assert splitter.flush() == b""


def test_a_line_of_no_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "MAX_LINE", 10)
    splitter = ndjson.Splitter()
    splitter.feed(b"x" * 10)
    with pytest.raises(BadAnswer):
        splitter.feed(b"x")


def test_time_is_linear_in_the_length_of_a_line() -> None:
    def spent(size: int) -> float:
        splitter, start = ndjson.Splitter(), time.process_time()
        for _ in range(size):
            splitter.feed(b"x" * 64)
        assert len(splitter.feed(b"\n")[0]) == size * 64
        return time.process_time() - start

    spent(1_000)
    small, large = min(spent(4_000) for _ in range(3)), min(spent(40_000) for _ in range(3))
    assert large < max(small, 0.001) * 40
