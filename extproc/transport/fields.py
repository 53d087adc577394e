"""Header blocks in both directions: HPACK (RFC 7541) in, literal fields out, and what is legal."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from extproc.transport.decompression import Decompressor, Field

CACHED_BLOCKS = 64
CACHED_BLOCK_SIZE = 1024
REMEMBERED_FIELD = 256

DIGITS = re.compile(rb"[0-9]{1,18}")
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


@lru_cache(maxsize=1024)
def _field_fault(name: bytes, value: bytes) -> str:
    """Why a regular field is malformed by section 8.2 of RFC 9113, or an empty string."""
    if BAD_NAME.search(name):
        return "field name"
    if name in HOP_BY_HOP or (name == b"te" and value != b"trailers"):
        return "connection-specific field"
    return "field value" if BAD_VALUE.search(value) else ""


def _fault(fields: Sequence[Field]) -> str:
    """Why a field list is malformed by sections 8.2 and 8.3 of RFC 9113, or an empty string."""
    pseudo: set[bytes] = set()
    regular = False
    for name, value in fields:
        if name[:1] == b":":
            if regular or name in pseudo or name not in PSEUDO or BAD_VALUE.search(value):
                return "pseudo-header field"
            pseudo.add(name)
            continue
        regular = True
        # What is remembered must be small: a peer chooses it.
        small = len(name) + len(value) < REMEMBERED_FIELD
        fault = _field_fault(name, value) if small else _field_fault.__wrapped__(name, value)
        if fault:
            return fault
    if pseudo and not pseudo >= REQUIRED:
        return "pseudo-header missing"
    return ""


def _head(fields: Sequence[Field]) -> Head:
    found = dict(reversed(fields))
    fault = _fault(fields)
    if found.get(b":path") == b"":
        fault = "empty path"
    length = None
    if b"content-length" in found:
        length = _content_length(fields)
        fault = fault or ("content-length" if length is None else "")
    trailers = not fields or fields[0][0][:1] != b":"
    return Head(fields=found, fault=fault, trailers=trailers, length=length)


def _content_length(fields: Sequence[Field]) -> int | None:
    """The one length that all content-length fields agree on; None if they do not."""
    lengths = {value for name, value in fields if name == b"content-length"}
    length = lengths.pop()
    return int(length) if not lengths and DIGITS.fullmatch(length) else None


class HeadDecoder:
    """HPACK with a memory of whole blocks: a proxy sends the same one for stream after stream.

    A block that changed nothing in the dynamic table means the same as long as the table stays as
    it is; so a block is remembered only if it left the table alone, and all are forgotten when the
    table changes.
    """

    def __init__(self, header_list: int) -> None:
        self._decompressor = Decompressor(header_list)
        self._known: dict[bytes, Head] = {}

    def decode(self, block: bytes) -> Head:
        """The decoded block; ConnectionFault when the connection cannot go on."""
        head = self._known.get(block)
        return self._decode(block) if head is None else head

    def _decode(self, block: bytes) -> Head:
        generation = self._decompressor.generation
        head = _head(self._decompressor.decode(block))
        if self._decompressor.generation != generation:
            self._known.clear()
        elif len(block) <= CACHED_BLOCK_SIZE:
            if len(self._known) >= CACHED_BLOCKS:
                self._known.clear()
            self._known[block] = head
        return head


def _literal(value: bytes) -> bytes:
    """A string literal without Huffman code (RFC 7541, section 5.2), at most 16,510 bytes long."""
    size = len(value)
    if size < 127:
        return bytes((size,)) + value
    return bytes((127, (size - 127) & 0x7F | 0x80, (size - 127) >> 7)) + value


def encode(fields: Iterable[Field]) -> bytes:
    """A header block of never-indexed literals: no state, so it may be prepared once."""
    return b"".join(b"\x10" + _literal(name) + _literal(value) for name, value in fields)
