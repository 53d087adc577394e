"""A Responses answer on its way to a Responses client: watched, never touched."""

import re
from typing import Any

import orjson

from providers.bridging.dialect import Seen
from providers.bridging.estimate import Words
from providers.dialects.openai.responses.errors import error_event, failure
from providers.dialects.openai.responses.parser import data_of
from providers.dialects.openai.responses.response import said_of
from providers.errors import CUT, BadAnswer
from providers.neutral.chat import Finish
from providers.wire import sse
from providers.wire.compatible_errors import describe
from providers.wire.members import Json

# What makes an event worth parsing. In JSON text a quote is escaped, and a model that speaks of
# these words only costs a look.
MARKS = re.compile(
    rb'response\.(?:completed|incomplete|failed|cancelled|done)\b|"error"|event: error'
)
FINAL = re.compile(r"response\.(?:completed|incomplete|failed|cancelled|done)")

DELTA = b'"delta":"'
NUMBER = re.compile(rb'"sequence_number":\s*(\d+)')

BLANK = (b"\n\n", b"\r\n\r\n")


class ResponsesRelay:
    """Passes a stream's bytes on; the answer that ends it says what was used."""

    def __init__(self, shows_usage: bool) -> None:
        self.seen = Seen()
        self._splitter = sse.Splitter()
        self._response: Json = {}
        """The answer as the first event told it."""
        self._words = Words(DELTA)
        self._complete = False
        self._last = b""
        self._blind = False
        """True once an event was too large to be looked at."""

    def feed(self, data: bytes) -> bytes | None:
        """What goes to the client instead of `data`; None: `data` itself."""
        if (
            self._response
            and not self._splitter.pending
            and data.endswith(BLANK)
            and MARKS.search(data) is None
        ):
            self._note(data)
        elif not self._blind:
            self._read(data)
        return None

    def _note(self, data: bytes) -> None:
        self._last = data
        self.seen.generated = self._words.read(data)

    def _read(self, data: bytes) -> None:
        try:
            for event in self._splitter.feed(data):
                self._event(event)
        except BadAnswer as error:
            self.seen.error, self.seen.finish = error.as_api_error(), Finish.ERROR
            self._blind = True

    def _event(self, raw: bytes) -> None:
        self._note(raw)
        if self._response and MARKS.search(raw) is None:
            return
        name, data = data_of(raw)
        try:
            event = orjson.loads(data) if data else None
        except ValueError:
            return
        if isinstance(event, dict):
            self._parsed(event, str(event.get("type") or name.decode("utf-8", "replace")))

    def _parsed(self, event: Json, kind: str) -> None:
        response: Any = event.get("response")
        if kind == "error" or (event.get("error") and not isinstance(response, dict)):
            self._complete = True
            self.seen.error, self.seen.finish = describe(event, None), Finish.ERROR
        elif isinstance(response, dict):
            self._response = self._response or response
            said = said_of(response)
            self.seen.model = self.seen.model or said.model
            self.seen.usage = said.usage or self.seen.usage
            if FINAL.fullmatch(kind):
                self._complete = True
                self.seen.finish, self.seen.error = said.finish, said.error
                if kind == "response.failed" and said.error is None:
                    self.seen.error, self.seen.finish = describe(event, None), Finish.ERROR

    def flush(self) -> bytes:
        """What is added at the end; a cut stream ends as a failed answer."""
        rest = self._splitter.flush()
        if rest:
            self._event(rest)
        if self._complete or self.seen.error is not None:
            return b""
        self.seen.error, self.seen.finish = CUT, Finish.ERROR
        # What was sent of an event must end before the error begins.
        return (b"\n\n" if rest else b"") + self._failed()

    def _failed(self) -> bytes:
        found = NUMBER.findall(self._last)
        number = int(found[-1]) + 1 if found else 0
        if not self._response:
            return error_event(CUT, number)
        response = {**self._response, "status": "failed", "error": failure(CUT)}
        event = {"type": "response.failed", "sequence_number": number, "response": response}
        return b"event: response.failed\ndata: " + orjson.dumps(event) + b"\n\n"
