"""A ConverseStream answer on its way to a ConverseStream client: watched, never changed."""

from operator import is_
from typing import Any

import orjson

from providers.bridging.dialect import Seen
from providers.bridging.estimate import Words
from providers.dialects.bedrock.converse.answers import parse_finish, parse_usage
from providers.dialects.bedrock.converse.blocks import parse_blob
from providers.dialects.bedrock.converse.messages import merged
from providers.dialects.bedrock.errors import exception_event, parse_exception
from providers.dialects.bedrock.names import FAMILY, OPAQUE
from providers.errors import CUT, ApiError, BadAnswer
from providers.models.bedrock import Family, family_of
from providers.neutral.chat import unseal
from providers.wire import aws_event_stream as frames
from providers.wire.members import Json

DELTA = b"contentBlockDelta"
TEXT, INPUT = b'"text":"', b'"input":"'


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """Messages without the thoughts that the model did not sign, which it would refuse."""
    messages = body.get("messages")
    family = family_of(model)
    if not isinstance(messages, list):
        return {}
    kept = [_without_foreign(message, family) for message in messages]
    if all(map(is_, kept, messages)):
        return {}
    turns = [message for message in kept if not isinstance(message, dict) or message["content"]]
    return {"messages": merged(turns)}


def _without_foreign(message: Any, family: Family) -> Any:
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list) or message.get("role") != "assistant":
        return message
    own = [block for block in content if not _is_foreign(block, family)]
    return message if len(own) == len(content) else {**message, "content": own}


def _is_foreign(block: Any, family: Family) -> bool:
    """Whether a block is a thought that another family's provider issued."""
    thought = block.get("reasoningContent") if isinstance(block, dict) else None
    if not isinstance(thought, dict):
        return False
    blob, text = thought.get("redactedContent"), thought.get("reasoningText")
    if isinstance(blob, str):
        return parse_blob(blob).origin not in (FAMILY, OPAQUE)
    signature = text.get("signature") if isinstance(text, dict) else None
    if isinstance(signature, str) and signature:
        return unseal(signature, FAMILY).origin != FAMILY
    return family.claude is not None  # Claude signs all of its own


class ConverseRelay:
    """Passes whole messages on, so that an error after a cut is one that the SDK can read."""

    def __init__(self, shows_usage: bool) -> None:
        self.seen = Seen()
        self._splitter = frames.Splitter()
        self._words = Words(TEXT, INPUT)
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
        if DELTA in message[12 : 12 + int.from_bytes(message[4:8], "big")]:
            self.seen.generated = self._words.read(message)
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
