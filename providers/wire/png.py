"""What a PNG says of itself before its pixels, and how opaque each of them is.

https://www.w3.org/TR/png-3/
"""

import struct
import zlib
from base64 import b64decode
from collections.abc import Iterator
from itertools import accumulate

import msgspec

SIGNATURE = b"\x89PNG\r\n\x1a\n"
IHDR = struct.Struct(">I4sIIBBBBB")


class Header(msgspec.Struct, frozen=True):
    """The first chunk."""

    width: int
    height: int
    depth: int
    """Bits of a sample."""
    colour: int
    """Which samples a pixel has."""
    interlaced: bool


def header(data: bytes) -> Header | None:
    """The first chunk; None: it is no PNG."""
    if not data.startswith(SIGNATURE) or len(data) < len(SIGNATURE) + IHDR.size:
        return None
    _, kind, width, height, depth, colour, _, _, interlaced = IHDR.unpack_from(data, len(SIGNATURE))
    if kind != b"IHDR" or not width or not height:
        return None
    return Header(width, height, depth, colour, bool(interlaced))


def header_in(base64: str) -> Header | None:
    """The same of what is still in Base64."""
    try:
        return header(b64decode(base64[:64]))
    except ValueError:
        return None


SAMPLES = {3: 1, 4: 2, 6: 4}
"""Kind of colour → samples of a pixel: of those that can say how opaque it is."""
ALPHA = frozenset({4, 6})
PALETTE = 3
DEPTHS = (8, 16)
LONGEST = 8_192
"""Pixels of a side: each row is work, however narrow."""
CHUNKS = 16_384
"""Of a file that is read: encoders split pixels by some thousand bytes."""
READ = frozenset({b"IDAT", b"tRNS"})


class Opacity(msgspec.Struct, frozen=True):
    """How opaque each pixel is."""

    width: int
    height: int
    plane: bytes
    """Row by row, a byte each; 0: it can be seen through."""


def opacity(data: bytes, most: int) -> Opacity:
    """Of a picture of at most so many pixels; raises ValueError, in words, for one that says
    nothing of it, or not so that it is read here.

    A filter of PNG works on each byte of a pixel by itself, so nothing but these bytes is undone.
    """
    head = header(data)
    if head is None:
        raise ValueError("must be a PNG")
    if head.width * head.height > most:
        raise ValueError(f"must have at most {most} pixels")
    if max(head.width, head.height) > LONGEST:
        raise ValueError(f"must have at most {LONGEST} pixels on a side")
    if head.colour not in SAMPLES or head.depth not in DEPTHS or head.interlaced:
        raise ValueError("must be a PNG with an alpha channel, of 8 or 16 bits, not interlaced")
    step = SAMPLES[head.colour] * head.depth // 8
    chunks = _chunks(data)
    raw = _unpacked(chunks.get(b"IDAT", b""), head.height * (1 + head.width * step))
    plane = _plane(raw, head, step, step - head.depth // 8)
    if head.colour == PALETTE:
        shown = chunks.get(b"tRNS", b"")
        plane = plane.translate(shown[:256].ljust(256, b"\xff"))
    return Opacity(head.width, head.height, plane)


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """What the chunks of each kind hold together, of those that are read."""
    found: dict[bytes, list[bytes]] = {}
    at = len(SIGNATURE)
    for _ in range(CHUNKS):
        if at + 8 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind in READ:
            found.setdefault(kind, []).append(data[at + 8 : at + 8 + length])
        at += length + 12
    return {kind: b"".join(parts) for kind, parts in found.items()}


def _unpacked(packed: bytes, size: int) -> bytes:
    try:
        raw = zlib.decompressobj().decompress(packed, size)
    except zlib.error:
        raw = b""
    if len(raw) < size:
        raise ValueError("is a PNG that is damaged")
    return raw


def _plane(raw: bytes, head: Header, step: int, offset: int) -> bytes:
    """The bytes at `offset` of all pixels."""
    stride = 1 + head.width * step
    row, rows = bytes(head.width), []
    for start in range(0, len(raw), stride):
        row = _unfiltered(raw[start], raw[start + 1 + offset : start + stride : step], row)
        rows.append(row)
    return b"".join(rows)


def _unfiltered(kind: int, row: bytes, above: bytes) -> bytes:
    """A row, of the one before; https://www.w3.org/TR/png-3/#9Filters."""
    match kind:
        case 0:
            return row
        case 1:
            sums: Iterator[int] = accumulate(row, _added)
            return bytes(sums) if _says(row) else row
        case 2:
            return _summed(row, above) if _says(row) else above
        case 3:
            return _averaged(row, above)
        case 4:
            return _predicted(row, above)
    raise ValueError("is a PNG that is damaged")


def _added(one: int, other: int) -> int:
    return one + other & 255


def _says(row: bytes) -> bool:
    """Whether anything changes in it; in most rows of a mask nothing does."""
    return row.count(0) < len(row)


def _summed(row: bytes, above: bytes) -> bytes:
    """Byte by byte, without what is carried from one to the next."""
    one, other = int.from_bytes(row), int.from_bytes(above)
    low = int.from_bytes(b"\x7f" * len(row))
    total = ((one & low) + (other & low)) ^ ((one ^ other) & ~low)
    return total.to_bytes(len(row))


def _averaged(row: bytes, above: bytes) -> bytes:
    left, made = 0, bytearray()
    for said, up in zip(row, above, strict=True):
        left = said + (left + up >> 1) & 255
        made.append(left)
    return bytes(made)


def _predicted(row: bytes, above: bytes) -> bytes:
    if not _says(row) and above.count(above[:1]) == len(above):
        return above
    left, corner, made = 0, 0, bytearray()
    for said, up in zip(row, above, strict=True):
        if left == up == corner:
            nearest = left
        else:
            guess = left + up - corner
            to_left, to_up, to_corner = abs(guess - left), abs(guess - up), abs(guess - corner)
            nearest = (
                left
                if to_left <= to_up and to_left <= to_corner
                else (up if to_up <= to_corner else corner)
            )
        left, corner = said + nearest & 255, up
        made.append(left)
    return bytes(made)


def grey(plane: bytes, width: int) -> bytes:
    """A picture of a byte for each pixel: 0 is black."""
    height = len(plane) // width
    rows = b"".join(b"\0" + plane[at : at + width] for at in range(0, len(plane), width))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    crc = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)
