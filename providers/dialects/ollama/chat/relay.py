"""An Ollama chat answer on its way to an Ollama chat client: watched, never touched."""

import re

import orjson

from providers.bridging.dialect import Seen
from providers.bridging.estimate import CHARACTERS_PER_TOKEN
from providers.dialects.ollama.chat.response import finish_of, usage_of
from providers.dialects.ollama.errors import error_line, failure
from providers.errors import CUT, BadAnswer
from providers.neutral.chat import Finish
from providers.wire import ndjson
from providers.wire.members import Json, string

# In JSON text a quote is escaped, so an answer that speaks of these words is not mistaken for them.
NOTABLE = re.compile(rb'"done": ?true|"error"|"tool_calls"')
WORDS = re.compile(rb'"(?:content|thinking)": ?"([^"]+)')
ARGUMENTS = re.compile(rb'"arguments": ?(\{.*?\}\})')


class OllamaRelay:
    """Passes a stream's bytes on; a cut stream ends with an error in Ollama's form."""

    def __init__(self, shows_usage: bool) -> None:
        self.seen = Seen()
        self._splitter = ndjson.Splitter()
        self._called = False
        self._blind = False
        """True once a line was too long to be looked at."""

    def feed(self, data: bytes) -> bytes | None:
        """None: the bytes go as they are."""
        self._estimate(data)
        whole = self.seen.model and data.endswith(b"\n") and not self._splitter.pending
        if (whole and NOTABLE.search(data) is None) or self._blind:
            return None
        try:
            for line in self._splitter.feed(data):
                self._line(line)
        except BadAnswer as error:
            self.seen.error, self.seen.finish = error.as_api_error(), Finish.ERROR
            self._blind = True
        return None

    def _line(self, line: bytes) -> None:
        if self.seen.model and NOTABLE.search(line) is None:
            return
        try:
            said = orjson.loads(line)
        except ValueError:
            return
        if isinstance(said, dict):
            self._note(said)

    def _note(self, said: Json) -> None:
        seen = self.seen
        seen.model = seen.model or string(said.get("model"))
        message = said.get("message")
        self._called = self._called or (isinstance(message, dict) and "tool_calls" in message)
        if said.get("error"):
            seen.error, seen.finish = failure(said["error"]), Finish.ERROR
        elif said.get("done") is True:
            seen.usage = usage_of(said) or seen.usage
            seen.finish = finish_of(said, self._called)

    def _estimate(self, data: bytes) -> None:
        for words in (*WORDS.findall(data), *ARGUMENTS.findall(data)):
            self.seen.generated += 1 + len(words) // CHARACTERS_PER_TOKEN

    def flush(self) -> bytes:
        """What is added at the end of a cut stream."""
        rest = self._splitter.flush()
        if rest:
            self._line(rest)
        if self.seen.finish is not None:
            return b""
        self.seen.error, self.seen.finish = CUT, Finish.ERROR
        return (b"\n" if rest else b"") + error_line(CUT)
