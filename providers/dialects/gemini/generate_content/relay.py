"""A streamGenerateContent answer on its way to a client of the same dialect."""

import orjson

from providers.bridging.dialect import Seen
from providers.bridging.estimate import Words
from providers.dialects.gemini.errors import describe, error_body
from providers.dialects.gemini.framing import Chunks
from providers.dialects.gemini.generate_content.answers import running
from providers.dialects.gemini.generate_content.response import note, written
from providers.errors import CUT, ApiError, BadAnswer
from providers.neutral.chat import Finish
from providers.wire import json_array

TEXT = b'"text":'
CALL = b'"functionCall"'


class Watcher:
    """Takes down what the chunks say."""

    def __init__(self) -> None:
        self.seen = Seen()
        self._called = False
        """True once a function was called: Gemini then still says STOP."""
        self._words = Words()

    def chunk(self, chunk: bytes) -> None:
        """One chunk; one that cannot be read says nothing."""
        try:
            value = orjson.loads(chunk)
        except ValueError:
            return
        seen = self.seen
        if isinstance(value, list):
            seen.error, seen.finish = describe(value, None), Finish.ERROR
        elif isinstance(value, dict):
            note(value, seen)
            self._called = self._called or CALL in chunk
            if self._called and seen.finish is Finish.STOP:
                seen.finish = Finish.TOOL_CALLS
            if seen.finish is None:
                seen.usage = running(seen.usage)
            if (seen.usage is None or seen.usage.estimated) and TEXT in chunk:
                seen.generated = self._words.add(written(value).encode("utf-8", "replace"))

    def fail(self, error: ApiError) -> bytes:
        """The error as a chunk."""
        self.seen.error, self.seen.finish = error, Finish.ERROR
        return orjson.dumps(error_body(error))


class SseRelay:
    """Passes the bytes on; every chunk of Google's holds the usage so far."""

    def __init__(self, shows_usage: bool) -> None:
        self._watcher = Watcher()
        self.seen = self._watcher.seen
        self._chunks = Chunks()
        self._blind = False
        """True once a chunk was too large to be looked at."""

    def feed(self, data: bytes) -> bytes | None:
        """None: `data` itself goes on."""
        if self._blind:
            return None
        try:
            for chunk in self._chunks.feed(data):
                self._watcher.chunk(chunk)
        except BadAnswer as error:
            self._watcher.fail(error.as_api_error())
            self._blind = True
        return None

    def flush(self) -> bytes:
        """An error event where the stream was cut."""
        if self._blind:
            return b""
        open = self._chunks.pending
        for chunk in self._chunks.flush():
            self._watcher.chunk(chunk)
        if self.seen.finish is not None:
            return b""
        # What was sent of a chunk must end before the error begins.
        return (b"\n\n" if open else b"") + b"data: " + self._watcher.fail(CUT) + b"\n\n"


class ArrayRelay:
    """Turns a provider's events into the JSON array that the client asked for."""

    def __init__(self, shows_usage: bool) -> None:
        self._watcher = Watcher()
        self.seen = self._watcher.seen
        self._chunks = Chunks()
        self._joiner = json_array.Joiner()

    def feed(self, data: bytes) -> bytes | None:
        """The array's elements that `data` completes."""
        if self.seen.error is not None:
            return b""
        try:
            return b"".join([self._element(chunk) for chunk in self._chunks.feed(data)])
        except BadAnswer as error:
            return self._joiner.element(self._watcher.fail(error.as_api_error()))

    def _element(self, chunk: bytes) -> bytes:
        self._watcher.chunk(chunk)
        return self._joiner.element(chunk)

    def flush(self) -> bytes:
        """What closes the array, after an error where the stream was cut."""
        rest = b"" if self.seen.error is not None else self._rest()
        if self.seen.finish is None:
            rest += self._joiner.element(self._watcher.fail(CUT))
        return rest + self._joiner.end()

    def _rest(self) -> bytes:
        return b"".join([self._element(chunk) for chunk in self._chunks.flush() if _is_json(chunk)])


def _is_json(chunk: bytes) -> bool:
    try:
        orjson.loads(chunk)
    except ValueError:
        return False
    return True
