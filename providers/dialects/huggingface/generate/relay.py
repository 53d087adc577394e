"""A stream of Text Generation Inference on its way to its own client: watched, never touched."""

import re

from providers.bridging.watching import WatchingRelay
from providers.dialects.huggingface.generate.errors import error_event
from providers.dialects.huggingface.generate.response import watch
from providers.errors import ApiError
from providers.neutral.chat import Finish
from providers.wire import sse
from providers.wire.members import Json

# What makes an event worth parsing: its end, or an error.
MARKS = re.compile(rb'"generated_text":\s*"|"details":\s*\{|"error"')

TOKEN = b'"token":'


class GenerateRelay(WatchingRelay):
    """One event is one token; the last one has the whole text."""

    def __init__(self, shows_usage: bool) -> None:
        super().__init__(sse.Splitter(), b"\n\n")
        self._ended = False

    def _notable(self, data: bytes) -> bool:
        return MARKS.search(data) is not None

    def _object(self, piece: bytes) -> bytes:
        return sse.parse(piece)[1]

    def _said(self, said: Json) -> None:
        told, seen = watch(said), self.seen
        seen.usage, seen.error = told.usage or seen.usage, told.error or seen.error
        self._ended = self._ended or isinstance(said.get("generated_text"), str)
        seen.finish = told.finish or (Finish.STOP if self._ended else None)

    def _estimate(self, data: bytes) -> None:
        self.seen.generated += data.count(TOKEN)

    def _render(self, error: ApiError) -> bytes:
        return error_event(error)
