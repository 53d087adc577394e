"""Newline-delimited JSON: cut anywhere, in linear time, and read by clients that break lines."""

import json
import time

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.errors import BadAnswer
from providers.wire import ndjson
from providers.wire.budget import FREE
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


USED = {"usage": {"total_tokens": 7}, "model": "m"}
CHOSEN = {"token": '[a]"', "logprob": -0.5, "bytes": [91, 97]}
LARGE = {
    "vectors": {"data": [{"embedding": [0.25 - n for n in range(2_000)]}] * 40},
    "pictures": {"data": [{"b64_json": "aGk+/" * 40_000 + "=="}]},
    "likely": {"content": [{**CHOSEN, "top_logprobs": [CHOSEN] * 20}] * 400},
}


@pytest.mark.parametrize("spaces", [False, True])
@pytest.mark.parametrize("kind", LARGE)
def test_what_is_large_in_a_line_is_not_read(kind: str, spaces: bool) -> None:
    said = {"response": {**LARGE[kind], **USED}}
    line = json.dumps(said).encode() if spaces else orjson.dumps(said)
    found = ndjson.skimmed(line)
    assert len(line) > 4 * FREE > 4 * len(found) / 2
    assert orjson.loads(found)["response"].items() >= USED.items()


def test_a_line_of_too_many_values_is_lost_without_being_read() -> None:
    assert ndjson.skimmed(b"[" + b"[],{}," * 400_000 + b"0]") == b""
    assert ndjson.skimmed(b'[{"a":[]},"' + b"[" * 10_000_000 + b'"]') != b""


def skimmed(pieces: list[bytes]) -> list[bytes]:
    skimmer = ndjson.Skimmer()
    found = [line for piece in pieces for line in skimmer.feed(piece)]
    return [line for line in (*found, skimmer.flush()) if line]


@given(st.data(), documents)
@settings(max_examples=80, deadline=None)
def test_lines_are_skimmed_wherever_they_are_cut(
    data: st.DataObject, values: list[dict[str, str]]
) -> None:
    whole = b"".join(ndjson.line(orjson.dumps(value)) for value in values)
    assert skimmed(data.draw(cuts(whole))) == whole.splitlines()


def test_vectors_of_any_number_fit_and_what_does_not_is_lost_alone() -> None:
    vector = {"embedding": [0.125 + n for n in range(3_072)]}
    many = orjson.dumps({"data": [vector] * 2_048, **USED})
    assert len(many) > ndjson.MAX_LINE
    text = orjson.dumps({"text": "a b " * (ndjson.MAX_LINE // 3), **USED})
    last = orjson.dumps(USED)
    whole = b"\n".join([many, text, last])
    found = skimmed([whole[n : n + 1_000_003] for n in range(0, len(whole), 1_000_003)])
    assert orjson.loads(ndjson.skimmed(found[0])).items() >= USED.items()
    assert found[-1] == last
    assert len(found[-2]) < ndjson.MAX_LINE


def test_a_file_without_lines_takes_bounded_memory() -> None:
    skimmer = ndjson.Skimmer()
    for _ in range(100):
        assert skimmer.feed(b"\x00 " * 500_000) == []
        assert skimmer._size <= ndjson.MAX_LINE
