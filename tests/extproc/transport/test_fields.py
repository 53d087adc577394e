"""A remembered header block means what HPACK would make of it, whatever came before."""

import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extproc.transport.fields import HeadDecoder, encode
from extproc.transport.frames import Code, ConnectionFault
from tests.extproc.transport.peer import REQUEST, block, changed

LIST_SIZE = 64 * 1024

lists = st.lists(
    st.tuples(st.sampled_from(["x-a", "x-b", "x-c"]), st.sampled_from(["1", "22", "3" * 60])),
    max_size=4,
)


@given(st.lists(lists | st.integers(0, 400), max_size=30), st.integers(0, 200))
def test_a_long_conversation_decodes_as_with_plain_hpack(
    steps: list[list[tuple[str, str]] | int], first_size: int
) -> None:
    encoder = hpack.Encoder()
    encoder.header_table_size = first_size
    ours, plain = HeadDecoder(LIST_SIZE), hpack.Decoder()
    for step in steps:
        if isinstance(step, int):
            # Told the same size twice, hpack's encoder forgets to announce it.
            if encoder.header_table_size != step:
                encoder.header_table_size = step
            continue
        sent = encoder.encode(REQUEST + step)
        expected = dict(reversed(list(plain.decode(sent, raw=True))))
        assert ours.decode(sent).fields == expected


def test_the_same_block_twice_is_decoded_once() -> None:
    decoder, encoder = HeadDecoder(LIST_SIZE), hpack.Encoder()
    first, second, third = (encoder.encode(REQUEST) for _ in range(3))
    assert decoder.decode(first).fields == decoder.decode(second).fields
    assert decoder.decode(third) is decoder.decode(second)


def test_a_remembered_block_is_forgotten_when_the_table_moves() -> None:
    decoder, encoder = HeadDecoder(LIST_SIZE), hpack.Encoder()
    for value in ("one", "two"):
        decoder.decode(encoder.encode(changed(x_test=value)))
    indexed = encoder.encode(changed(x_test="two"))
    assert decoder.decode(indexed).fields[b"x-test"] == b"two"
    decoder.decode(encoder.encode([("x-new", "entry")]))
    assert decoder.decode(indexed).fields.get(b"x-test") != b"two"


def test_only_so_many_blocks_are_remembered() -> None:
    decoder = HeadDecoder(LIST_SIZE)
    for at in range(1000):
        decoder.decode(block(changed(x_test=str(at))))
    assert len(decoder._known) <= 64


def test_the_first_of_repeated_fields_counts() -> None:
    head = HeadDecoder(LIST_SIZE).decode(block([*REQUEST, ("x-a", "1"), ("x-a", "2")]))
    assert head.fields[b"x-a"] == b"1"


def test_content_lengths_that_disagree_are_malformed() -> None:
    decoder = HeadDecoder(LIST_SIZE)
    same = [("content-length", "5"), ("content-length", "5")]
    assert decoder.decode(block(REQUEST + same)).length == 5
    other = [("content-length", "5"), ("content-length", "6")]
    assert decoder.decode(block(REQUEST + other)).fault == "content-length"


@pytest.mark.parametrize(
    "broken", [b"\x40", b"\x80", b"\x3f\xff\xff\xff\xff\xff\xff", b"\x00\x85a"]
)
def test_a_block_that_does_not_decode_ends_the_connection(broken: bytes) -> None:
    with pytest.raises(ConnectionFault) as fault:
        HeadDecoder(LIST_SIZE).decode(broken)
    assert fault.value.code is Code.COMPRESSION_ERROR


@given(st.binary(max_size=60), st.integers(0, 16_000))
def test_what_is_encoded_decodes(name: bytes, size: int) -> None:
    fields = [(b"x" + name, b"v" * size)]
    assert list(hpack.Decoder().decode(encode(fields), raw=True)) == fields
