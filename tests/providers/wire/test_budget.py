"""What is counted before it is read, and what is taken before it is made."""

import json
import time
import tracemalloc

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import BadAnswer, InvalidRequest, TooLarge
from providers.neutral import serial
from providers.neutral.deltas import ArgumentsDelta, TextDelta, ToolCallBegin
from providers.neutral.media import Data, parse_data_uri
from providers.wire import aws_event_stream, json_array, ndjson, splice, sse
from providers.wire.budget import AT_ONCE, BOUNDS, DEPTH, Bounds, Budget, crowded, too_deep

SECOND = 1.0
"""Far more than what is bounded takes on any machine, far less than what is not."""
LARGE = 3_000_000

texts = st.text('a,[{}]:"\\\\\\n\u20ac', max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=30,
)


def count(value) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(count, inner))


def spent(work) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


@given(value=values, indent=st.sampled_from([None, 1]))
def test_no_body_of_few_values_is_crowded_and_none_of_many_passes(value, indent):
    data = json.dumps([value] * 20, indent=indent, ensure_ascii=False).encode()
    # A comma or a bracket stands for a value each, and an empty array or object has none.
    assert not crowded(data, 2 * count([value] * 20))
    assert crowded(data, count([value] * 20) // 4) or len(data) < 200


def test_brackets_and_commas_in_texts_are_no_values():
    assert not crowded(orjson.dumps(["a, [b], {c}" * 100_000]), 10)
    assert crowded(orjson.dumps(["a"] * 100), 99)
    assert not crowded(orjson.dumps(["a"] * 100), 101)


@pytest.mark.parametrize(
    "piece", [b"[],", b'"",', b'""', b'"x":', b"[", b"{", b" ", b'\\"', b'"\\"', b"\\,", b'","']
)
def test_whatever_the_bytes_are_they_are_counted_in_linear_time(piece):
    data = b'"' + piece * (LARGE // len(piece)) + b"\\"
    assert spent(lambda: crowded(data, 1_000)) < SECOND
    assert spent(lambda: crowded(data[1:], 1_000)) < SECOND


def test_what_may_leave_is_taken_before_it_is_made():
    budget = Budget(Bounds(size=1_000, values=10))
    budget.grow(1_000)
    with pytest.raises(TooLarge, match=r"1000 bytes .*\(envoy\.max_body_bytes\)"):
        budget.grow(1)
    budget.step(10)
    with pytest.raises(TooLarge, match=r"10 values \(extproc\.max_values\)"):
        budget.step(1)
    assert Budget() == budget


def test_an_answer_may_hold_more_than_a_request():
    few = Bounds(values=1_000)
    data = orjson.dumps([1] * 2_000)
    few.answer(data)
    with pytest.raises(TooLarge, match="1000 JSON values"):
        few.request(data)
    with pytest.raises(BadAnswer, match="3000 JSON values"):
        few.answer(orjson.dumps([1] * 4_000))


def test_how_deep_json_may_be_is_what_is_read_and_written():
    nested = b"[" * DEPTH + b"]" * DEPTH
    assert orjson.dumps({"a": {"b": {"c": orjson.loads(nested)}}})


def test_only_an_error_of_depth_is_told_as_one():
    with pytest.raises(TypeError) as deep:
        orjson.dumps(orjson.loads(b"[" * 300 + b"]" * 300))
    assert isinstance(too_deep(deep.value, asked=True), InvalidRequest)
    assert isinstance(too_deep(RecursionError(), asked=False), BadAnswer)
    assert too_deep(TypeError("a bug"), asked=True) is None


SHORT = {
    "events": (sse.Splitter, b"data: {}\n\n"),
    "lines of an event": (sse.Splitter, b":\n"),
    "lines of CR": (sse.Splitter, b":\r"),
    "lines": (ndjson.Splitter, b"{}\n"),
    "messages": (aws_event_stream.Splitter, aws_event_stream.encode({}, b"")),
}


@pytest.mark.parametrize("kind", SHORT)
def test_more_events_at_once_than_others_could_wait_for_are_refused(kind):
    splitter, piece = SHORT[kind]
    with pytest.raises(BadAnswer, match="at once"):
        [*splitter().feed(piece * (3 * AT_ONCE) + b"\n\n")]
    assert len([*splitter().feed(piece * 5_000 + b"\n\n")]) <= 5_001


@pytest.mark.parametrize("splitter", [sse.Splitter, ndjson.Splitter])
def test_an_event_of_too_many_values_is_refused(splitter):
    with pytest.raises(BadAnswer, match="JSON values"):
        made = splitter()
        for _ in range(40):  # as Envoy hands it over
            made.feed(b"[]," * (BOUNDS.values // 10))
        made.feed(b"\n\n")


@pytest.mark.parametrize("splitter", [sse.Splitter, ndjson.Splitter])
def test_what_is_left_at_the_end_is_weighed_and_let_go(splitter):
    made = splitter()
    for _ in range(40):
        made.feed(b"[]," * (BOUNDS.values // 10))
    with pytest.raises(BadAnswer, match="JSON values"):
        made.flush()
    assert made.flush() == b""


def test_an_array_of_too_many_brackets_is_refused():
    with pytest.raises(BadAnswer, match="JSON values"):
        json_array.Splitter().feed(b"[" + b"{}," * (4 * BOUNDS.values))


@pytest.mark.parametrize("splitter", [sse.Splitter, ndjson.Splitter])
def test_what_was_too_large_is_let_go(splitter, monkeypatch):
    monkeypatch.setattr(sse, "MAX_EVENT", 1_000)
    monkeypatch.setattr(ndjson, "MAX_LINE", 1_000)
    made = splitter()
    for _ in range(20):
        try:
            made.feed(b"x" * 300)
        except BadAnswer:
            assert not made.pending


@pytest.mark.parametrize("text", [b"\\n" * 2_000_000, b"a\\n" * 2_000_000, b'\\"' * 2_000_000])
def test_a_text_of_escapes_is_hopped_over_without_remembering_each(text):
    data = b'{"a":"' + text + b'","model":"m"}'
    tracemalloc.start()
    try:
        assert splice.edit(data, {"a": "", "model": "m"}, {"model": "n", "a": 1})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(data)


def test_a_data_uri_of_nothing_but_parameters_is_read_at_once():
    assert spent(lambda: parse_data_uri("data:" + ";" * LARGE)) < SECOND
    assert spent(lambda: parse_data_uri("data:" + ";a" * LARGE)) < SECOND
    found = parse_data_uri("data:text/plain;charset=utf-8;BASE64,aGk=")
    assert found == Data(base64="aGk=", media_type="text/plain")


def test_a_call_that_seems_to_end_again_and_again_takes_linear_time():
    def feed(pieces: int) -> float:
        ordered = serial.Serial()
        ordered.feed([ToolCallBegin(part=0, id="c", name="f")])
        ordered.feed([ArgumentsDelta(part=0, text='{"a":"'), TextDelta(part=1, text="waits")])
        piece = [ArgumentsDelta(part=0, text="x" * 100 + "}")]
        return spent(lambda: [ordered.feed(piece) for _ in range(pieces)])

    # The best of several: a machine that is busy with other things may take its time.
    few, many = (min(feed(pieces) for _ in range(5)) for pieces in (3_000, 30_000))
    assert many < 30 * few
