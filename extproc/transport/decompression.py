"""HPACK's decoder (RFC 7541): header blocks to fields, and the dynamic table between them.

The `hpack` library takes 26 µs for the block of a proxied stream, this half. A proxy that traces
sends a new trace id with each, so that no memory of whole blocks helps. Huffman codes stay the
library's, and tests hold this decoder against it.
"""

from collections import deque
from functools import lru_cache

from hpack.exceptions import HPACKDecodingError
from hpack.huffman_table import decode_huffman
from hpack.table import HeaderTable

from extproc.transport.frames import DEFAULT_TABLE, Code, ConnectionFault

Field = tuple[bytes, bytes]

STATIC: tuple[Field, ...] = HeaderTable.STATIC_TABLE
FIELD_OVERHEAD = 32
"""What a field counts beyond its bytes (section 4.1; RFC 9113, section 6.5.2)."""
LONGEST_SHIFT = 28
"""Integers have at most five bytes after their prefix."""
REMEMBERED_CODE = 128
"""Huffman codes up to this many bytes are remembered: the same path comes with every request."""

INDEXED, INCREMENTAL, RESIZE = 0x80, 0x40, 0x20


class DecompressionError(ConnectionFault):
    def __init__(self, text: str) -> None:
        super().__init__(Code.COMPRESSION_ERROR, text)


class Decompressor:
    """Decodes one connection's header blocks, each of them and in order."""

    def __init__(self, header_list: int) -> None:
        self.generation = 0
        """Changes whenever the dynamic table does."""
        self._header_list = header_list
        self._entries: deque[Field] = deque()
        self._size = 0
        self._capacity = DEFAULT_TABLE

    def decode(self, block: bytes) -> list[Field]:
        """The fields of a block; ConnectionFault if it is broken or its list is too long."""
        fields: list[Field] = []
        room = self._header_list
        at, end = 0, len(block)
        try:
            while at < end:
                first = block[at]
                if first & INDEXED:
                    index, at = _integer(block, at, 0x7F)
                    field = self._field(index)
                elif first & INCREMENTAL:
                    field, at = self._literal(block, at, 0x3F)
                    self._insert(field)
                elif first & RESIZE:
                    if fields:
                        raise DecompressionError("table size update after a field")
                    size, at = _integer(block, at, 0x1F)
                    self._resize(size)
                    continue
                else:
                    field, at = self._literal(block, at, 0x0F)
                room -= len(field[0]) + len(field[1]) + FIELD_OVERHEAD
                if room < 0:
                    raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "header list too long")
                fields.append(field)
        except IndexError:
            raise DecompressionError("block cut short") from None
        return fields

    def _field(self, index: int) -> Field:
        if 0 < index <= len(STATIC):
            return STATIC[index - 1]
        index -= len(STATIC) + 1
        if not 0 <= index < len(self._entries):
            raise DecompressionError("index of no field")
        return self._entries[index]

    def _literal(self, block: bytes, at: int, mask: int) -> tuple[Field, int]:
        index, at = _integer(block, at, mask)
        if index:
            name = self._field(index)[0]
        else:
            name, at = _string(block, at)
        value, at = _string(block, at)
        return (name, value), at

    def _insert(self, field: Field) -> None:
        """Puts a field first; one that is larger than the table empties it (section 4.4)."""
        self.generation += 1
        self._entries.appendleft(field)
        self._size += _weight(field)
        self._evict()

    def _resize(self, capacity: int) -> None:
        if capacity > DEFAULT_TABLE:
            raise DecompressionError("table larger than allowed")
        self.generation += 1
        self._capacity = capacity
        self._evict()

    def _evict(self) -> None:
        while self._size > self._capacity:
            self._size -= _weight(self._entries.pop())


def _weight(field: Field) -> int:
    return len(field[0]) + len(field[1]) + FIELD_OVERHEAD


def _integer(block: bytes, at: int, mask: int) -> tuple[int, int]:
    """(value, position after it) of the integer whose prefix is the bits of `mask` (5.1)."""
    value = block[at] & mask
    at += 1
    if value < mask:
        return value, at
    shift = 0
    while True:
        byte = block[at]
        at += 1
        value += (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > LONGEST_SHIFT:
            raise DecompressionError("integer too long")


def _string(block: bytes, at: int) -> tuple[bytes, int]:
    """(string, position after it), from Huffman code or as it is (5.2)."""
    coded = block[at] & 0x80
    length, at = _integer(block, at, 0x7F)
    end = at + length
    text = block[at:end]
    if len(text) < length:
        raise DecompressionError("string cut short")
    if not coded:
        return text, end
    if length <= REMEMBERED_CODE:
        return _short_code(text), end
    return _code(text), end


def _code(text: bytes) -> bytes:
    try:
        return decode_huffman(text)
    except HPACKDecodingError as error:
        raise DecompressionError(str(error)) from None


_short_code = lru_cache(maxsize=512)(_code)
