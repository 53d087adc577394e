"""Streams of OpenAI's audio: pieces of sound or of a transcript as server-sent events.

https://platform.openai.com/docs/api-reference/audio/speech-audio-delta-event
https://platform.openai.com/docs/api-reference/audio/transcript-text-done-event
"""

import re
from typing import Any

from providers.bridging.watching import WatchingRelay
from providers.errors import ApiError
from providers.neutral.chat import Finish
from providers.usage import Units, Usage, count
from providers.wire import members, sse
from providers.wire.compatible_errors import describe, error_event
from providers.wire.members import Json

NOTABLE = re.compile(rb'\.done"|"error"|"usage"|\[DONE\]')
END = b"[DONE]"
"""The last event of vLLM's, which are not of OpenAI's types."""
DELTA = re.compile(rb'"delta": ?"((?:[^"\\]++|\\.)*+)')
"""Words of a transcript; sound has another name."""


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
    heard = count(members.inner(said.get("input_token_details")).get("audio_tokens")) or 0
    asked = input or 0
    return Usage(input=asked, output=output or 0, audio_input=min(heard, asked), units=units)


class AudioRelay(WatchingRelay):
    """Passes a stream on; only its last event says what was used."""

    WORDS = DELTA

    def __init__(self, wants_usage: bool) -> None:
        super().__init__(sse.Splitter(), b"\n\n")

    def _notable(self, data: bytes) -> bool:
        return NOTABLE.search(data) is not None

    def _read(self, piece: bytes) -> None:
        if self._object(piece).strip() == END:
            self.seen.finish = Finish.STOP
        else:
            super()._read(piece)

    def _object(self, piece: bytes) -> bytes:
        return sse.parse(piece)[1]

    def _said(self, said: Json) -> None:
        if said.get("error"):
            self.seen.error, self.seen.finish = describe(said, None), Finish.ERROR
            return
        self.seen.usage = usage(said.get("usage")) or self.seen.usage
        if members.string(said.get("type")).endswith(".done"):
            self.seen.finish = Finish.STOP

    def _render(self, error: ApiError) -> bytes:
        return error_event(error)
