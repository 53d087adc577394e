"""The client's name of the model in a stream that passes from a provider that calls it otherwise.

Claude Code drops signed thoughts of another model than it asked for (2.1, 2026-11).
"""

import re

import orjson

from providers.bridging.dialect import Relay
from providers.wire.sse import BLANK

START = re.compile(rb'("type":\s*"message_start".*?"model":\s*)"(?:[^"\\]|\\.)*"', re.DOTALL)
LONGEST = 65_536
"""Bytes within which a stream has named its model."""


class RenamingRelay:
    """Changes the first event; what comes then passes as it does without."""

    def __init__(self, relay: Relay, model: str) -> None:
        self.seen = relay.seen
        self._relay = relay
        self._name = orjson.dumps(model)
        self._held = b""
        self._named = False

    def feed(self, data: bytes) -> bytes | None:
        """What goes to the client instead of `data`; nothing until the first event is there."""
        out = self._relay.feed(data)
        if self._named:
            return out
        held = self._held + (data if out is None else out)
        start = held.find(b"message_start")
        if len(held) < LONGEST and (start < 0 or BLANK.search(held, start) is None):
            self._held = held
            return b""
        self._named, self._held = True, b""
        return START.sub(self._renamed, held, count=1)

    def _renamed(self, found: re.Match[bytes]) -> bytes:
        return found[1] + self._name

    def flush(self) -> bytes:
        """What was held, and what is added at the end."""
        return self._held + self._relay.flush()
