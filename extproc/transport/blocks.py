"""Header blocks put together from HEADERS and CONTINUATION frames (RFC 9113, section 4.3)."""

from extproc.transport import frames
from extproc.transport.frames import Code, ConnectionFault
from extproc.transport.limits import Limits

PRIORITY_FIELDS = 5


class HeaderBlocks:
    """The block that is under way, if one is: no other frame may come in between."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pieces: list[bytes] = []
        self.stream = 0
        """Whose block is unfinished; 0 for none."""
        self.flags = 0
        """Of the HEADERS frame."""

    def check(self, kind: int, stream: int) -> None:
        """ConnectionFault for a frame that may not come now (6.10)."""
        if not stream or stream != self.stream or kind != frames.CONTINUATION:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "header block out of order")

    def begin(self, flags: int, stream: int, payload: bytes) -> bytes | None:
        """The block of a HEADERS frame, or None if CONTINUATION must follow."""
        start, stop = 0, len(payload)
        if flags & frames.PADDED:
            start, stop = frames.unpad(payload, start, stop)
        if flags & frames.PRIORITISED:
            start += PRIORITY_FIELDS
            if start > stop:
                raise ConnectionFault(Code.FRAME_SIZE_ERROR, "no priority fields")
        self.stream, self.flags, self._pieces = stream, flags, []
        return self.go_on(flags, payload[start:stop])

    def go_on(self, flags: int, payload: bytes) -> bytes | None:
        """The whole block, once its last frame is there."""
        self._pieces.append(payload)
        if len(self._pieces) > self._limits.continuations + 1:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "too many CONTINUATION frames")
        if sum(map(len, self._pieces)) > self._limits.header_block:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "header block too long")
        if not flags & frames.END_HEADERS:
            return None
        block, self._pieces, self.stream = b"".join(self._pieces), [], 0
        return block
