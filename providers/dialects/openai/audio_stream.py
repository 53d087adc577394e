"""Streams of OpenAI's audio: pieces of sound or of a transcript as server-sent events.

https://platform.openai.com/docs/api-reference/audio/speech-audio-delta-event
https://platform.openai.com/docs/api-reference/audio/transcript-text-done-event
"""

from typing import Any

import orjson

from providers.bridging.dialect import Seen
from providers.usage import Units, Usage, count
from providers.wire.sse import Splitter, parse

USAGE = b'"usage"'


def usage(said: Any) -> Usage | None:
    """What a `usage` object says: tokens, or seconds of sound; None where it is none."""
    if not isinstance(said, dict):
        return None
    seconds = said.get("seconds", said.get("prompt_audio_seconds"))
    units = None
    if isinstance(seconds, int | float) and 0 <= seconds < 1e9:
        units = Units(seconds=float(seconds))
    input = count(said.get("input_tokens", said.get("prompt_tokens")))
    output = count(said.get("output_tokens", said.get("completion_tokens")))
    if input is None and output is None and units is None:
        return None
    return Usage(input=input or 0, output=output or 0, units=units)


class AudioRelay:
    """Watches a stream pass by; only its last event says what was used."""

    def __init__(self, wants_usage: bool) -> None:
        self.seen = Seen()
        self._events = Splitter()

    def feed(self, data: bytes) -> None:
        """Nothing is changed."""
        for event in self._events.feed(data):
            if USAGE in event:
                self._read(parse(event)[1])

    def _read(self, data: bytes) -> None:
        try:
            event = orjson.loads(data)
        except orjson.JSONDecodeError:
            return
        said = usage(event.get("usage")) if isinstance(event, dict) else None
        if said is not None:
            self.seen.usage = said

    def flush(self) -> bytes:
        """Nothing is added."""
        return b""
