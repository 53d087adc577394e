"""gRPC over HTTP/2: length-prefixed messages, deadlines and statuses as bytes.

https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

import re
import struct
from functools import lru_cache
from urllib.parse import quote_from_bytes

from extproc.transport import Abort, Status
from extproc.transport.fields import encode

PREFIX = struct.Struct(">BI")
"""Compressed flag and length, before every message."""
PREFIX_SIZE = PREFIX.size

SMALL_PIECE = 1024
"""Pieces of a message below this are gathered, so that many tiny ones cost no more than one."""
STATUS_TEXT = 1024
"""Longest grpc-message, in characters before percent-encoding."""

# Printable ASCII but the percent sign goes as it is.
UNQUOTED = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")

TIMEOUT = re.compile(rb"(\d{1,8})([HMSmun])")
UNITS = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}

GRPC = (b"content-type", b"application/grpc")
RESPONSE_HEAD = encode([(b":status", b"200"), GRPC])
OK_TRAILERS = encode([(b"grpc-status", b"0")])
UNSUPPORTED_MEDIA_TYPE = encode([(b":status", b"415")])
METHOD_NOT_ALLOWED = encode([(b":status", b"405"), (b"allow", b"POST")])


def timeout(value: bytes) -> float | None:
    """Seconds of a grpc-timeout header; None if it is not one."""
    match = TIMEOUT.fullmatch(value)
    return int(match[1]) * UNITS[match[2]] if match else None


@lru_cache(maxsize=256)
def trailers(status: Status, text: str) -> bytes:
    """The header block that ends a stream whose response has begun."""
    return encode(_status(status, text))


@lru_cache(maxsize=256)
def trailers_only(status: Status, text: str) -> bytes:
    """The header block that is the whole response."""
    return encode([(b":status", b"200"), GRPC, *_status(status, text)])


def _status(status: Status, text: str) -> list[tuple[bytes, bytes]]:
    fields = [(b"grpc-status", b"%d" % status)]
    if text:
        quoted = quote_from_bytes(text[:STATUS_TEXT].encode("utf-8", "replace"), safe=UNQUOTED)
        fields.append((b"grpc-message", quoted.encode()))
    if status is Status.UNIMPLEMENTED:
        fields.append((b"grpc-accept-encoding", b"identity"))
    return fields


class Messages:
    """The messages of one stream, out of its DATA."""

    __slots__ = ("_limit", "_pieces", "_size", "held", "missing")

    def __init__(self, limit: int) -> None:
        self.held = 0
        """Bytes received and not yet part of a message that was taken, but for its prefix."""
        self.missing = 0
        """Bytes that the message begun last still needs; 0 if none is begun."""
        self._limit = limit
        self._pieces: list[bytes | bytearray | memoryview] = []
        self._size = -1
        """Length of the message that comes next, once its prefix is read."""

    @property
    def partial(self) -> bool:
        return self.held > 0 or self._size >= 0

    def feed(self, data: bytes) -> None:
        """Takes a piece of the stream; where it is cut means nothing."""
        self.held += len(data)
        if self._pieces and len(data) < SMALL_PIECE:
            last = self._pieces[-1]
            if isinstance(last, bytearray) and len(last) < 16 * SMALL_PIECE:
                last += data
            else:
                self._pieces.append(bytearray(data))
        else:
            self._pieces.append(data)

    def next(self) -> bytes | None:
        """The next whole message, or None; Abort for one that is compressed or too long."""
        pieces = self._pieces
        if not pieces and self._size:
            return None
        if self._size < 0 and not self._begin():
            return None
        size = self._size
        if self.held < size:
            self._settle()
            self.missing = size - self.held
            return None
        self.held -= size
        self._size = -1
        self.missing = 0
        whole = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if not self.held:
            self._pieces = []
            return bytes(whole)
        self._pieces = [memoryview(whole)[size:]]
        return bytes(whole[:size])

    def _begin(self) -> bool:
        """Reads the prefix, once it is there."""
        if self.held < PREFIX_SIZE:
            self._settle()
            return False
        pieces = self._pieces
        if len(pieces[0]) < PREFIX_SIZE:
            pieces[:] = [b"".join(pieces)]
        compressed, size = PREFIX.unpack_from(pieces[0])
        if compressed:
            raise Abort(Status.UNIMPLEMENTED, "compressed messages are not supported")
        if size > self._limit:
            raise Abort(
                Status.RESOURCE_EXHAUSTED, f"message of {size} bytes, {self._limit} allowed"
            )
        self.held -= PREFIX_SIZE
        self._size = size
        first = pieces[0]
        # A view costs nothing, but for a short piece more than a copy.
        whole = self.held == size and isinstance(first, bytes)
        pieces[0] = first[PREFIX_SIZE:] if whole else memoryview(first)[PREFIX_SIZE:]
        return True

    def _settle(self) -> None:
        """Lets go of a large buffer of which only the end is still needed."""
        if self._pieces and isinstance(self._pieces[0], memoryview):
            self._pieces[0] = bytes(self._pieces[0])
