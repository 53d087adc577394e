"""A client's Cohere chat stream, from deltas to bytes.

https://docs.cohere.com/v2/docs/streaming
"""

from collections.abc import Callable
from typing import Any

import orjson

from providers.bridging.dialect import Context
from providers.dialects.cohere.chat.answers import NAMES, render_logprobs, render_usage
from providers.dialects.cohere.chat.citations import render_citation
from providers.dialects.cohere.chat.content import FAMILY, PLAIN, shown_block
from providers.dialects.cohere.chat.errors import error_event
from providers.neutral.chat import Audio, Finish, Refusal, Text, Thinking, ToolCall, seal
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    AudioDelta,
    Begin,
    CitationDelta,
    End,
    Failed,
    PartEnd,
    Ping,
    RefusalDelta,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
)
from providers.neutral.serial import Serial
from providers.usage import Usage
from providers.wire.members import Json

MAX_TEXT = 128 * 1024
"""Characters in one event: the SDK refuses lines over 1 MiB, and one character may take six."""

TEXT_DELTA = (
    b'event: content-delta\ndata: {"type":"content-delta","index":%d,'
    b'"delta":{"message":{"content":{"text":'
)
THINKING_DELTA = TEXT_DELTA.replace(b'"text"', b'"thinking"')
CALL_DELTA = (
    b'event: tool-call-delta\ndata: {"type":"tool-call-delta","index":%d,'
    b'"delta":{"message":{"tool_calls":{"function":{"arguments":%b}}}}}\n\n'
)
CONTENT_END = b"}}}}\n\n"
ENDED = b'event: %b\ndata: {"type":"%b","index":%d}\n\n'


def _event(kind: str, **members: Any) -> bytes:
    data = orjson.dumps({"type": kind, **members})
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


class CohereStreamRenderer:
    """A client's stream, from deltas to bytes; of several choices the first."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._begun = False
        self._failed = False
        self._open = -1
        """The part that is being told; -1: none."""
        self._content: dict[int, int] = {}
        """Part → index of its content block."""
        self._texted: set[int] = set()
        """Parts that are text."""
        self._blocks = 0
        """Content blocks so far; a part that goes on after another takes a new one."""
        self._calls: dict[int, int] = {}
        """Part → index of its tool call."""
        self._silent: set[int] = set()
        """Parts that are tool calls without arguments so far."""
        self._citations = 0
        self._said: tuple[int, list[str]] = (-1, [])
        """The last text part, and its words so far, which citations quote."""
        self._usage: Usage | None = None
        self._finish: Finish | None = None
        self._prefix = b""
        """An event with more text of the open part, up to the text."""
        self._serial = Serial()

    def feed(self, deltas: list[AnyDelta]) -> bytes:
        """The events that say `deltas`."""
        return b"".join([self._delta(delta) for delta in self._serial.feed(deltas)])

    def flush(self) -> bytes:
        """What closes the stream."""
        if self._failed:
            return b""
        end: Json = {"finish_reason": NAMES[self._finish or Finish.ERROR]}
        if self._usage is not None:
            end["usage"] = render_usage(self._usage)
        return self._start() + self._close() + _event("message-end", delta=end)

    def _delta(self, delta: AnyDelta) -> bytes:
        if (
            type(delta) is TextDelta
            and self._prefix
            and delta.part == self._open
            and delta.logprobs is None
            and delta.choice == 0
            and len(delta.text) <= MAX_TEXT
        ):
            self._said[1].append(delta.text)
            return self._prefix + orjson.dumps(delta.text) + CONTENT_END if delta.text else b""
        if self._failed or getattr(delta, "choice", 0) != 0:
            return b""
        handler = HANDLERS.get(type(delta))
        return b"" if handler is None else handler(self, delta)

    def _begin(self, delta: Begin) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        self._usage = delta.usage or self._usage
        # What the API itself says here; clients fill it in as the stream goes on.
        message = {
            "role": "assistant",
            "content": [],
            "tool_plan": "",
            "tool_calls": [],
            "citations": [],
        }
        id = delta.id or self._context.id
        return _event("message-start", id=id, delta={"message": message})

    def _start(self) -> bytes:
        """A stream that was never begun begins now."""
        return b"" if self._begun else self._begin(Begin(id="", model=""))

    def _close(self) -> bytes:
        """Ends the open part."""
        part, self._open, self._prefix = self._open, -1, b""
        if part in self._calls:
            index = self._calls[part]
            filled = CALL_DELTA % (index, b'"{}"') if part in self._silent else b""
            self._silent.discard(part)
            return filled + ENDED % (b"tool-call-end", b"tool-call-end", index)
        if part in self._content:
            return ENDED % (b"content-end", b"content-end", self._content[part])
        return b""

    def _block(self, part: int, kind: str, prefix: bytes) -> bytes:
        """Makes `part` the open content block."""
        if self._open == part:
            return b""
        before = self._start() + self._close()
        self._open = part
        index = self._content[part] = self._blocks
        self._blocks += 1
        self._prefix = b""
        if kind == "text":
            # Of a part that goes on in another block no words are known.
            self._said = (-1 if part in self._texted else part, [])
            self._texted.add(part)
            self._prefix = prefix % index
        start = {"message": {"content": {"type": kind, kind: ""}}}
        return before + _event("content-start", index=index, delta=start)

    def _texts(self, delta: TextDelta) -> bytes:
        head = self._block(delta.part, "text", TEXT_DELTA)
        self._said[1].append(delta.text)
        if delta.logprobs is not None:
            return head + self._with_logprobs(delta)
        return head + self._pieces(TEXT_DELTA % self._content[delta.part], delta.text)

    def _with_logprobs(self, delta: TextDelta) -> bytes:
        """One event for each piece of text that has a probability of its own."""
        items = render_logprobs(delta.logprobs)
        index = self._content[delta.part]
        if len(items) < 2 or "".join(str(item["text"]) for item in items) != delta.text:
            return _content_event(index, delta.text, items[:1])
        return b"".join(_content_event(index, str(item["text"]), [item]) for item in items)

    def _pieces(self, prefix: bytes, text: str) -> bytes:
        pieces = [text[at : at + MAX_TEXT] for at in range(0, len(text), MAX_TEXT)]
        return b"".join([prefix + orjson.dumps(piece) + CONTENT_END for piece in pieces])

    def _refusal(self, delta: RefusalDelta) -> bytes:
        return self._texts(TextDelta(text=delta.text, part=delta.part))

    def _transcript(self, delta: AudioDelta) -> bytes:
        """The format has no sound; what was said is shown."""
        if not delta.transcript:
            return b""
        return self._texts(TextDelta(text=delta.transcript, part=delta.part))

    def _thinking(self, delta: ThinkingDelta) -> bytes:
        head = self._block(delta.part, "thinking", THINKING_DELTA)
        return head + self._pieces(THINKING_DELTA % self._content[delta.part], delta.text)

    def _signature(self, delta: SignatureDelta) -> bytes:
        """A member of its own; clients read the others of a piece without asking."""
        if delta.signature == PLAIN:
            return b""
        sealed = {"signature": seal(delta.signature, FAMILY)}
        if delta.part in self._calls:
            said: Json = {"message": {"tool_calls": {"function": {"arguments": ""}, **sealed}}}
            return _event("tool-call-delta", index=self._calls[delta.part], delta=said)
        head = b""
        if delta.part not in self._content:
            head = self._block(delta.part, "thinking", THINKING_DELTA)
        kind = "text" if delta.part in self._texted else "thinking"
        said = {"message": {"content": {kind: "", **sealed}}}
        return head + _event("content-delta", index=self._content[delta.part], delta=said)

    def _citation(self, delta: CitationDelta) -> bytes:
        head = b""
        if delta.part not in self._content:
            head = self._block(delta.part, "text", TEXT_DELTA)
        words = "".join(self._said[1]) if delta.part == self._said[0] else ""
        cited = render_citation(delta.citation, words, self._content[delta.part])
        index = self._citations
        self._citations += 1
        said = {"message": {"citations": cited}}
        start = _event("citation-start", index=index, delta=said)
        return head + start + ENDED % (b"citation-end", b"citation-end", index)

    def _call(self, delta: ToolCallBegin) -> bytes:
        head = self._start() + self._close()
        self._open = delta.part
        index = self._calls.setdefault(delta.part, len(self._calls))
        self._silent.add(delta.part)
        function = {"name": delta.name, "arguments": ""}
        call: Json = {"id": delta.id, "type": "function", "function": function}
        if delta.signature is not None:
            call["signature"] = seal(delta.signature, FAMILY)
        said = {"message": {"tool_calls": call}}
        return head + _event("tool-call-start", index=index, delta=said)

    def _arguments(self, delta: ArgumentsDelta) -> bytes:
        if delta.part not in self._calls or not delta.text:
            return b""
        self._silent.discard(delta.part)
        index, text = self._calls[delta.part], delta.text
        pieces = [text[at : at + MAX_TEXT] for at in range(0, len(text), MAX_TEXT)]
        return b"".join([CALL_DELTA % (index, orjson.dumps(piece)) for piece in pieces])

    def _whole(self, delta: WholePart) -> bytes:
        value, part = delta.value, delta.part
        match value:
            case ToolCall():
                begin = ToolCallBegin(id=value.id, name=value.name, part=part)
                arguments = ArgumentsDelta(text=value.arguments, part=part)
                return self._call(begin) + self._arguments(arguments)
            case Text() | Refusal():
                return self._texts(TextDelta(text=value.text, part=part))
            case Audio(transcript=str(words)) if words:
                return self._texts(TextDelta(text=words, part=part))
            case Thinking(redacted=None):
                return self._thinking(ThinkingDelta(text=value.text, part=part))
            case Thinking():
                head = self._block(part, "thinking", THINKING_DELTA)
                said = {"message": {"content": shown_block(value)}}
                return head + _event("content-delta", index=self._content[part], delta=said)
        return b""

    def _part_end(self, delta: PartEnd) -> bytes:
        return self._close() if delta.part == self._open else b""

    def _end(self, delta: End) -> bytes:
        self._finish = self._finish or delta.finish
        return self._start() + self._close()

    def _used(self, delta: Used) -> bytes:
        self._usage = delta.usage
        return b""

    def _ping(self, delta: Ping) -> bytes:
        return b": ping\n\n"

    def _fail(self, delta: Failed) -> bytes:
        head = self._start()
        self._failed = True
        self._prefix = b""
        return head + error_event(delta.error, self._usage)


def _content_event(index: int, text: str, logprobs: list[Json]) -> bytes:
    members: Json = {"index": index, "delta": {"message": {"content": {"text": text}}}}
    if logprobs:
        members["logprobs"] = logprobs[0]
    return _event("content-delta", **members)


HANDLERS: dict[type, Callable[[CohereStreamRenderer, Any], bytes]] = {
    Begin: CohereStreamRenderer._begin,
    TextDelta: CohereStreamRenderer._texts,
    CitationDelta: CohereStreamRenderer._citation,
    ThinkingDelta: CohereStreamRenderer._thinking,
    SignatureDelta: CohereStreamRenderer._signature,
    RefusalDelta: CohereStreamRenderer._refusal,
    AudioDelta: CohereStreamRenderer._transcript,
    ToolCallBegin: CohereStreamRenderer._call,
    ArgumentsDelta: CohereStreamRenderer._arguments,
    WholePart: CohereStreamRenderer._whole,
    PartEnd: CohereStreamRenderer._part_end,
    End: CohereStreamRenderer._end,
    Used: CohereStreamRenderer._used,
    Ping: CohereStreamRenderer._ping,
    Failed: CohereStreamRenderer._fail,
}
