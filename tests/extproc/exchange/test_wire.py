"""The bytes that are read and written by hand are those of the protobuf library."""

import tracemalloc
from contextlib import suppress

import pytest
from envoy.service.ext_proc.v3 import external_processor_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st

from extproc import NAMESPACE
from extproc.exchange import wire
from extproc.exchange.events import (
    GO_ON,
    BodyMode,
    Change,
    Constant,
    Reject,
    Replace,
    RequestBody,
    RequestHeaders,
    RequestTrailers,
    ResponseBody,
    ResponseHeaders,
    ResponseTrailers,
)
from extproc.exchange.wire import writing

FILTER = "envoy.filters.http.ext_proc"

names = st.from_regex(r":?[a-z][a-z0-9-]{0,40}", fullmatch=True)
texts = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=300
)
headers = st.lists(st.tuples(names, texts), max_size=12)
keys = st.text(st.characters(codec="utf-8", min_codepoint=32), min_size=1, max_size=60)
strings = st.text(st.characters(codec="utf-8"), max_size=200)
values = strings | st.booleans() | st.integers(0, 2**53) | st.floats(allow_nan=False)


def filled(target, pairs, field):
    for name, value in pairs:
        setattr(target.headers.headers.add(key=name), field, value)


def header_message(pairs, *, raw=True, end=False):
    message = pb.ProcessingRequest()
    message.request_headers.end_of_stream = end
    message.request_headers.headers.SetInParent()
    for name, value in pairs:
        entry = message.request_headers.headers.headers.add(key=name)
        if raw:
            entry.raw_value = value.encode("latin-1")
        else:
            entry.value = value
    return message


@given(pairs=headers, end=st.booleans(), attributes=st.dictionaries(keys, strings))
def test_request_headers_are_read(pairs, end, attributes):
    message = header_message(pairs, end=end)
    message.attributes[FILTER].update(attributes)
    event = wire.decode(message.SerializeToString())
    assert isinstance(event, RequestHeaders)
    assert event.headers.items() == pairs
    assert event.end is end
    assert event.attributes == attributes
    for name, _ in pairs:
        found = [value for other, value in pairs if other == name and value]
        assert event.headers.get(name) == (found[0] if found else None)
    assert event.headers.get("not-there") is None
    assert event.headers.names().split("\n") == ([name for name, _ in pairs] or [""])


@given(value=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_header_values_without_raw_bytes_are_read(value):
    event = wire.decode(header_message([("x-a", value)], raw=False).SerializeToString())
    assert event.headers.get("x-a") == (value or None)


@given(body=st.binary(max_size=300), end=st.booleans())
def test_bodies_are_read(body, end):
    request = pb.ProcessingRequest()
    request.request_body.body = body
    request.request_body.end_of_stream = end
    assert wire.decode(request.SerializeToString()) == RequestBody(body)
    response = pb.ProcessingRequest()
    response.response_body.body = body
    response.response_body.end_of_stream = end
    assert wire.decode(response.SerializeToString()) == ResponseBody(body, end)


def test_a_large_body_is_read():
    message = pb.ProcessingRequest()
    message.response_body.body = b"x" * 5_000_000
    assert wire.decode(message.SerializeToString()).data == message.response_body.body


def test_response_headers_and_trailers_are_read():
    message = pb.ProcessingRequest()
    message.response_headers.headers.headers.add(key=":status", raw_value=b"200")
    event = wire.decode(message.SerializeToString())
    assert isinstance(event, ResponseHeaders)
    assert event.headers.get(":status") == "200"
    for field, kind in (
        ("request_trailers", RequestTrailers),
        ("response_trailers", ResponseTrailers),
    ):
        message = pb.ProcessingRequest()
        getattr(message, field).SetInParent()
        assert isinstance(wire.decode(message.SerializeToString()), kind)


def test_fields_that_are_new_or_unasked_are_passed_over():
    message = header_message([(":path", "/x")])
    message.observability_mode = True
    message.metadata_context.filter_metadata["a"].update({"b": 1})
    message.attributes[FILTER].update({"n": 1, "s": "text", "l": [1], "z": None})
    event = wire.decode(message.SerializeToString() + b"\xfa\x7f\x03abc\xf8\x7f\x01")
    assert event.attributes == {"s": "text"}


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_read_and_nothing_else(data):
    try:
        event = wire.decode(data)
    except wire.WireError:
        return
    if isinstance(event, RequestHeaders | ResponseHeaders):
        try:
            event.headers.items()
        except (wire.WireError, IndexError):
            return


@given(data=st.data(), pairs=headers)
def test_a_cut_message_is_refused_or_read_and_nothing_else(data, pairs):
    whole = header_message(pairs).SerializeToString()
    cut = whole[: data.draw(st.integers(0, max(0, len(whole) - 1)))]
    with suppress(wire.WireError):
        wire.decode(cut)


header_pairs = st.lists(st.tuples(names, texts), max_size=5).map(tuple)
metadata = st.dictionaries(keys, values, min_size=1, max_size=8)
PHASES = {
    RequestHeaders: "request_headers",
    ResponseHeaders: "response_headers",
    RequestBody: "request_body",
    ResponseBody: "response_body",
}


def overwritten(mutation):
    for option in mutation.set_headers:
        assert option.append_action == 2
    return [(o.header.key, o.header.raw_value.decode("latin-1")) for o in mutation.set_headers]


@given(
    event=st.sampled_from(sorted(PHASES, key=str)),
    set_headers=header_pairs,
    remove=st.lists(names, max_size=4).map(tuple),
    body=st.none() | st.binary(max_size=400),
    report=st.none() | metadata,
    mode=st.none() | st.sampled_from(BodyMode),
)
def test_a_change_is_what_the_library_reads(event, set_headers, remove, body, report, mode):
    change = Change(set_headers, remove, body, report, mode)
    read = pb.ProcessingResponse.FromString(wire.encode(event, change))
    assert read.WhichOneof("response") == PHASES[event]
    common = getattr(read, PHASES[event]).response
    assert overwritten(common.header_mutation) == list(set_headers)
    assert tuple(common.header_mutation.remove_headers) == remove
    assert common.body_mutation.body == (body or b"")
    assert common.HasField("body_mutation") is (body is not None)
    assert read.HasField("mode_override") is (mode is not None)
    if mode is not None:
        said = read.mode_override
        talks = event is RequestHeaders  # a session's answer is heard elsewhere
        assert (said.request_body_mode if talks else said.response_body_mode) == mode
    if report:
        assert dict(read.dynamic_metadata[NAMESPACE]) == report


def test_constant_metadata_are_written_like_any_other():
    report = {"a": 1, "b": "x", "c": True}
    written = wire.encode(RequestBody, Change(metadata=Constant(report)))
    assert written == wire.encode(RequestBody, Change(metadata=report))


@pytest.mark.parametrize(("event", "field"), [*PHASES.items()])
def test_going_on_says_nothing(event, field):
    read = pb.ProcessingResponse.FromString(wire.encode(event, GO_ON))
    assert read.WhichOneof("response") == field
    assert getattr(read, field).ByteSize() == 0


@given(
    status=st.integers(200, 599),
    body=st.binary(max_size=300),
    pairs=header_pairs,
    report=st.none() | metadata,
)
def test_a_rejection_is_what_the_library_reads(status, body, pairs, report):
    read = pb.ProcessingResponse.FromString(
        wire.encode(RequestHeaders, Reject(status, body, pairs, report))
    )
    reply = read.immediate_response
    assert reply.status.code == status
    assert reply.body == body
    assert overwritten(reply.headers) == list(pairs)
    assert read.dynamic_metadata[wire.REPLY_NAMESPACE]["ready"] is True
    if report:
        assert dict(read.dynamic_metadata[NAMESPACE]) == report


def test_a_replacement_is_what_the_library_reads():
    replaced = Replace(b"body", (("content-length", "4"),), ("x",), {"status": 500})
    read = pb.ProcessingResponse.FromString(wire.encode(ResponseHeaders, replaced))
    common = read.response_headers.response
    assert common.status == 1
    assert common.body_mutation.body == b"body"
    assert dict(read.dynamic_metadata[NAMESPACE]) == {"status": 500}


def test_no_value_of_any_length_stays_in_memory():
    tracemalloc.start()
    try:
        for number in range(200):
            long = f"{number}" + "x" * 100_000
            wire.encode(RequestBody, Change(set_headers=(("a", long),), metadata={"model": long}))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000


@pytest.mark.parametrize("value", ["клю", "a\r\nb", "nul\0", "\x7f", "\ud800"])
def test_a_value_that_no_header_can_hold_is_written_all_the_same(value):
    written = wire.encode(ResponseHeaders, Change(set_headers=(("x-a", value),)))
    read = pb.ProcessingResponse.FromString(written)
    header = read.response_headers.response.header_mutation.set_headers[0].header
    assert header.raw_value.isascii()
    assert header.raw_value.decode().isprintable()


def test_long_strings_are_kept_in_no_cache():
    before = len(writing.STRINGS)
    wire.encode(RequestBody, Change(metadata={"client_headers": "x" * 10_000}))
    assert len(writing.STRINGS) == before
