"""AWS event streams against botocore's decoder."""

from uuid import UUID

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import BadAnswer
from providers.wire import aws_event_stream as frames

names = st.text(st.characters(codec="ascii"), min_size=1, max_size=30)
values = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.binary(max_size=50),
    st.text(max_size=30),
    st.integers(-(2**63), 2**63 - 1).map(frames.Timestamp),
    st.uuids(),
)
messages = st.builds(
    frames.Message, st.dictionaries(names, values, max_size=6), st.binary(max_size=300)
)


def plain(value: frames.Header) -> object:
    """A header as botocore decodes it."""
    match value:
        case frames.Timestamp():
            return value.milliseconds
        case UUID():
            return value.bytes
    return value


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(stream) + 1) for cut in cuts})
    edges = zip([0, *places], [*places, len(stream)], strict=True)
    return [stream[begin:end] for begin, end in edges]


@given(messages)
def test_botocore_reads_what_is_encoded(message: frames.Message) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(frames.encode(message.headers, message.payload))
    (read,) = buffer
    assert read.payload == message.payload
    assert read.headers == {name: plain(value) for name, value in message.headers.items()}


@given(messages)
def test_decoding_undoes_encoding(message: frames.Message) -> None:
    assert frames.decode(frames.encode(message.headers, message.payload)) == message


@given(st.lists(messages, max_size=5), st.lists(st.integers(0, 5000), max_size=12))
def test_cuts_mean_nothing(sent: list[frames.Message], cuts: list[int]) -> None:
    raw = [frames.encode(message.headers, message.payload) for message in sent]
    splitter = frames.Splitter()
    seen = [event for piece in pieces(b"".join(raw), cuts) for event in splitter.feed(piece)]
    assert seen == raw
    assert not splitter.pending


def test_byte_by_byte_is_the_same() -> None:
    raw = frames.encode({":event-type": "messageStop"}, b"{}") * 3
    splitter = frames.Splitter()
    seen = [event for byte in raw for event in splitter.feed(bytes((byte,)))]
    assert b"".join(seen) == raw
    assert len(seen) == 3


def test_a_cut_message_stays_pending() -> None:
    splitter = frames.Splitter()
    assert [*splitter.feed(frames.encode({}, b"abc")[:-1])] == []
    assert splitter.pending


@given(message=messages, place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_one_flipped_bit_is_noticed(message: frames.Message, place: int, bit: int) -> None:
    raw = bytearray(frames.encode(message.headers, message.payload))
    raw[place % len(raw)] ^= 1 << bit
    with pytest.raises(BadAnswer):
        frames.decode(bytes(raw))


def test_a_wrong_prelude_is_noticed_before_the_message_is_whole() -> None:
    with pytest.raises(BadAnswer, match="prelude"):
        [*frames.Splitter().feed(b"HTTP/1.1 502 Bad")]


@pytest.mark.parametrize(
    ("length", "headers"), [(15, 0), (20, 5), (frames.MAX_PAYLOAD + 17, 0), (200_000, 140_000)]
)
def test_impossible_and_huge_lengths_are_refused(length: int, headers: int) -> None:
    lengths = length.to_bytes(4, "big") + headers.to_bytes(4, "big")
    prelude = lengths + frames.CRC.pack(frames.crc32(lengths))
    with pytest.raises(BadAnswer, match="bytes"):
        [*frames.Splitter().feed(prelude)]


@pytest.mark.parametrize(
    "raw",
    [b"\x05ab", b"\x01a\x0a", b"\x01a\x07\x00\x05ab", b"\x01a\x04\x00", b"\x01\xff\x00", b"\x01a"],
)
def test_headers_that_cannot_be_read_are_a_bad_answer(raw: bytes) -> None:
    with pytest.raises(BadAnswer, match="headers"):
        frames.decode(frames.encode_raw(raw, b""))


@given(st.binary(max_size=200))
def test_a_wrapped_chunk_is_unwrapped(chunk: bytes) -> None:
    message = frames.decode(frames.wrap(chunk))
    assert message.headers[":event-type"] == "chunk"
    assert frames.unwrap(message.payload) == chunk


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"bytes": 1}', b'{"bytes": "@@"}'])
def test_a_chunk_that_cannot_be_read_is_a_bad_answer(payload: bytes) -> None:
    with pytest.raises(BadAnswer, match="chunk"):
        frames.unwrap(payload)


def test_a_large_message_in_small_pieces_takes_linear_time() -> None:
    raw = frames.encode({}, bytes(8 * 1024 * 1024))
    splitter = frames.Splitter()
    seen = [event for at in range(0, len(raw), 512) for event in splitter.feed(raw[at : at + 512])]
    assert seen == [raw]
