"""Content encodings of answers: compressed bytes in, plain bytes out, bounded against bombs."""

import zlib
from typing import Protocol

import brotli

from providers.errors import BadAnswer
from providers.wire.budget import BOUNDS, Bounds

MEMBERS = 1_000
"""Files in one answer, as gzip may string them together; each costs as much as many bytes."""


class Decoder(Protocol):
    """Decodes one answer, piece by piece; raises BadAnswer."""

    def feed(self, data: bytes) -> bytes: ...


class Zlib:
    """gzip and deflate; `deflate` is zlib's format, or the raw one that some servers send."""

    def __init__(self, bounds: Bounds, *, gzip: bool) -> None:
        self._gzip = gzip
        self._inner = zlib.decompressobj(zlib.MAX_WBITS | (16 if gzip else 0))
        self._started = False
        self._members = 1
        self._bounds = bounds
        self._size = 0

    def feed(self, data: bytes) -> bytes:
        """The plain bytes that `data` gives."""
        out = []
        while data:
            out.append(self._inflate(data))
            self._size += len(out[-1])
            if self._size > self._bounds.size:
                raise self._bounds.outgrew(UNPACKED)
            data = self._inner.unused_data
            if data:
                self._next()
        return b"".join(out)

    def _next(self) -> None:
        """Begins another member (https://www.rfc-editor.org/rfc/rfc1952#section-2.2)."""
        self._members += 1
        if self._members > MEMBERS:
            raise BadAnswer(f"the provider's answer is packed in more than {MEMBERS} pieces")
        self._inner = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def _inflate(self, data: bytes) -> bytes:
        try:
            # One byte more than may be, so that it shows.
            return self._inner.decompress(data, self._bounds.size - self._size + 1)
        except zlib.error as error:
            if self._gzip or self._started:
                raise BadAnswer("the provider's answer is not what it says it is") from error
            self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
            self._gzip = True
            return self._inflate(data)
        finally:
            self._started = True


class Brotli:
    """br."""

    def __init__(self, bounds: Bounds) -> None:
        self._inner = brotli.Decompressor()
        self._bounds = bounds
        self._size = 0

    def feed(self, data: bytes) -> bytes:
        """The plain bytes that `data` gives."""
        room = self._bounds.size - self._size + 1
        try:
            out: bytes = self._inner.process(data, output_buffer_limit=room)
        except brotli.error as error:
            raise BadAnswer("the provider's answer is not what it says it is") from error
        self._size += len(out)
        if self._size > self._bounds.size:
            raise self._bounds.outgrew(UNPACKED)
        return out


UNPACKED = "the provider's answer, unpacked,"


def decoder(encoding: str | None, bounds: Bounds = BOUNDS) -> Decoder | None:
    """The decoder for a `content-encoding`; None where the bytes are plain.

    Raises BadAnswer for an encoding that nobody asked for and nobody here can read.
    """
    match (encoding or "identity").strip().lower():
        case "identity" | "":
            return None
        case "gzip" | "x-gzip":
            return Zlib(bounds, gzip=True)
        case "deflate":
            return Zlib(bounds, gzip=False)
        case "br":
            return Brotli(bounds)
        case other:
            raise BadAnswer(f"the provider's answer has the content encoding {other[:40]!r}")
