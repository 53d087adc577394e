"""A ConverseStream answer, from deltas to bytes.

Only tools and images have a `contentBlockStart`; the usage comes after `messageStop`.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from providers.bridging.dialect import Context
from providers.dialects.bedrock.converse.answers import render_finish, render_usage
from providers.dialects.bedrock.converse.citations import render_citation
from providers.dialects.bedrock.converse.response import IMAGE_TYPES, render_thinking
from providers.dialects.bedrock.converse.tools import call_id as fit_id
from providers.dialects.bedrock.errors import exception_event
from providers.dialects.bedrock.media import render_media
from providers.dialects.bedrock.names import FAMILY
from providers.errors import CUT
from providers.neutral.carriers import carrier, of_next
from providers.neutral.chat import Audio, Image, Refusal, Signature, Text, Thinking, ToolCall, seal
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    AudioDelta,
    Begin,
    CitationDelta,
    End,
    Failed,
    PartEnd,
    RefusalDelta,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
    pieces,
)
from providers.neutral.media import Data
from providers.neutral.serial import Serial
from providers.usage import Usage
from providers.wire import aws_event_stream as frames

EVENTS = {
    kind: frames.event_headers(kind)
    for kind in (
        "messageStart",
        "contentBlockStart",
        "contentBlockDelta",
        "contentBlockStop",
        "messageStop",
        "metadata",
    )
}
DELTA = EVENTS["contentBlockDelta"]
START = frames.encode_raw(EVENTS["messageStart"], b'{"role":"assistant"}')


def event(kind: str, payload: Any) -> bytes:
    """One event."""
    return frames.encode_raw(EVENTS[kind], orjson.dumps(payload))


class Block:
    """A content block that was begun."""

    def __init__(self, index: int, kind: str) -> None:
        self.index = index
        self.kind = kind
        self.open = True
        self.filled = False
        self.signed = False

    def delta(self, value: Any) -> bytes:
        """A delta of it."""
        self.filled = True
        return event("contentBlockDelta", {"contentBlockIndex": self.index, "delta": value})

    def text(self, text: str) -> bytes:
        """A delta of text, the commonest of all."""
        payload = b'{"contentBlockIndex":%d,"delta":{"text":%b}}' % (self.index, orjson.dumps(text))
        return frames.encode_raw(DELTA, payload)

    def close(self) -> bytes:
        """Its end; the arguments of a call are never empty."""
        self.open = False
        empty = self.kind == "toolUse" and not self.filled
        last = self.delta({"toolUse": {"input": "{}"}}) if empty else b""
        return last + event("contentBlockStop", {"contentBlockIndex": self.index})


class Renderer:
    """Writes events, one block after the other; only choice 0 has a place."""

    def __init__(self, context: Context) -> None:
        self._blocks: dict[int, Block] = {}
        self._count = 0
        """Blocks so far."""
        self._last_kind = ""
        self._current: Block | None = None
        self._usage: Usage | None = None
        self._tier: str | None = None
        self._signature: Signature | None = None
        """Of the last text or call: follows in a block of its own, if another one follows."""
        self._begun = False
        self._called = False
        self._serial = Serial()
        self._done = False
        """True once the answer's end or its failure was written."""
        self._failed = False

    def feed(self, deltas: list[AnyDelta]) -> bytes:
        """The events that `deltas` stand for."""
        return b"".join([self._delta(delta) for delta in self._serial.feed(deltas)])

    def flush(self) -> bytes:
        """The usage, which closes the stream."""
        if self._failed:
            return b""
        if not self._done:
            return self._fail(Failed(error=CUT))
        metadata: dict[str, Any] = {
            "usage": render_usage(self._usage or Usage()),
            "metrics": {"latencyMs": 0},
        }
        if self._tier in ("default", "priority", "flex", "reserved"):
            metadata["serviceTier"] = {"type": self._tier}
        return event("metadata", metadata)

    def _delta(self, delta: AnyDelta) -> bytes:
        if type(delta) is TextDelta:
            return self._text(delta.text, delta.part) if not delta.choice else b""
        # Whatever belongs to a choice says so; the rest belongs to the whole answer.
        if self._failed or getattr(delta, "choice", None):
            return b""
        write = WRITERS.get(type(delta))
        return write(self, delta) if write else b""

    def _opening(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        return START

    def _begin(self, delta: Begin) -> bytes:
        self._usage = delta.usage
        self._tier = delta.service_tier
        return self._opening()

    def _text(self, text: str, part: int) -> bytes:
        prefix, block = self._block(part, "text")
        return prefix + block.text(text)

    def _open(
        self, part: int, kind: str, start: Mapping[str, Any] | None = None
    ) -> tuple[bytes, Block]:
        """(what comes before its first delta, the new block)."""
        prefix = self._opening() + self._close() + self._carry()
        block = self._blocks[part] = self._current = self._new(kind)
        if start is not None:
            value = {"contentBlockIndex": block.index, "start": {kind: start}}
            prefix += event("contentBlockStart", value)
        return prefix, block

    def _new(self, kind: str) -> Block:
        self._count += 1
        self._last_kind = kind
        return Block(self._count - 1, kind)

    def _block(self, part: int, kind: str) -> tuple[bytes, Block]:
        """The block of a part; what comes after its end has another one."""
        block = self._blocks.get(part)
        if block is None or (block.kind == kind and not block.open):
            return self._open(part, kind)
        return b"", block

    def _close(self) -> bytes:
        current, self._current = self._current, None
        if current is None or not current.open:
            return b""
        return current.close()

    def _cite(self, delta: CitationDelta) -> bytes:
        prefix, block = self._block(delta.part, "text")
        return prefix + block.delta({"citation": render_citation(delta.citation)})

    def _think(self, delta: ThinkingDelta) -> bytes:
        prefix, block = self._block(delta.part, "reasoningContent")
        return prefix + block.delta({"reasoningContent": {"text": delta.text}})

    def _sign(self, delta: SignatureDelta) -> bytes:
        """Only thoughts have a place for a signature."""
        prefix, block = self._block(delta.part, "reasoningContent")
        if block.kind == "reasoningContent":
            return prefix + _vouch(block, delta.signature)
        self._signature = delta.signature
        return prefix

    def _announce(self, signature: Signature) -> bytes:
        """Says a call's signature in the thought before it."""
        prefix, block = b"", self._current
        if block is None or not block.open or block.kind != "reasoningContent" or block.signed:
            prefix, block = self._open(-1, "reasoningContent")
        return prefix + _vouch(block, of_next(signature))

    def _carry(self) -> bytes:
        """The block that carries the signature of the one before."""
        signature, self._signature = self._signature, None
        if signature is None:
            return b""
        block = self._new("reasoningContent")
        thought = {"reasoningContent": render_thinking(carrier(signature))}
        return block.delta(thought) + block.close()

    def _refuse(self, delta: RefusalDelta) -> bytes:
        return self._text(delta.text, delta.part)

    def _speak(self, delta: AudioDelta) -> bytes:
        """The format has no sound in a stream; what was said is shown."""
        return self._text(delta.transcript, delta.part) if delta.transcript else b""

    def _call(self, delta: ToolCallBegin) -> bytes:
        self._called = True
        before = b"" if delta.signature is None else self._announce(delta.signature)
        start = {"toolUseId": fit_id(delta.id), "name": delta.name}
        return before + self._open(delta.part, "toolUse", start)[0]

    def _arguments(self, delta: ArgumentsDelta) -> bytes:
        block = self._blocks.get(delta.part)
        if block is None or not block.open or not delta.text:
            return b""
        return block.delta({"toolUse": {"input": delta.text}})

    def _whole(self, delta: WholePart) -> bytes:
        match delta.value:
            case Text(text=text) | Refusal(text=text) | Audio(transcript=str() as text):
                return self._text(text, delta.part)
            case Thinking() as thought:
                prefix, block = self._open(delta.part, "reasoningContent")
                return prefix + b"".join(block.delta(value) for value in _thoughts(thought))
            case ToolCall() as call:
                return b"".join(map(self._delta, pieces(call, delta.part)))
            case Image(source=Data(media_type=media_type) as source) if media_type in IMAGE_TYPES:
                image = render_media("image", source)
                prefix, block = self._open(delta.part, "image", {"format": image["format"]})
                return prefix + block.delta({"image": {"source": image["source"]}})
        return b""

    def _part_end(self, delta: PartEnd) -> bytes:
        block = self._blocks.get(delta.part)
        if block is None or block is not self._current:
            return b""
        return self._close()

    def _end(self, delta: End) -> bytes:
        if self._done:
            return b""
        self._done = True
        reason = render_finish(delta.finish, self._called, delta.native)
        stop: dict[str, Any] = {"stopReason": reason}
        if "additionalModelResponseFields" in delta.native:
            stop["additionalModelResponseFields"] = delta.native["additionalModelResponseFields"]
        elif delta.stop_sequence is not None:
            stop["additionalModelResponseFields"] = {"stop_sequence": delta.stop_sequence}
        closing = self._close() + (self._carry() if self._last_kind == "toolUse" else b"")
        return self._opening() + closing + event("messageStop", stop)

    def _used(self, delta: Used) -> bytes:
        self._usage = delta.usage
        self._tier = delta.service_tier or self._tier
        return b""

    def _fail(self, delta: Failed) -> bytes:
        self._done = self._failed = True
        return exception_event(delta.error)


def _vouch(block: Block, signature: Signature) -> bytes:
    block.signed = True
    return block.delta({"reasoningContent": {"signature": seal(signature, FAMILY)}})


def _thoughts(thought: Thinking) -> list[dict[str, Any]]:
    """The deltas of a whole thought."""
    whole = render_thinking(thought)
    if "redactedContent" in whole:
        return [{"reasoningContent": whole}]
    return [{"reasoningContent": {name: text}} for name, text in whole["reasoningText"].items()]


WRITERS: dict[type, Any] = {
    Begin: Renderer._begin,
    CitationDelta: Renderer._cite,
    ThinkingDelta: Renderer._think,
    SignatureDelta: Renderer._sign,
    RefusalDelta: Renderer._refuse,
    AudioDelta: Renderer._speak,
    ToolCallBegin: Renderer._call,
    ArgumentsDelta: Renderer._arguments,
    WholePart: Renderer._whole,
    PartEnd: Renderer._part_end,
    End: Renderer._end,
    Used: Renderer._used,
    Failed: Renderer._fail,
}
