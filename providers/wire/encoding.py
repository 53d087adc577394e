"""Content encodings of answers: compressed bytes in, plain bytes out, bounded against bombs."""

import zlib
from typing import Protocol

import brotli

from providers.errors import BadAnswer

MAX_OUTPUT = 256 * 1024 * 1024
"""Plain bytes of one answer."""


class Decoder(Protocol):
    """Decodes one answer, piece by piece; raises BadAnswer."""

    def feed(self, data: bytes) -> bytes: ...


class Zlib:
    """gzip and deflate; `deflate` is zlib's format, or the raw one that some servers send."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._inner = zlib.decompressobj(zlib.MAX_WBITS | (16 if gzip else 0))
        self._started = False
        self._room = MAX_OUTPUT

    def feed(self, data: bytes) -> bytes:
        """The plain bytes that `data` gives."""
        out = []
        while data:
            out.append(self._inflate(data))
            self._room -= len(out[-1])
            if self._inner.unconsumed_tail or self._room <= 0:
                raise BadAnswer("the provider's answer is too large when decompressed")
            data = self._inner.unused_data
            if data:  # a gzip file may have several members
                self._inner = zlib.decompressobj(zlib.MAX_WBITS | 16)
        return b"".join(out)

    def _inflate(self, data: bytes) -> bytes:
        try:
            return self._inner.decompress(data, self._room)
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

    def __init__(self) -> None:
        self._inner = brotli.Decompressor()
        self._room = MAX_OUTPUT

    def feed(self, data: bytes) -> bytes:
        """The plain bytes that `data` gives."""
        try:
            out: bytes = self._inner.process(data, output_buffer_limit=self._room)
        except brotli.error as error:
            raise BadAnswer("the provider's answer is not what it says it is") from error
        self._room -= len(out)
        if self._room <= 0 or not self._inner.can_accept_more_data():
            raise BadAnswer("the provider's answer is too large when decompressed")
        return out


def decoder(encoding: str | None) -> Decoder | None:
    """The decoder for a `content-encoding`; None where the bytes are plain.

    Raises BadAnswer for an encoding that nobody asked for and nobody here can read.
    """
    match (encoding or "identity").strip().lower():
        case "identity" | "":
            return None
        case "gzip" | "x-gzip":
            return Zlib(gzip=True)
        case "deflate":
            return Zlib(gzip=False)
        case "br":
            return Brotli()
        case other:
            raise BadAnswer(f"the provider's answer has the content encoding {other[:40]!r}")
