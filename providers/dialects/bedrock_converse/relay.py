"""A ConverseStream answer on its way to a ConverseStream client: watched, never changed."""

import orjson

from providers.dialect import Seen
from providers.dialects.bedrock_converse.answers import parse_finish, parse_usage
from providers.dialects.bedrock_converse.errors import exception_event, parse_exception
from providers.errors import CUT, ApiError, BadAnswer
from providers.framing import aws_event_stream as frames

DELTA = b"contentBlockDelta"
TEXTS = (b'"text":"', b'"input":"')


class ConverseRelay:
    """Passes whole messages on, so that an error after a cut is one that the SDK can read."""

    def __init__(self, shows_usage: bool) -> None:
        self.seen = Seen()
        self._splitter = frames.Splitter()
        self._broken = False
        """True once the bytes are no event stream: nothing more passes."""

    def feed(self, data: bytes) -> bytes | None:
        """What goes to the client instead of `data`; None: `data` itself."""
        if self._broken:
            return b""
        held = self._splitter.pending
        try:
            messages = self._splitter.feed(data)
            for message in messages:
                self._note(message)
        except (BadAnswer, ValueError, AttributeError) as error:
            self._broken = True
            self.seen.error = self.seen.error or _bad(error)
            return exception_event(self.seen.error)
        if not held and not self._splitter.pending:
            return None
        return b"".join(messages)

    def _note(self, message: bytes) -> None:
        if DELTA in message[12 : 12 + int.from_bytes(message[4:8], "big")]:
            self.seen.generated += _estimate(message)
            return
        raw, payload = frames.open_message(message)
        headers = frames.parse_headers(raw)
        if headers.get(":message-type") in ("exception", "error"):
            self.seen.error = parse_exception(headers, payload)
        elif headers.get(":event-type") == "messageStop":
            self.seen.finish = parse_finish(orjson.loads(payload).get("stopReason"))
        elif headers.get(":event-type") == "metadata":
            self.seen.usage = parse_usage(orjson.loads(payload).get("usage")) or self.seen.usage

    def flush(self) -> bytes:
        """An exception event where the stream was cut."""
        if self.seen.error is not None or (self.seen.finish and not self._splitter.pending):
            return b""
        self.seen.error = CUT
        return exception_event(CUT)


def _bad(error: Exception) -> ApiError:
    if isinstance(error, BadAnswer):
        return error.as_api_error()
    return BadAnswer("the provider sent an event that cannot be read").as_api_error()


def _estimate(message: bytes) -> int:
    """Output tokens in a delta: a quarter of its characters, at least one."""
    for mark in TEXTS:
        start = message.find(mark)
        if start >= 0:
            start += len(mark)
            return max(1, (message.find(b'"', start) - start) >> 2)
    return 1
