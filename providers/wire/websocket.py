"""WebSocket frames (RFC 6455) as they pass by: messages are found, and held only to be read."""

import struct
from collections.abc import Sequence

import msgspec

CONTINUATION, TEXT, BINARY, CLOSE = 0x0, 0x1, 0x2, 0x8
FINAL, MASKED = 0x80, 0x80
CONTROL = 0x8
"""Opcodes from here on are of control frames, which may stand between the pieces of a message."""

BROKEN, UNFIT, POLICY, TOO_BIG, BUG, LATER = 1002, 1007, 1008, 1009, 1011, 1013
"""Why a connection is closed (RFC 6455, section 7.4.1, and IANA's registry for 1013)."""
REASON = 123
"""Bytes of a reason; a control frame has at most 125."""

LARGEST = 4 * 1024 * 1024
"""Bytes of a message that is still read."""
KEY = 4
HEAD = 256
"""Bytes in which a message says what it is."""
EDGE = 1024
"""Bytes at both ends of a part of an answer that are looked at: sound lies between them."""
SOUND = 3200
"""Bytes of a message for a token of speech: 50 ms of 24,000 samples a second, as Base64. Text comes
by the word."""


class Header(msgspec.Struct, frozen=True):
    """What stands before a frame's payload."""

    final: bool
    opcode: int
    key: bytes
    """With which the payload is masked; empty: it is not."""
    size: int
    """Bytes of the payload."""
    end: int
    """Where the payload begins."""


def header(data: bytes | bytearray, at: int) -> Header | None:
    """The frame's header at `at`; None where it is cut."""
    if len(data) < at + 2:
        return None
    first, second = data[at], data[at + 1]
    size, end = second & 0x7F, at + 2
    if size >= 126:
        width = 2 if size == 126 else 8
        end += width
        size = int.from_bytes(data[at + 2 : end], "big")
    begins = end + (KEY if second & MASKED else 0)
    if len(data) < begins:
        return None
    return Header(bool(first & FINAL), first & 0x0F, bytes(data[end:begins]), size, begins)


def masked(payload: bytes, key: bytes) -> bytes:
    """`payload` masked with `key`, or plain again (RFC 6455, section 5.3)."""
    if not key:
        return payload
    whole = (key * (len(payload) // KEY + 1))[: len(payload)]
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")
    return mixed.to_bytes(len(payload), "big")


def frame(opcode: int, payload: bytes, key: bytes = b"") -> bytes:
    """One whole frame; clients must mask theirs with a `key`."""
    flag, size = MASKED if key else 0, len(payload)
    if size < 126:
        length = bytes((flag | size,))
    elif size < 0x10000:
        length = bytes((flag | 126,)) + struct.pack("!H", size)
    else:
        length = bytes((flag | 127,)) + struct.pack("!Q", size)
    return bytes((FINAL | opcode,)) + length + key + masked(payload, key)


def closing(code: int, reason: str, key: bytes = b"") -> bytes:
    """The frame that ends a connection."""
    text = reason.encode()[:REASON].decode(errors="ignore").encode()
    return frame(CLOSE, struct.pack("!H", code) + text, key)


class Messages:
    """The messages of one direction in which one of some words stands; all others pass unread."""

    def __init__(
        self,
        words: Sequence[bytes],
        growing: bytes = b"\0",
        *,
        mixed: bool = True,
        largest: int = LARGEST,
    ) -> None:
        """`growing` stands at the beginning of messages with a part of an answer, in which a word
        may stand only where `mixed`."""
        self.closed = False
        """Whether the connection's end was announced."""
        self.grown = 0
        """Estimated tokens of all parts of answers."""
        self.boundary = 0
        """Bytes of the last piece up to where a message ended, and none had begun since."""
        self._words = words
        self._growing = growing
        self._mixed = mixed
        self._largest = largest
        self._cut = b""
        """The beginning of a header."""
        self._now: Header | None = None
        """Of the frame whose payload has not come to its end."""
        self._left = 0
        self._parts: list[bytes] = []
        """Of the message so far."""
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes, if they hold a word."""
        found: list[bytes] = []
        before = len(self._cut)
        if before:
            data, self._cut = self._cut + data, b""
        at, whole, size = 0, before, len(data)
        while at < size:
            if self._now is None:
                now = header(data, at)
                if now is None:
                    self._cut = data[at:]
                    break
                at = now.end
                if now.final and not now.key and not self._size and at + now.size <= size:
                    self._whole(data, now, found)
                    at += now.size
                    whole = at
                    continue
                self._now, self._left = now, now.size
            at += self._take(data[at : at + self._left], self._now, found)
            if self._now is None and not self._parts and not self._size:
                whole = at
        self.boundary = whole - before
        return found

    def _whole(self, data: bytes, now: Header, found: list[bytes]) -> None:
        """A message of one frame, all of which is there: looked at where it stands."""
        end = now.end + now.size
        if now.opcode >= CONTROL:
            self.closed = self.closed or now.opcode == CLOSE
        elif now.size <= self._largest and self._speaks(data, now.end, end):
            found.append(data[now.end : end])

    def _take(self, part: bytes, now: Header, found: list[bytes]) -> int:
        """A piece of a frame."""
        done = now.size - self._left
        self._left -= len(part)
        if now.opcode < CONTROL:
            if now.key:
                turn = done % KEY
                part = masked(part, now.key[turn:] + now.key[:turn])
            self._size += len(part)
            if self._size <= self._largest:
                self._parts.append(part)
            else:
                self._parts.clear()
        if not self._left:
            self._ended(now, found)
        return len(part)

    def _ended(self, now: Header, found: list[bytes]) -> None:
        self._now = None
        if now.opcode >= CONTROL:
            self.closed = self.closed or now.opcode == CLOSE
        elif now.final:
            message = b"".join(self._parts)
            self._parts.clear()
            self._size = 0
            if self._speaks(message, 0, len(message)):
                found.append(message)

    def _speaks(self, data: bytes, start: int, end: int) -> bool:
        if data.find(self._growing, start, min(start + HEAD, end)) >= 0:
            self.grown += max(1, (end - start) // SOUND)
            if not self._mixed:
                return False
            if end - start > 2 * EDGE:
                edges = (start, start + EDGE), (end - EDGE, end)
                return any(self._holds(data, *edge) for edge in edges)
        return self._holds(data, start, end)

    def _holds(self, data: bytes, start: int, end: int) -> bool:
        return any(data.find(word, start, end) >= 0 for word in self._words)


class TooLong(ValueError):
    """A first message that is longer than may be held."""


class First(msgspec.Struct, frozen=True):
    """The first message of a client."""

    before: bytes
    """Control frames that came before it, as they are."""
    opcode: int
    payload: bytes
    key: bytes
    after: bytes
    """What came after it."""


class Opening:
    """Holds what a client sends until its first message is whole."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._held = bytearray()
        self._at = 0
        self._before = b""
        self._opcode = TEXT
        self._parts: list[bytes] = []
        self._largest = largest

    def feed(self, data: bytes) -> First | None:
        """The message, once it is whole; raises TooLong."""
        self._held += data
        held = self._held
        if len(held) > self._largest:
            raise TooLong
        while (now := header(held, self._at)) and now.end + now.size <= len(held):
            start, self._at = self._at, now.end + now.size
            if now.opcode >= CONTROL:
                self._before += held[start : self._at]
                continue
            if now.opcode != CONTINUATION:
                self._opcode = now.opcode
            self._parts.append(masked(bytes(held[now.end : self._at]), now.key))
            if now.final:
                payload, rest = b"".join(self._parts), bytes(held[self._at :])
                return First(self._before, self._opcode, payload, now.key, rest)
        return None
