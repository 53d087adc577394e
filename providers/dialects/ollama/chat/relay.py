"""An Ollama chat answer on its way to an Ollama chat client: watched, never touched."""

import re

from providers.bridging.watching import WatchingRelay
from providers.dialects.ollama.answers import finish_of, usage_of
from providers.dialects.ollama.errors import error_line, failure
from providers.errors import ApiError
from providers.neutral.chat import Finish
from providers.wire import ndjson
from providers.wire.members import Json, string

# In JSON text a quote is escaped, so an answer that speaks of these words is not mistaken for them.
NOTABLE = re.compile(rb'"done": ?true|"error"|"tool_calls"')
ARGUMENTS = b'"arguments"'


class OllamaRelay(WatchingRelay):
    """The end of a stream says why it ends, unless calls came before."""

    WORDS = re.compile(rb'"(?:content|thinking)": ?"((?:[^"\\]|\\.)+)')

    def __init__(self, shows_usage: bool) -> None:
        super().__init__(ndjson.Splitter(), b"\n")
        self._called = False

    def _notable(self, data: bytes) -> bool:
        return not self.seen.model or NOTABLE.search(data) is not None

    def _object(self, piece: bytes) -> bytes:
        return piece

    def _said(self, said: Json) -> None:
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
        start = data.find(ARGUMENTS)
        while start >= 0:
            start += len(ARGUMENTS)
            end = data.find(b"}}", start)
            if end < 0:
                break
            self._words.add(data[start:end])
            start = data.find(ARGUMENTS, end)
        super()._estimate(data)

    def _render(self, error: ApiError) -> bytes:
        return error_line(error)
