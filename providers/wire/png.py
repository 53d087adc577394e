"""What a PNG says of itself before its pixels.

https://www.w3.org/TR/png-3/#11IHDR
"""

import struct

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
