"""A Messages answer on its way to a Messages client: watched, not touched."""

from typing import Any

import msgspec
import orjson

from providers.bridging.dialect import Seen
from providers.bridging.estimate import Words
from providers.dialects.anthropic.errors import describe, error_event
from providers.dialects.anthropic.messages.blocks import is_foreign
from providers.dialects.anthropic.messages.citations import is_made
from providers.dialects.anthropic.messages.response import parse_finish
from providers.dialects.anthropic.messages.usage import merge, parse_usage
from providers.errors import CUT, BadAnswer
from providers.models.claude.models import UNKNOWN, family
from providers.wire import sse
from providers.wire.members import Json
from providers.wire.splice import REMOVED

# What makes an event worth parsing. In JSON text a quote is escaped, so an answer that speaks of
# these words is not mistaken for them.
MESSAGE = b'"message_'
ERROR = b'"error"'
DELTA = b'"content_block_delta"'
NAMED = b"event: "

WORDS = (b'"text":"', b'"partial_json":"', b'"thinking":"')


def watch(body: Json) -> Seen:
    """What a whole answer says of its usage, model, finish or, with status 200, error."""
    model = body.get("model")
    return Seen(
        usage=parse_usage(body.get("usage")),
        model=model if isinstance(model, str) else "",
        finish=parse_finish(body.get("stop_reason")),
        error=describe(body, None) if body.get("type") == "error" else None,
    )


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """The model, and messages without what other families' providers signed or cited."""
    changes: dict[str, Any] = {}
    if body.get("model") != model:
        changes["model"] = model
    if "anthropic_version" in body:  # a cloud's name for the header
        changes["anthropic_version"] = REMOVED
    messages = body.get("messages")
    signs = family(model) is not UNKNOWN
    if isinstance(messages, list) and any(_has_foreign(message, signs) for message in messages):
        kept = (_without_foreign(message, signs) for message in messages)
        changes["messages"] = [message for message in kept if message is not None]
    return changes


def _has_foreign(message: Any, signs: bool) -> bool:
    if not isinstance(message, dict) or message.get("role") != "assistant":
        return False
    content = message.get("content")
    return isinstance(content, list) and any(
        is_foreign(block, signs) or _citations(block) for block in content
    )


def _citations(block: Any) -> bool:
    """Whether a block cites for another family's provider."""
    cited = block.get("citations") if isinstance(block, dict) else None
    return isinstance(cited, list) and any(is_made(citation) for citation in cited)


def _without_foreign(message: Any, signs: bool) -> Any:
    """The turn without what Anthropic refuses, as it did not issue it; None: nothing is left."""
    if not _has_foreign(message, signs):
        return message
    kept = [_uncited(block) for block in message["content"] if not is_foreign(block, signs)]
    return {**message, "content": kept} if kept else None


def _uncited(block: Any) -> Any:
    if not _citations(block):
        return block
    kept = [citation for citation in block["citations"] if not is_made(citation)]
    bare = {name: value for name, value in block.items() if name != "citations"}
    return {**bare, "citations": kept} if kept else bare


class MessagesRelay:
    """Passes a stream's bytes on, unchanged."""

    def __init__(self, stream_usage: bool) -> None:
        self.seen = Seen()
        self._splitter = sse.Splitter()
        self._words = Words(*WORDS)
        self._usage: Json = {}
        self._complete = False

    def feed(self, data: bytes) -> bytes | None:
        """Always None: the client gets `data` itself."""
        if (
            MESSAGE not in data
            and ERROR not in data
            and data.endswith(b"\n\n")
            and not self._splitter.pending
            and data.count(NAMED) == data.count(DELTA)
        ):
            self._count(data)
            return None
        try:
            events = self._splitter.feed(data)
        except BadAnswer as error:
            self.seen.error = error.as_api_error()
            return None
        for event in events:
            self._event(event)
        return None

    def _count(self, data: bytes) -> None:
        self.seen.generated = self._words.read(data)

    def _event(self, event: bytes) -> None:
        if MESSAGE not in event and ERROR not in event:
            self._count(event)
            return
        try:
            value = orjson.loads(sse.parse(event)[1])
        except ValueError:
            return
        if isinstance(value, dict):
            self._note(value)

    def _note(self, value: Json) -> None:
        match value.get("type"):
            case "message_start" if isinstance(value.get("message"), dict):
                message = value["message"]
                self._usage = merge({}, message.get("usage"))
                self.seen.usage = parse_usage(self._usage, estimated=True)
                self.seen.model = str(message.get("model") or "")
            case "message_delta":
                self._usage = merge(self._usage, value.get("usage"))
                self.seen.usage = parse_usage(self._usage)
                delta = value.get("delta")
                reason = delta.get("stop_reason") if isinstance(delta, dict) else None
                self.seen.finish = parse_finish(reason) or self.seen.finish
                self._complete = self.seen.finish is not None
            case "message_stop":
                self._complete = True
            case "error":
                self.seen.error = describe(value, None)

    def flush(self) -> bytes:
        """What is added at the end; a cut stream ends with an error event."""
        rest = self._splitter.flush()
        if rest:
            self._event(rest)
        if self._complete or self.seen.error is not None:
            return b""
        self.seen.error = CUT
        usage = self.seen.usage
        if usage is not None and usage.estimated:
            output = max(usage.output, self.seen.generated)
            self.seen.usage = msgspec.structs.replace(usage, output=output)
        # Within an event that was cut, a later `event:` line decides what it is.
        return (_rest_of_character(rest) + b"\n" if rest else b"") + error_event(CUT)


ENDINGS = tuple(
    first + b"\x80" * more for more in range(3) for first in (b"\x80", b"\x90", b"\xa0")
)


def _rest_of_character(cut: bytes) -> bytes:
    """Bytes that make a character of the beginning of one: the SDK decodes whole lines."""
    lead = next((at for at in (-1, -2, -3) if cut[at:][:1] >= b"\xc0"), None)
    beginning = b"" if lead is None else cut[lead:]
    for ending in (b"", *ENDINGS):
        try:
            (beginning + ending).decode()
        except UnicodeDecodeError:
            continue
        return ending
    return b""
