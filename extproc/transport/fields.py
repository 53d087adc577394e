"""Header blocks in both directions: HPACK (RFC 7541) in, literal fields out, and what is legal."""

import re
from collections.abc import Iterable, Sequence

import msgspec
from hpack import Decoder, HPACKError, OversizedHeaderListError
from hpack.table import HeaderTable

from extproc.transport.frames import Code, ConnectionFault

Field = tuple[bytes, bytes]

CACHED_BLOCKS = 64
CACHED_BLOCK_SIZE = 1024

# RFC 9113, section 8.2.1: the least that must be refused.
BAD_NAME = re.compile(rb"[\x00-\x20A-Z\x7f-\xff:]|\A\Z")
BAD_VALUE = re.compile(rb"[\x00\r\n]|\A[ \t]|[ \t]\Z")
# RFC 9113, section 8.2.2.
HOP_BY_HOP = frozenset(
    {b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"}
)
PSEUDO = frozenset({b":method", b":scheme", b":authority", b":path"})
REQUIRED = frozenset({b":method", b":scheme", b":path"})


class Head(msgspec.Struct, frozen=True):
    """A header block, decoded."""

    fields: dict[bytes, bytes]
    """By name; the first of repeated ones, cookies and such being nothing to us."""
    fault: str = ""
    """Why it is malformed; empty for a legal one."""
    trailers: bool = False
    """No pseudo-header in it."""
    length: int | None = None
    """The content-length that the body must have."""


def _fault(fields: Sequence[Field]) -> str:
    """Why a field list is malformed by sections 8.2 and 8.3 of RFC 9113, or an empty string."""
    pseudo: set[bytes] = set()
    regular = False
    for name, value in fields:
        if name[:1] == b":":
            if regular or name in pseudo or name not in PSEUDO:
                return "pseudo-header out of place"
            pseudo.add(name)
        elif BAD_NAME.search(name):
            return "field name"
        elif name in HOP_BY_HOP or (name == b"te" and value != b"trailers"):
            return "connection-specific field"
        else:
            regular = True
        if BAD_VALUE.search(value):
            return "field value"
    if pseudo and not pseudo >= REQUIRED:
        return "pseudo-header missing"
    return ""


def _head(fields: Sequence[Field]) -> Head:
    found = dict(reversed(fields))
    fault = _fault(fields)
    if found.get(b":path") == b"":
        fault = "empty path"
    lengths = {value for name, value in fields if name == b"content-length"}
    length = lengths.pop() if lengths else b"0"
    if lengths or not length.isdigit() or len(length) > 18:
        fault = "content-length"
        length = b"0"
    return Head(
        fields=found,
        fault=fault,
        trailers=not any(name[:1] == b":" for name, _ in fields),
        length=int(length) if b"content-length" in found else None,
    )


class HeadDecoder:
    """HPACK with a memory of whole blocks: a proxy sends the same one for stream after stream.

    A block that changed nothing in the dynamic table means the same as long as the table stays as
    it is; so a block is remembered only if it left the table alone, and all are forgotten when the
    table changes.
    """

    def __init__(self, header_list: int) -> None:
        self._decoder = Decoder(max_header_list_size=header_list)
        self._known: dict[bytes, Head] = {}

    def decode(self, block: bytes) -> Head:
        """The decoded block; ConnectionFault when the connection cannot go on."""
        head = self._known.get(block)
        return self._decode(block) if head is None else head

    def _decode(self, block: bytes) -> Head:
        table = self._decoder.header_table
        size, count, first = table.maxsize, len(table.dynamic_entries), _first(table)
        try:
            head = _head(list(self._decoder.decode(block, raw=True)))
        except OversizedHeaderListError as error:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, str(error)) from None
        except HPACKError as error:
            raise ConnectionFault(Code.COMPRESSION_ERROR, str(error)) from None
        # An insertion puts a new tuple first, whatever it evicts.
        if (
            _first(table) is not first
            or len(table.dynamic_entries) != count
            or table.maxsize != size
        ):
            self._known.clear()
        elif len(block) <= CACHED_BLOCK_SIZE:
            if len(self._known) >= CACHED_BLOCKS:
                self._known.clear()
            self._known[block] = head
        return head


def _first(table: HeaderTable) -> Field | None:
    entries = table.dynamic_entries
    return entries[0] if entries else None


def _literal(value: bytes) -> bytes:
    """A string literal without Huffman code (RFC 7541, section 5.2), at most 16,510 bytes long."""
    size = len(value)
    if size < 127:
        return bytes((size,)) + value
    return bytes((127, (size - 127) & 0x7F | 0x80, (size - 127) >> 7)) + value


def encode(fields: Iterable[Field]) -> bytes:
    """A header block of never-indexed literals: no state, so it may be prepared once."""
    return b"".join(b"\x10" + _literal(name) + _literal(value) for name, value in fields)
