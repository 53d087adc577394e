"""WebSocket messages (RFC 6455) of one direction, whole and in their order, bounded."""

import msgspec

from providers.wire.websocket import (
    BINARY,
    CLOSE,
    CONTINUATION,
    CONTROL,
    LARGEST,
    TEXT,
    Header,
    TooLong,
    header,
    masked,
)

CONTROL_MOST = 125
"""Bytes of a control frame's payload."""

RESERVED = 0x70
"""Bits of extensions, none of which is ever agreed on."""
OPCODES = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, 0x9, 0xA})


class Broken(Exception):
    """Frames that RFC 6455 forbids; what comes behind them cannot be read."""


class Frame(msgspec.Struct, frozen=True):
    """A message, or a control frame."""

    opcode: int
    payload: bytes
    """Plain."""
    key: bytes
    """With which its first frame was masked."""


class Frames:
    """Reads frames of any number of pieces; never holds more than `largest` bytes of a message."""

    def __init__(self, largest: int = LARGEST, *, masks: bool | None = None) -> None:
        """`masks`: whether the side that sends them must, or must not; None: as it likes."""
        self._held = bytearray()
        """What has come of the frame that is not whole."""
        self._largest = largest
        self._masks = masks
        self._broken = False
        self._opcode = CONTINUATION
        self._key = b""
        self._parts: list[bytes] = []
        self._size = 0
        self._skip = 0
        """Bytes to come of a frame that is too long."""

    def feed(self, data: bytes) -> list[Frame]:
        """What `data` completes; raises TooLong, once for each frame that is passed over, and
        Broken, once: then nothing is completed any more."""
        if self._broken:
            return []
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        held = self._held
        held += data[skipped:] if skipped else data
        found: list[Frame] = []
        at = 0
        while (now := header(held, at)) is not None:
            self._check(held[at], now)
            end = now.end + now.size
            if self._is_long(now):
                self._skip = max(0, end - len(held))
                del held[:end]
                self._drop()
                raise TooLong
            if end > len(held):
                break
            payload = masked(bytes(held[now.end : end]), now.key)
            if now.opcode >= CONTROL:
                found.append(Frame(now.opcode, payload, now.key))
            else:
                self._add(now, payload, found)
            at = end
        del held[:at]
        return found

    def _check(self, first: int, now: Header) -> None:
        begun = bool(self._parts)
        fault = ""
        if first & RESERVED or now.opcode not in OPCODES:
            fault = "a frame of no known kind"
        elif self._masks is not None and bool(now.key) is not self._masks:
            fault = "a frame is masked" if now.key else "a frame is not masked"
        elif now.opcode >= CONTROL and not now.final:
            fault = "a control frame is in pieces"
        elif now.opcode >= CONTROL and now.size > CONTROL_MOST:
            fault = "a control frame is too long"
        elif now.opcode < CONTROL and begun is not (now.opcode == CONTINUATION):
            fault = "a message begins within another" if begun else "a message has no beginning"
        if fault:
            self._broken = True
            self._held.clear()
            self._drop()
            raise Broken(fault)

    def _is_long(self, now: Header) -> bool:
        return now.opcode < CONTROL and now.size > self._largest - self._size

    def _add(self, now: Header, payload: bytes, found: list[Frame]) -> None:
        if now.opcode != CONTINUATION:
            self._opcode, self._key = now.opcode, now.key
        self._parts.append(payload)
        self._size += len(payload)
        if now.final:
            found.append(Frame(self._opcode, b"".join(self._parts), self._key))
            self._drop()

    def _drop(self) -> None:
        self._parts.clear()
        self._size = 0
