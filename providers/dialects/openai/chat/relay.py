"""An OpenAI chat answer on its way to an OpenAI chat client: watched, hardly ever touched."""

import orjson

from providers.bridging.dialect import Seen
from providers.bridging.estimate import Words
from providers.dialects.openai.chat.usage import usage_of
from providers.dialects.openai.finish import parse_finish
from providers.errors import CUT, BadAnswer
from providers.neutral.chat import Finish
from providers.wire import sse
from providers.wire.compatible_errors import describe, error_event, must_hold
from providers.wire.members import Json

# What makes an event worth parsing. In JSON text a quote is escaped, so an answer that speaks of
# these words is not mistaken for them.
COUNTS = b'_tokens"'
FINISHED = b'"finish_reason":"'
FINISHED_SPACED = b'"finish_reason": "'
ERROR = b"error"

DONE = b"[DONE]"
DONE_AT_END = (b"[DONE]\n\n", b"[DONE]\r\n\r\n")
CONTENT = b'content":"'
ARGUMENTS = b'arguments":"'

CONTENTFUL = (b'"choices":[{', b'"choices": [{')
"""An event that holds one of these is not the usage event."""

BLANK = (b"\n\n", b"\r\n\r\n")

MAX_HELD = 8 * 1024
"""Bytes; a usage event is smaller than that."""


def watch(body: Json) -> Seen:
    """What a whole answer says of its usage, model and finish; raises FailedAnswer."""
    must_hold(body, "choices")
    seen = Seen()
    _note(body, seen)
    return seen


class ChatRelay:
    """Passes a stream's bytes on, without the usage event where the client did not ask for it."""

    def __init__(self, shows_usage: bool) -> None:
        self.seen = Seen()
        self._shows_usage = shows_usage
        self._splitter = sse.Splitter()
        self._words = Words(CONTENT, ARGUMENTS)
        self._begun = False
        self._finished = FINISHED
        """As this provider writes it: with or without a space."""
        self._complete = False
        """True once the provider said that the answer, or the stream, is complete."""
        self._size = 0
        """Bytes of the incomplete event that came so far."""
        self._sent = 0
        """Bytes of the incomplete event that were sent."""
        self._held = b""
        """Its other bytes."""
        self._blind = False
        """True once an event was too large to be looked at."""

    def feed(self, data: bytes) -> bytes | None:
        """What goes to the client instead of `data`; None: `data` itself."""
        if (
            self._begun
            and not self._size
            and COUNTS not in data
            and self._finished not in data
            and ERROR not in data
            and data.endswith(BLANK)
            and not data.endswith(DONE_AT_END)
        ):
            self.seen.generated = self._words.read(data)
            return None
        return self._read(data)

    def _read(self, data: bytes) -> bytes | None:
        if self._blind:
            return None
        try:
            events = self._splitter.feed(data)
        except BadAnswer as error:
            self.seen.error, self.seen.finish = error.as_api_error(), Finish.ERROR
            self._blind = True
            return None
        output = []
        for event in events:
            output.append(self._event(event)[self._sent :])
            self._size -= len(event)
            self._sent, self._held = 0, b""
        self._size += len(data)
        output.append(self._tail(data[len(data) - min(self._size, len(data)) :]))
        result = b"".join(output)
        return None if result == data else result

    def _tail(self, fresh: bytes) -> bytes:
        """What may be sent of the incomplete event that `fresh` ends."""
        held = self._held + fresh
        if self._may_hide(held):
            self._held = held
            return b""
        self._held = b""
        self._sent = self._size
        return held

    def _may_hide(self, beginning: bytes) -> bool:
        if self._shows_usage or self._sent or not 0 < len(beginning) <= MAX_HELD:
            return False
        return not any(mark in beginning for mark in CONTENTFUL)

    def _event(self, event: bytes) -> bytes:
        """What goes to the client instead of a whole event; its begin may have gone already."""
        name, data = sse.parse(event)
        if not data:
            return event
        if data.strip() == DONE:
            self._complete = True
            return event
        self.seen.generated = self._words.read(event)
        known = self._begun and name != b"error"
        if known and not any(mark in data for mark in (COUNTS, self._finished, ERROR)):
            return event
        return self._parse(event, name, data)

    def _parse(self, event: bytes, name: bytes, data: bytes) -> bytes:
        try:
            chunk = orjson.loads(data)
        except ValueError:
            return event
        if not isinstance(chunk, dict):
            return event
        if not self._begun:
            self._begun = bool(chunk.get("choices"))
            self._finished = FINISHED_SPACED if b'"choices": ' in data else FINISHED
        _note(chunk, self.seen)
        self._complete = self._complete or self.seen.finish is not None
        if self._sent:
            return event
        # The SDK raises for a truthy `error` only, and shows the words of an object only.
        odd = name == b"error" or chunk.get("object") == "error" or chunk.get("error")
        if odd and not isinstance(chunk.get("error"), dict):
            self.seen.error, self.seen.finish = describe(chunk, None), Finish.ERROR
            return error_event(self.seen.error)
        hidden = not self._shows_usage and _is_usage_event(chunk)
        return b"" if hidden else event

    def flush(self) -> bytes:
        """What is added at the end; a cut stream ends with an error in OpenAI's form."""
        rest = self._splitter.flush()
        sent, held = self._sent, self._held
        if rest:
            kept = self._event(rest)
            held = held if kept is rest else kept[sent:]
        if self._complete or self.seen.error is not None:
            return held
        self.seen.error, self.seen.finish = CUT, Finish.ERROR
        # What was sent of an event must end before the error begins; the held rest is no use.
        return (b"\n\n" if sent else b"") + error_event(CUT)


def _note(answer: Json, seen: Seen) -> None:
    model, error = answer.get("model"), answer.get("error")
    if not seen.model and isinstance(model, str):
        seen.model = model
    if error:
        seen.error, seen.finish = describe(answer, None), Finish.ERROR
    seen.usage = usage_of(answer) or seen.usage
    choices = answer.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict):
            seen.finish = seen.finish or parse_finish(choice.get("finish_reason"))


def _is_usage_event(chunk: Json) -> bool:
    return (
        chunk.get("choices") == [] and isinstance(chunk.get("usage"), dict) and "error" not in chunk
    )
