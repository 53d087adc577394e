"""A client's stream, written (https://platform.claude.com/docs/en/build-with-claude/streaming).

Blocks come one after the other, each with start, deltas and stop; usage comes twice: what is known
at the start, and all of it in `message_delta`, where the SDK overwrites.
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from providers.bridging.dialect import Context
from providers.dialects.anthropic.errors import error_event
from providers.dialects.anthropic.messages.citations import render_citation
from providers.dialects.anthropic.messages.content import tool_id
from providers.dialects.anthropic.messages.response import render_blocks, render_thinking, stop_of
from providers.dialects.anthropic.messages.searches import CALL
from providers.dialects.anthropic.messages.usage import render_usage, with_tier
from providers.dialects.anthropic.names import FAMILY
from providers.neutral.carriers import carrier, of_next
from providers.neutral.chat import Finish, Refusal, Signature, Text, Thinking, ToolCall, seal
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    AudioDelta,
    Begin,
    Beside,
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
    pieces,
)
from providers.neutral.serial import Serial
from providers.usage import Usage
from providers.wire.members import Json

PING = b'event: ping\ndata: {"type":"ping"}\n\n'
STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'

TEXT = '"delta":{"type":"text_delta","text":'
THOUGHT = '"delta":{"type":"thinking_delta","thinking":'
ARGUMENTS = '"delta":{"type":"input_json_delta","partial_json":'

HEADS = {"text": TEXT, "thinking": THOUGHT, "tool_use": ARGUMENTS}
EMPTY: Mapping[str, Json] = {
    "text": {"type": "text", "text": ""},
    "thinking": {"type": "thinking", "thinking": "", "signature": ""},
}


def _event(name: str, body: Json) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps({"type": name, **body}))


class MessagesRenderer:
    """From deltas to bytes; of several choices the first."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._out: list[bytes] = []
        self._usage: Usage | None = None
        self._tier: str | None = None
        self._end: End | None = None
        self._id = ""
        self._started = False
        self._failed = False
        self._next = 0
        """The index of the next block."""
        self._open: int | None = None
        """The part whose block is open."""
        self._kind = ""
        self._head = b""
        """What a delta of the open block begins with."""
        self._written = False
        """True once the open block has content."""
        self._is_signed = False
        """True once the open block, a thought, has its signature."""
        self._signature: Signature | None = None
        """Of the last text or tool call: follows in a block of its own, if another one follows."""
        self._called = False
        self._signable: set[int] = set()
        """Parts whose signatures need blocks of their own: texts and tool calls."""
        self._serial = Serial()
        self._write: dict[type, Callable[[Any], None]] = {
            Begin: self._begin,
            TextDelta: self._text,
            RefusalDelta: self._text,
            AudioDelta: self._audio,
            ThinkingDelta: self._thinking,
            SignatureDelta: self._sign,
            CitationDelta: self._cite,
            ToolCallBegin: self._call,
            ArgumentsDelta: self._arguments,
            WholePart: self._whole,
            PartEnd: self._part_end,
            End: self._finish,
            Used: self._used,
            Beside: lambda delta: None,
            Ping: self._ping,
            Failed: self._fail,
        }

    def feed(self, deltas: list[AnyDelta]) -> bytes:
        """The events of `deltas`."""
        for delta in self._serial.feed(deltas):
            if not self._failed and not getattr(delta, "choice", 0):
                self._write[type(delta)](delta)
        out, self._out = self._out, []
        return out[0] if len(out) == 1 else b"".join(out)

    def flush(self) -> bytes:
        """The end of the message: only now is the usage known for sure."""
        if self._failed:
            return b""
        self._start()
        self._close()
        if self._kind == "tool_use":
            self._carry()
        end = self._end or End(finish=Finish.STOP)
        # Some providers stop plainly where they call tools.
        called = end.finish is Finish.STOP and self._called
        finish = Finish.TOOL_CALLS if called else end.finish
        stop = stop_of(finish, end.stop_sequence, dict(end.native))
        usage = with_tier(render_usage(self._usage), self._tier)
        self._out.append(_event("message_delta", {"delta": stop, "usage": usage}))
        self._out.append(STOP)
        out, self._out = self._out, []
        return b"".join(out)

    def _begin(self, delta: Begin) -> None:
        if self._started:
            return
        self._started = True
        self._usage = delta.usage or self._usage
        self._id = delta.id or self._context.id
        message: Json = {
            "id": self._id,
            "type": "message",
            "role": "assistant",
            # Claude Code drops signed thoughts of another model than it asked for (2.1, 2026-11).
            "model": self._context.model or delta.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": with_tier(render_usage(self._usage), delta.service_tier),
        }
        self._out.append(_event("message_start", {"message": message}))

    def _start(self) -> None:
        if not self._started:
            self._begin(Begin(id="", model=""))

    def _enter(self, part: int, kind: str, block: Json) -> None:
        """Opens the block of a part; an open one is closed first."""
        self._start()
        self._close()
        self._carry()
        index = self._next
        self._next += 1
        self._open, self._kind = part, kind
        self._written = self._is_signed = False
        self._head = (
            'event: content_block_delta\ndata: {"type":"content_block_delta",'
            f'"index":{index},{HEADS[kind]}'
        ).encode()
        self._out.append(_event("content_block_start", {"index": index, "content_block": block}))

    def _close(self) -> None:
        if self._open is None:
            return
        # A client that joins the pieces must find JSON.
        if self._kind == "tool_use" and not self._written:
            self._out.append(self._head + b'"{}"}}\n\n')
        self._out.append(_event("content_block_stop", {"index": self._next - 1}))
        self._open = None

    def _carry(self) -> None:
        """The block that carries the signature of the one before."""
        signature, self._signature = self._signature, None
        if signature is not None:
            self._block(render_thinking(carrier(signature)))

    def _block(self, block: Json) -> None:
        """A block that comes whole."""
        self._start()
        self._close()
        self._carry()
        index = self._next
        self._next += 1
        said = block.get("input") if block["type"] == CALL else None
        begun = block if said is None else {**block, "input": {}}
        self._out.append(_event("content_block_start", {"index": index, "content_block": begun}))
        if said is not None:  # clients read what is called out of deltas
            text = orjson.dumps(said).decode()
            self._inner({"type": "input_json_delta", "partial_json": text})
        self._out.append(_event("content_block_stop", {"index": index}))

    def _text(self, delta: TextDelta | RefusalDelta) -> None:
        self._append(delta.part, "text", delta.text)

    def _audio(self, delta: AudioDelta) -> None:
        if delta.transcript:
            self._append(delta.part, "text", delta.transcript)

    def _thinking(self, delta: ThinkingDelta) -> None:
        self._append(delta.part, "thinking", delta.text)

    def _append(self, part: int, kind: str, text: str) -> None:
        if self._open != part:
            self._enter(part, kind, EMPTY[kind])
            if kind == "text":
                self._signable.add(part)
        if text:
            self._written = True
            self._out.append(self._head + orjson.dumps(text) + b"}}\n\n")

    def _sign(self, delta: SignatureDelta) -> None:
        if delta.part in self._signable:
            self._signature = delta.signature
            return
        if self._open != delta.part:
            self._enter(delta.part, "thinking", EMPTY["thinking"])
        self._vouch(delta.signature)

    def _vouch(self, signature: Signature) -> None:
        self._is_signed = True
        self._inner({"type": "signature_delta", "signature": seal(signature, FAMILY)})

    def _announce(self, signature: Signature) -> None:
        """Says a call's signature in the thought before it."""
        if self._open is None or self._kind != "thinking" or self._is_signed:
            self._enter(-1, "thinking", EMPTY["thinking"])
        self._vouch(of_next(signature))

    def _cite(self, delta: CitationDelta) -> None:
        if self._open != delta.part:
            self._enter(delta.part, "text", EMPTY["text"])
        self._inner({"type": "citations_delta", "citation": render_citation(delta.citation)})

    def _inner(self, delta: Json) -> None:
        body = {"index": self._next - 1, "delta": delta}
        self._out.append(_event("content_block_delta", body))

    def _call(self, delta: ToolCallBegin) -> None:
        if delta.signature is not None:
            self._announce(delta.signature)
        block = {"type": "tool_use", "id": tool_id(delta.id), "name": delta.name, "input": {}}
        self._enter(delta.part, "tool_use", block)
        self._called = True
        self._signable.add(delta.part)

    def _arguments(self, delta: ArgumentsDelta) -> None:
        if self._open == delta.part and delta.text:
            self._written = True
            self._out.append(self._head + orjson.dumps(delta.text) + b"}}\n\n")

    def _whole(self, delta: WholePart) -> None:
        part = delta.value
        match part:
            case Text(text=text) | Refusal(text=text):
                self._append(delta.part, "text", text)
                for citation in part.citations if isinstance(part, Text) else ():
                    self._cite(CitationDelta(citation=citation, part=delta.part))
                self._signature = part.signature if isinstance(part, Text) else None
            case Thinking(redacted=None):
                self._append(delta.part, "thinking", part.text)
                if part.signature is not None:
                    self._sign(SignatureDelta(signature=part.signature, part=delta.part))
            case ToolCall():
                for piece in pieces(part, delta.part):
                    self._write[type(piece)](piece)
            case _:
                for block in render_blocks(part, f"{self._id}_{self._next}"):
                    self._block(block)

    def _part_end(self, delta: PartEnd) -> None:
        if self._open == delta.part:
            self._close()

    def _finish(self, delta: End) -> None:
        self._end = self._end or delta

    def _used(self, delta: Used) -> None:
        self._usage = delta.usage
        self._tier = delta.service_tier or self._tier

    def _ping(self, delta: Ping) -> None:
        if self._started:
            self._out.append(PING)

    def _fail(self, delta: Failed) -> None:
        self._failed = True
        self._out.append(error_event(delta.error))
