"""A JSON array that comes in pieces: whole elements, wherever it is cut."""

import time

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import BadAnswer
from providers.wire import json_array
from tests.strategies import cuts

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('"\\[]{}, aé\n', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
objects = st.lists(st.dictionaries(st.text(max_size=4), JSON, max_size=3), max_size=4)


def written(values: list[dict[str, object]], spaced: bool) -> bytes:
    if spaced:
        return orjson.dumps(values, option=orjson.OPT_INDENT_2)
    joiner = json_array.Joiner()
    return b"".join(joiner.element(orjson.dumps(value)) for value in values) + joiner.end()


@given(st.data(), objects, st.booleans())
def test_elements_come_out_whole_wherever_the_array_is_cut(
    data: st.DataObject, values: list[dict[str, object]], spaced: bool
) -> None:
    sent = written(values, spaced)
    assert orjson.loads(sent) == values
    splitter = json_array.Splitter()
    found = [element for piece in data.draw(cuts(sent)) for element in splitter.feed(piece)]
    assert [orjson.loads(element) for element in found] == values
    assert splitter.closed
    assert not splitter.pending


def test_an_element_comes_out_as_soon_as_it_is_complete():
    splitter = json_array.Splitter()
    assert splitter.feed(b'[{"a": "}') == []
    assert splitter.pending
    assert splitter.feed(b'"}') == [b'{"a": "}"}']
    assert not splitter.pending
    assert not splitter.closed


@pytest.mark.parametrize("sent", [b"{}", b"[1]", b'["a"]', b"[[]]", b"<html>", b"[]x", b"[{}]["])
def test_what_is_no_array_of_objects_is_refused(sent: bytes) -> None:
    with pytest.raises(BadAnswer, match="array of JSON objects"):
        json_array.Splitter().feed(sent)


def test_an_element_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_array, "MAX_ELEMENT", 1000)
    splitter = json_array.Splitter()
    splitter.feed(b'[{"a": "')
    with pytest.raises(BadAnswer, match="larger"):
        for _ in range(1001):
            splitter.feed(b"x")


def seconds(size: int) -> float:
    splitter = json_array.Splitter()
    piece = b'\\"[{' * 256
    begun = time.process_time()
    splitter.feed(b'[{"a": "')
    for _ in range(size):
        splitter.feed(piece)
    assert splitter.feed(b'"}]')
    return time.process_time() - begun


def test_time_is_linear_in_the_size_of_an_element() -> None:
    small = min(seconds(50) for _ in range(3))
    assert min(seconds(500) for _ in range(3)) < 40 * small
