"""A Cohere chat answer on its way to a Cohere chat client: watched, never touched."""

import re

import orjson

from providers.bridging.dialect import Seen
from providers.bridging.estimate import CHARACTERS_PER_TOKEN
from providers.dialects.cohere.chat.answers import parse_finish, parse_usage
from providers.dialects.cohere.chat.errors import error_event, failure
from providers.errors import CUT, BadAnswer
from providers.neutral.chat import Finish
from providers.wire import sse
from providers.wire.members import Json

END = b"message-end"
ERROR = b'"error"'

WORDS = re.compile(rb'"(?:text|thinking|arguments|tool_plan)": ?"([^"]*)')


class CohereRelay:
    """Passes a stream's bytes on; a cut stream ends with an error in Cohere's form."""

    def __init__(self, shows_usage: bool) -> None:
        self.seen = Seen()
        self._splitter = sse.Splitter()
        self._complete = False
        self._blind = False
        """True once an event was too large to be looked at."""

    def feed(self, data: bytes) -> bytes | None:
        """None: the bytes go as they are."""
        self._estimate(data)
        whole = data.endswith(b"\n\n") and not self._splitter.pending
        if whole and END not in data and ERROR not in data:
            return None
        if not self._blind:
            self._read(data)
        return None

    def _read(self, data: bytes) -> None:
        try:
            for event in self._splitter.feed(data):
                if END in event or ERROR in event:
                    self._event(event)
        except BadAnswer as error:
            self.seen.error, self.seen.finish = error.as_api_error(), Finish.ERROR
            self._blind = True

    def _event(self, event: bytes) -> None:
        try:
            said = orjson.loads(sse.parse(event)[1])
        except ValueError:
            return
        if not isinstance(said, dict):
            return
        delta = said.get("delta")
        if said.get("type") == "message-end":
            self._end(delta if isinstance(delta, dict) else {})
        elif said.get("error") and said.get("type") in (None, "error"):
            self.seen.error, self.seen.finish = failure("ERROR", said["error"]), Finish.ERROR

    def _end(self, delta: Json) -> None:
        self._complete = True
        reason, error = delta.get("finish_reason"), delta.get("error")
        self.seen.usage = parse_usage(delta.get("usage")) or self.seen.usage
        self.seen.finish = Finish.ERROR if error else parse_finish(reason)
        if self.seen.finish is Finish.ERROR:
            self.seen.error = failure(reason, error)

    def _estimate(self, data: bytes) -> None:
        for words in WORDS.findall(data):
            if words:
                self.seen.generated += 1 + len(words) // CHARACTERS_PER_TOKEN

    def flush(self) -> bytes:
        """What is added at the end of a cut stream."""
        rest = self._splitter.flush()
        if rest:
            self._event(rest)
        if self._complete or self.seen.error is not None:
            return b""
        self.seen.error, self.seen.finish = CUT, Finish.ERROR
        return (b"\n\n" if rest else b"") + error_event(CUT)
