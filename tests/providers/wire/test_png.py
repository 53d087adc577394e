"""How opaque the pixels of a PNG are, whatever its encoder made of them."""

import random
import struct
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.wire import png

NOISE = random.Random(7).randbytes(100_000)


def predicted(left: int, up: int, corner: int) -> int:
    """As https://www.w3.org/TR/png-3/#9Filter-type-4-Paeth has it."""
    guess = left + up - corner
    return min((left, up, corner), key=lambda one: abs(guess - one))


def filtered(kind: int, row: bytes, above: bytes, step: int) -> bytes:
    """A row as an encoder writes it."""
    made = bytearray([kind])
    for at, said in enumerate(row):
        left, corner = (row[at - step], above[at - step]) if at >= step else (0, 0)
        up = above[at]
        guess = (0, left, up, (left + up) // 2, predicted(left, up, corner))[kind]
        made.append(said - guess & 255)
    return bytes(made)


def encoded(
    rows: list[bytes], kinds: list[int], colour: int = 6, depth: int = 8, *more: bytes
) -> bytes:
    step = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour] * depth // 8
    width, above, raw = len(rows[0]) // step, bytes(len(rows[0])), b""
    for number, row in enumerate(rows):
        raw += filtered(kinds[number % len(kinds)], row, above, step)
        above = row
    head = struct.pack(">IIBBBBB", width, len(rows), depth, colour, 0, 0, 0)
    packed = zlib.compress(raw)
    half = len(packed) // 2
    chunks = [(b"IHDR", head), *((b"tRNS", one) for one in more)]
    chunks += [(b"IDAT", packed[:half]), (b"IDAT", packed[half:]), (b"IEND", b"")]
    return png.SIGNATURE + b"".join(png._chunk(*one) for one in chunks)


@pytest.mark.parametrize("kinds", [[0], [1], [2], [3], [4], [4, 1, 2, 3, 0]])
@pytest.mark.parametrize(
    ("colour", "depth", "step"), [(6, 8, 4), (6, 16, 8), (4, 8, 2), (4, 16, 4)]
)
def test_every_filter_of_every_kind_of_pixel_is_undone(kinds, colour, depth, step):
    width = 37
    rows = [NOISE[at * width * step : (at + 1) * width * step] for at in range(9)]
    rows[3] = rows[4] = bytes(width * step)
    found = png.opacity(encoded(rows, kinds, colour, depth), 1000)
    alpha = b"".join(row[step - depth // 8 :: step] for row in rows)
    assert (found.width, found.height, found.plane) == (width, 9, alpha)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.binary(min_size=24, max_size=24))
def test_any_rows_are_read(kinds, data):
    rows = [
        bytes(each for one in data[at : at + 6] for each in (1, 2, 3, one)) for at in (0, 6, 12, 18)
    ]
    assert png.opacity(encoded(rows, kinds), 24).plane == data


def test_a_palette_says_it_by_the_colour():
    rows = [bytes([0, 1, 2, 3])]
    assert png.opacity(encoded(rows, [0], 3, 8, b"\x00\x80"), 4).plane == b"\x00\x80\xff\xff"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"GIF89a", "must be a PNG"),
        (png.SIGNATURE, "must be a PNG"),
        (encoded([bytes(9)], [0], 2), "alpha"),
        (encoded([bytes(3)], [0], 0), "alpha"),
        (encoded([bytes(40)], [0]), "at most 9 pixels"),
        (encoded([bytes(8)], [0])[:-30], "damaged"),
        (encoded([bytes(8)], [0])[:45] + b"xx", "damaged"),
    ],
)
def test_what_says_nothing_of_it_is_refused_in_words(data, words):
    with pytest.raises(ValueError, match=words):
        png.opacity(data, 9)


def test_a_filter_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="damaged"):
        png._unfiltered(5, b"\x01", b"\x00")


@given(st.binary(max_size=200))
def test_no_bytes_break_it(data):
    for head in (b"", encoded([bytes(8)], [4])[:33]):
        with suppress(ValueError):
            png.opacity(head + data, 100)


def test_what_unpacks_without_an_end_is_read_to_the_end_of_its_pixels_alone():
    head = struct.pack(">IIBBBBB", 2, 2, 8, 6, 0, 0, 0)
    bomb = zlib.compress(bytes(50_000_000), 9)
    data = png.SIGNATURE + png._chunk(b"IHDR", head) + png._chunk(b"IDAT", bomb)
    assert png.opacity(data, 4).plane == bytes(4)


def test_a_grey_picture_is_one():
    plane = bytes([0, 255, 255, 0, 7, 9])
    data = png.grey(plane, 3)
    head = png.header(data)
    assert head == png.Header(3, 2, 8, 0, False)
    at = data.index(b"IDAT")
    rows = zlib.decompress(data[at + 4 :][: struct.unpack(">I", data[at - 4 : at])[0]])
    assert rows == b"\x00" + plane[:3] + b"\x00" + plane[3:]


@pytest.mark.parametrize("text", ["", "a", "ab", "abcde", "iVBORw0KG", "a===", "\xe9", "A" * 63])
def test_what_is_no_base64_has_no_header(text):
    assert png.header_in(text) is None


@pytest.mark.parametrize(("width", "height"), [(1, png.LONGEST + 1), (png.LONGEST + 1, 1)])
def test_a_picture_of_too_many_rows_is_refused_unread(width, height):
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    with pytest.raises(ValueError, match="on a side"):
        png.opacity(png.SIGNATURE + png._chunk(b"IHDR", head), 2 * png.LONGEST)


def test_of_chunks_without_end_no_more_are_read_than_a_file_has():
    data = encoded([bytes(8)], [0])
    at = data.index(b"IDAT") - 4
    few, many = (data[:at] + png._chunk(b"abcd", b"") * n + data[at:] for n in (9, png.CHUNKS))
    assert png.opacity(few, 9).plane == bytes(2)
    with pytest.raises(ValueError, match="damaged"):
        png.opacity(many, 9)
