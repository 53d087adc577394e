"""Compressed answers become plain, in any pieces, and no bomb goes off."""

import gzip
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import BadAnswer
from providers.wire.budget import Bounds
from providers.wire.encoding import decoder

RAW = zlib.compressobj(wbits=-15)
PLAIN = b"data: hello there, hello there, hello there\n\n" * 50
PACKED = {
    "gzip": gzip.compress(PLAIN),
    "x-gzip": gzip.compress(PLAIN),
    "deflate": zlib.compress(PLAIN),
    "br": brotli.compress(PLAIN),
}


@given(
    name=st.sampled_from(sorted(PACKED)),
    cuts=st.lists(st.integers(0, 400), max_size=10),
)
def test_any_pieces_give_the_plain_bytes(name, cuts):
    packed = PACKED[name]
    edges = sorted({0, len(packed), *(min(cut, len(packed)) for cut in cuts)})
    one = decoder(name)
    pieces = [packed[a:b] for a, b in zip(edges, [*edges[1:], None], strict=True)]
    assert b"".join(one.feed(piece) for piece in pieces) == PLAIN


def test_raw_deflate_and_several_gzip_members_are_read():
    assert decoder("deflate").feed(RAW.compress(PLAIN) + RAW.flush()) == PLAIN
    assert decoder("gzip").feed(PACKED["gzip"] * 2) == PLAIN * 2


@pytest.mark.parametrize("name", [None, "", "identity", " Identity "])
def test_plain_bytes_need_no_decoder(name):
    assert decoder(name) is None


def test_an_unknown_encoding_is_a_bad_answer():
    with pytest.raises(BadAnswer, match="zstd"):
        decoder("zstd")


@pytest.mark.parametrize("name", sorted(PACKED))
def test_garbage_is_a_bad_answer(name):
    with pytest.raises(BadAnswer):
        decoder(name).feed(b"this is not compressed at all, whatever it says")


@pytest.mark.parametrize(
    "bomb", [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress)]
)
def test_a_bomb_is_a_bad_answer(bomb):
    name, compress = bomb
    with pytest.raises(BadAnswer, match=r"larger than 100000 bytes \(envoy\.max_body_bytes\)"):
        decoder(name, Bounds(size=100_000)).feed(compress(bytes(10_000_000)))


@pytest.mark.parametrize("name", sorted(PACKED))
def test_an_answer_that_just_fits_is_read(name):
    assert decoder(name, Bounds(size=len(PLAIN))).feed(PACKED[name]) == PLAIN
    with pytest.raises(BadAnswer):
        decoder(name, Bounds(size=len(PLAIN) - 1)).feed(PACKED[name])


def test_many_small_files_in_one_answer_are_refused_before_they_take_long():
    with pytest.raises(BadAnswer, match="more than 1000 pieces"):
        decoder("gzip").feed(gzip.compress(b"") * 50_000)
