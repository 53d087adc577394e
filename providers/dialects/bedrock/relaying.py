"""An event stream of AWS's on its way to a client of the same dialect: watched, never changed."""

from abc import ABC, abstractmethod
from typing import Any

from providers.bridging.dialect import Seen
from providers.bridging.estimate import Words
from providers.dialects.bedrock.errors import exception_event, parse_exception
from providers.errors import CUT, ApiError, BadAnswer
from providers.wire import aws_event_stream as frames


class EventRelay(ABC):
    """Passes whole messages on, so that an error after a cut is one that the SDK can read."""

    SPOKEN: bytes
    """The type of the events that hold the answer's words."""
    MARKS: tuple[bytes, ...]
    """What stands before the words there."""

    def __init__(self, shows_usage: bool) -> None:
        self.seen = Seen()
        self._splitter = frames.Splitter()
        self._words = Words(*self.MARKS)
        self._broken = False
        """True once the bytes are no event stream: nothing more passes."""

    def feed(self, data: bytes) -> bytes | None:
        """What goes to the client instead of `data`; None: `data` itself."""
        if self._broken:
            return b""
        held = self._splitter.pending
        messages: list[bytes] = []
        try:
            for message in self._splitter.feed(data):
                self._note(message)
                messages.append(message)
        except (BadAnswer, ValueError, AttributeError) as error:
            self._broken = True
            self.seen.error = self.seen.error or _bad(error)
            return b"".join((*messages, exception_event(self.seen.error)))
        if not held and not self._splitter.pending:
            return None
        return b"".join(messages)

    def _note(self, message: bytes) -> None:
        if self.SPOKEN in message[12 : 12 + int.from_bytes(message[4:8], "big")]:
            self.seen.generated = self._words.read(message)
            return
        raw, payload = frames.open_message(message)
        headers = frames.parse_headers(raw)
        if headers.get(":message-type") in ("exception", "error"):
            self.seen.error = parse_exception(headers, payload)
        else:
            self._said(headers.get(":event-type"), payload)

    def flush(self) -> bytes:
        """An exception event where the stream was cut."""
        if self.seen.error is not None or (not self._splitter.pending and self._complete()):
            return b""
        self.seen.error = CUT
        return exception_event(CUT)

    def _complete(self) -> bool:
        """Whether the answer has come to its end, if nothing more comes."""
        return bool(self.seen.finish)

    @abstractmethod
    def _said(self, kind: Any, payload: bytes) -> None:
        """What an event says that holds no words."""


def _bad(error: Exception) -> ApiError:
    if isinstance(error, BadAnswer):
        return error.as_api_error()
    return BadAnswer("the provider sent an event that cannot be read").as_api_error()
