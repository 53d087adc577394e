"""Turns an answer into the steps in which it reaches the wire: bytes, waits and accidents."""

import random
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Literal, assert_never

import brotli
import msgspec

from extproc.lab.simulator.directives import Directives
from extproc.lab.simulator.sse import BOM

REASONS = {200: b"OK", 400: b"Bad Request", 404: b"Not Found", 429: b"Too Many Requests"}
RANDOM_CUT = 64
"""`cut: random` writes 1 to this many bytes at a time."""


class Wait(msgspec.Struct, frozen=True):
    """Nothing is written for so long; 0 lets the event loop turn once."""

    seconds: float


class Drop(msgspec.Struct, frozen=True):
    """The connection ends here."""

    reset: bool
    """True for a TCP reset, false for an orderly end."""


class Hang(msgspec.Struct, frozen=True):
    """Nothing is ever written again, and the connection stays open."""


class Close(msgspec.Struct, frozen=True):
    """The answer is complete and the connection ends."""


Step = bytes | Wait | Drop | Hang | Close
Compress = Callable[[bytes], bytes]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer before it is cut, compressed and delayed."""

    status: int = 200
    headers: list[tuple[str, str]] = []
    content_type: str | None = "application/json"
    body: bytes = b""
    events: Iterable[bytes] | None = None
    """The pieces of a streamed answer; `body` counts when None."""


def steps(answer: Answer, directives: Directives, *, close: bool = False) -> Iterator[Step]:
    """Everything that happens on the wire, in order; nothing is taken after Drop or Hang."""
    close = close or directives.close
    yield from _answered(answer, directives, close)
    if close:
        yield Close()


def _answered(answer: Answer, directives: Directives, close: bool) -> Iterator[Step]:
    if directives.delay_ms:
        yield Wait(directives.delay_ms / 1000)
    if trouble := _trouble(directives, "before_headers"):
        yield trouble
        return
    streamed = answer.events is not None or directives.chunked
    pieces = _encoded(_pieces(answer, directives), directives, streamed)
    body = b"" if streamed else b"".join(piece for piece in pieces if isinstance(piece, bytes))
    length = None if streamed else len(body)
    head = _head(answer, directives, length, close)
    if trouble := _trouble(directives, "after_headers"):
        yield head
        yield trouble
    elif streamed:
        yield head
        yield from _chunked(_recut(_troubled(pieces, directives), directives))
    elif directives.cut or directives.drop or directives.hang:
        yield head
        yield from _recut(_broken(body, directives), directives)
    else:
        yield head + body


def _head(answer: Answer, directives: Directives, length: int | None, close: bool) -> bytes:
    lines = [b"HTTP/1.1 %d %s" % (answer.status, REASONS.get(answer.status, b"Sim"))]
    if directives.content_type is not None:
        kind = directives.content_type
    else:
        kind = answer.content_type or ""
    named = [("content-type", kind)] if kind else []
    if directives.encoding:
        named.append(("content-encoding", directives.encoding))
    named.append(
        ("transfer-encoding", "chunked") if length is None else ("content-length", str(length))
    )
    if close:
        named.append(("connection", "close"))
    if directives.retry_after is not None:
        named.append(("retry-after", str(directives.retry_after)))
    for name, value in (*named, *answer.headers, *directives.headers.items()):
        lines.append(f"{name}: {value}".encode("latin-1"))
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _trouble(directives: Directives, place: str) -> Drop | Hang | None:
    if directives.drop == place:
        return Drop(directives.reset)
    return Hang() if directives.hang == place else None


def _pieces(answer: Answer, directives: Directives) -> Iterator[bytes]:
    if answer.events is None:
        yield answer.body
        return
    if directives.bom:
        yield BOM
    yield from answer.events


def _encoded(pieces: Iterator[bytes], directives: Directives, streamed: bool) -> Iterator[bytes]:
    if not directives.encoding:
        yield from pieces
        return
    compress, finish = _compressor(directives.encoding, flush=streamed)
    for piece in pieces:
        yield compress(piece)
    yield finish()


def _compressor(
    encoding: Literal["gzip", "br"], *, flush: bool
) -> tuple[Compress, Callable[[], bytes]]:
    """How to compress; with `flush` each piece can be read as soon as it arrives."""
    match encoding:
        case "gzip":
            packer = zlib.compressobj(wbits=31)
            end = zlib.Z_SYNC_FLUSH if flush else zlib.Z_NO_FLUSH
            return (
                lambda data: packer.compress(data) + (packer.flush(end) if flush else b""),
                packer.flush,
            )
        case "br":
            coder = brotli.Compressor(quality=4)
            return (
                lambda data: coder.process(data) + (coder.flush() if flush else b""),
                coder.finish,
            )
        case _:
            assert_never(encoding)


def _troubled(pieces: Iterator[bytes], directives: Directives) -> Iterator[Step]:
    """A stream's pieces with its delays, up to the accident that ends it."""
    trouble = _trouble(directives, "mid")
    wait = Wait(directives.chunk_delay_ms / 1000)
    for number, piece in enumerate(islice(pieces, directives.after) if trouble else pieces):
        if number:
            yield wait
        yield piece
    if trouble:
        yield trouble


def _broken(body: bytes, directives: Directives) -> Iterator[Step]:
    """A whole body, or its first half and then the accident."""
    if trouble := _trouble(directives, "mid"):
        yield body[: len(body) // 2]
        yield trouble
    else:
        yield body


def _recut(pieces: Iterator[Step], directives: Directives) -> Iterator[Step]:
    """The same bytes in writes of other sizes."""
    if not directives.cut:
        yield from pieces
        return
    # Deterministic on purpose: the seed names the cuts.
    dice = random.Random(directives.seed)  # noqa: S311
    held = bytearray()
    size = _size(directives, dice)
    wait = Wait(directives.cut_delay_ms / 1000)
    for piece in pieces:
        if not isinstance(piece, bytes):
            if held and not isinstance(piece, Wait):
                yield bytes(held)
                held.clear()
            yield piece
            continue
        held += piece
        start = 0
        while len(held) - start >= size:
            yield bytes(held[start : start + size])
            yield wait
            start += size
            size = _size(directives, dice)
        del held[:start]
    if held:
        yield bytes(held)


def _size(directives: Directives, dice: random.Random) -> int:
    return directives.cut if isinstance(directives.cut, int) else dice.randint(1, RANDOM_CUT)


def _chunked(pieces: Iterator[Step]) -> Iterator[Step]:
    """The bytes in HTTP/1.1 chunks; a stream that ends in an accident has no last chunk."""
    for piece in pieces:
        if isinstance(piece, bytes):
            if piece:
                yield b"%x\r\n%s\r\n" % (len(piece), piece)
            continue
        yield piece
        if isinstance(piece, Drop | Hang):
            return
    yield b"0\r\n\r\n"
