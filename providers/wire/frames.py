"""WebSocket messages (RFC 6455) of one direction, whole and in their order, bounded."""

import msgspec

from providers.wire.websocket import CONTINUATION, CONTROL, LARGEST, Header, TooLong, header, masked

CONTROL_MOST = 125
"""Bytes of a control frame's payload."""


class Frame(msgspec.Struct, frozen=True):
    """A message, or a control frame."""

    opcode: int
    payload: bytes
    """Plain."""
    key: bytes
    """With which its first frame was masked."""


class Frames:
    """Reads frames of any number of pieces; never holds more than `largest` bytes of a message."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._held = bytearray()
        """What has come of the frame that is not whole."""
        self._largest = largest
        self._opcode = CONTINUATION
        self._key = b""
        self._parts: list[bytes] = []
        self._size = 0
        self._skip = 0
        """Bytes to come of a frame that is too long."""

    def feed(self, data: bytes) -> list[Frame]:
        """What `data` completes; raises TooLong, once for each frame that is passed over."""
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        held = self._held
        held += data[skipped:] if skipped else data
        found: list[Frame] = []
        at = 0
        while (now := header(held, at)) is not None:
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

    def _is_long(self, now: Header) -> bool:
        if now.opcode >= CONTROL:
            return now.size > CONTROL_MOST
        return now.size > self._largest - self._size

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
