"""Our HPACK decoder and the library's agree on every block, good or bad."""

import hpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extproc.transport.decompression import Decompressor, Field
from extproc.transport.frames import Code, ConnectionFault

LIST_SIZE = 64 * 1024

names = st.sampled_from([b":path", b"te", b"content-type", b"x-a", b"x-b"]) | st.binary(max_size=9)
values = st.sampled_from([b"", b"trailers", b"1", b"v" * 900]) | st.binary(max_size=40)
TUPLES = st.sampled_from([hpack.HeaderTuple, hpack.NeverIndexedHeaderTuple])
fields = st.lists(st.tuples(TUPLES, names, values).map(lambda f: f[0](f[1], f[2])), max_size=8)
sizes = st.none() | st.integers(0, 4_096)


def plain(decoder: hpack.Decoder, block: bytes) -> list[Field] | None:
    try:
        return [tuple(field) for field in decoder.decode(block, raw=True)]
    except hpack.HPACKError:
        return None


def ours(decoder: Decompressor, block: bytes) -> list[Field] | None:
    try:
        return decoder.decode(block)
    except ConnectionFault:
        return None


@settings(deadline=None)
@given(st.lists(st.tuples(sizes, st.booleans(), fields), max_size=12))
def test_what_an_encoder_makes_is_decoded(
    steps: list[tuple[int | None, bool, list[hpack.HeaderTuple]]],
) -> None:
    encoder, library, decoder = hpack.Encoder(), hpack.Decoder(), Decompressor(LIST_SIZE)
    for size, huffman, sent in steps:
        # Told the same size twice, hpack's encoder forgets to announce it.
        if size is not None and size != encoder.header_table_size:
            encoder.header_table_size = size
        block = encoder.encode(sent, huffman=huffman)
        assert ours(decoder, block) == plain(library, block) == [tuple(f) for f in sent]


pieces = st.one_of(
    st.integers(0, 70).map(lambda index: bytes([0x80 | index])),
    st.sampled_from([b"\x40\x01a\x01b", b"\x10\x01c\x81\x1f", b"\x00\x82\x18\xc6\x01d"]),
    st.sampled_from([b"\x20", b"\x3f\xe1\x1f", b"\x3f\xe2\x1f", b"\x3e", b"\x5f\x02xy"]),
    st.integers(1, 70).map(lambda index: bytes([0x40 | min(index, 62), 3]) + b"new"),
    st.binary(max_size=6),
)


@settings(deadline=None, max_examples=500)
@given(st.lists(st.lists(pieces, max_size=10).map(b"".join), max_size=6))
def test_what_nobody_would_encode_is_judged_alike(blocks: list[bytes]) -> None:
    library, decoder = hpack.Decoder(), Decompressor(LIST_SIZE)
    for block in blocks:
        expected = plain(library, block)
        assert ours(decoder, block) == expected
        if expected is None:
            break


@pytest.mark.parametrize(
    "block",
    [b"\x40", b"\x80", b"\xff\x80\x01", b"\x3f\xff\xff\xff\xff\xff\x7f", b"\x00\x85a", b"\x82\x20"],
)
def test_a_broken_block_is_a_compression_error(block: bytes) -> None:
    with pytest.raises(ConnectionFault) as fault:
        Decompressor(LIST_SIZE).decode(block)
    assert fault.value.code is Code.COMPRESSION_ERROR


def test_a_list_above_its_size_is_refused_however_small_its_block() -> None:
    decoder = Decompressor(10_000)
    bomb = b"\x40\x01x\x7f\xe1\x06" + b"y" * 992
    assert len(decoder.decode(bomb + b"\xbe" * 8)) == 9
    with pytest.raises(ConnectionFault) as fault:
        decoder.decode(b"\xbe" * 10)
    assert fault.value.code is Code.ENHANCE_YOUR_CALM


def test_the_dynamic_table_is_bounded() -> None:
    decoder = Decompressor(LIST_SIZE)
    for number in range(1_000):
        decoder.decode(b"\x40\x04%04d\x01x" % number)
    assert sum(len(n) + len(v) + 32 for n, v in decoder._entries) <= 4_096
