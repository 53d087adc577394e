"""A stream of Text Generation Inference on its way to its own client: watched, never touched."""

import re

import orjson

from providers.bridging.dialect import Seen
from providers.dialects.huggingface.generate.errors import error_event
from providers.dialects.huggingface.generate.response import watch
from providers.errors import CUT, BadAnswer
from providers.neutral.chat import Finish
from providers.wire import sse

# What makes an event worth parsing: its end, or an error.
MARKS = re.compile(rb'"generated_text":\s*"|"details":\s*\{|"error"')

TOKEN = b'"token":'


class GenerateRelay:
    """Passes a stream's bytes on; a cut stream ends with an error in the server's form."""

    def __init__(self, shows_usage: bool) -> None:
        self.seen = Seen()
        self._splitter = sse.Splitter()
        self._complete = False
        self._blind = False
        """True once an event was too large to be looked at."""

    def feed(self, data: bytes) -> bytes | None:
        """None: the bytes go as they are."""
        plain = not self._splitter.pending and data.endswith(b"\n\n")
        if self._blind or (plain and MARKS.search(data) is None):
            self.seen.generated += data.count(TOKEN)
            return None
        try:
            for event in self._splitter.feed(data):
                self._event(event)
        except BadAnswer as error:
            self.seen.error, self.seen.finish = error.as_api_error(), Finish.ERROR
            self._blind = True
        return None

    def _event(self, event: bytes) -> None:
        # One event is one token.
        self.seen.generated += event.count(TOKEN)
        if MARKS.search(event) is None:
            return
        try:
            said = orjson.loads(sse.parse(event)[1])
        except ValueError:
            return
        if not isinstance(said, dict):
            return
        told, seen = watch(said), self.seen
        seen.usage, seen.error = told.usage or seen.usage, told.error or seen.error
        self._complete = self._complete or isinstance(said.get("generated_text"), str)
        seen.finish = told.finish or (Finish.STOP if self._complete else None)

    def flush(self) -> bytes:
        """What is added at the end; a cut stream ends with an error."""
        rest = self._splitter.flush()
        if rest:
            self._event(rest)
        if self._complete or self.seen.finish is not None:
            return b""
        self.seen.error, self.seen.finish = CUT, Finish.ERROR
        return (b"\n\n" if rest else b"") + error_event(CUT)
