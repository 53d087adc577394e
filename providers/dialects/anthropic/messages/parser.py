"""A provider's stream, read (https://platform.claude.com/docs/en/build-with-claude/streaming)."""

from collections.abc import Callable
from typing import Any

import orjson

from providers.bridging.provider_members import unread
from providers.dialects.anthropic.errors import describe
from providers.dialects.anthropic.messages.citations import parse_citation
from providers.dialects.anthropic.messages.fields import Wrong, required
from providers.dialects.anthropic.messages.response import explained, native_of, parse_finish
from providers.dialects.anthropic.messages.searches import parse_block
from providers.dialects.anthropic.messages.told import BLOCK, ENDING, READ
from providers.dialects.anthropic.messages.usage import merge, parse_tier, parse_usage
from providers.dialects.anthropic.names import FAMILY
from providers.errors import CUT, ApiError, BadAnswer, Cause
from providers.neutral.chat import Part, Signature, Thinking, unseal
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
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
)
from providers.wire import sse
from providers.wire.members import Json, string

GARBLED = ApiError(
    status=502, cause=Cause.SERVER, message="the provider sent an event that cannot be understood"
)


class _Block:
    """A content block that has begun."""

    def __init__(self, part: int, kind: str, value: Json) -> None:
        self.part = part
        self.kind = kind
        self.value = value
        self.filled = False
        """True once a tool call has arguments."""
        self.json: list[str] = []
        """The input of a server tool's call, piece by piece."""
        self.citations: list[AnyDelta] = []
        """What it cites: each stands for the whole text, and may come before it."""


class MessagesParser:
    """From bytes to deltas; nothing that a provider sends raises."""

    def __init__(self) -> None:
        self._splitter = sse.Splitter()
        self._blocks: dict[int, _Block] = {}
        self._usage: Json = {}
        self._id = ""
        self._parts = 0
        self._begun = False
        self._ended = False
        self._closed = False
        """True once nothing may follow."""
        self._events: dict[str, Callable[[Json], list[AnyDelta]]] = {
            "content_block_delta": self._delta,
            "content_block_start": self._start,
            "content_block_stop": self._stop,
            "message_start": self._begin,
            "message_delta": self._end,
            "message_stop": self._message_stop,
            "ping": lambda event: [Ping()],
            "error": lambda event: self._fail(describe(event, None)),
        }
        self._deltas: dict[str, Callable[[_Block, Json], list[AnyDelta]]] = {
            "text_delta": _text,
            "thinking_delta": _thought,
            "signature_delta": _signature,
            "input_json_delta": _json,
            "citations_delta": _citation,
        }

    def feed(self, data: bytes) -> list[AnyDelta]:
        """The deltas that `data` completes."""
        if self._closed:
            return []
        try:
            events = self._splitter.feed(data)
        except BadAnswer as error:
            return self._fail(error.as_api_error())
        deltas: list[AnyDelta] = []
        for event in events:
            deltas += self._event(event)
        return deltas

    def flush(self) -> list[AnyDelta]:
        """At the end; a stream without `message_stop` or a stop reason has been cut."""
        deltas = [] if self._ended else self._last(self._splitter.flush())
        if self._closed:
            return deltas
        return deltas + self._message_stop({})

    def _last(self, rest: bytes) -> list[AnyDelta]:
        """The deltas of an event whose blank line never came."""
        deltas = self._event(rest)
        return [Failed(error=CUT)] if deltas == [Failed(error=GARBLED)] else deltas

    def _event(self, event: bytes) -> list[AnyDelta]:
        data = _data(event)
        if not data or self._closed:
            return []
        try:
            value = orjson.loads(data)
            handler = self._events.get(value["type"])
            deltas = handler(value) if handler else []
            return deltas if self._begun else self._preceded(deltas)
        except (ValueError, TypeError, KeyError, AttributeError, Wrong):
            return self._fail(GARBLED)

    def _preceded(self, deltas: list[AnyDelta]) -> list[AnyDelta]:
        """`deltas` of a stream that has not begun; some compatible servers forget to."""
        if not deltas or isinstance(deltas[0], Failed):
            return deltas
        if isinstance(deltas[0], Ping):
            return []
        self._begun = True
        return [Begin(id="", model=""), *deltas]

    def _fail(self, error: ApiError) -> list[AnyDelta]:
        self._closed = True
        return [Failed(error=error)]

    def _begin(self, event: Json) -> list[AnyDelta]:
        if self._begun:
            return []
        message = event["message"]
        self._begun = True
        self._usage = merge({}, message.get("usage"))
        self._id = str(message.get("id") or "")
        return [
            Begin(
                id=self._id,
                model=str(message.get("model") or ""),
                # The prompt's count is final, the answer's has only begun.
                usage=parse_usage(self._usage, estimated=True),
                service_tier=parse_tier(self._usage),
            ),
            *_beside(unread(message, READ)),
        ]

    def _start(self, event: Json) -> list[AnyDelta]:
        value = event["content_block"]
        block = _Block(self._parts, value["type"], value)
        self._parts += 1
        self._blocks[event["index"]] = block
        beside = _beside(unread(event, BLOCK))
        return beside + self._started(block, value)

    def _started(self, block: _Block, value: Json) -> list[AnyDelta]:
        match block.kind:
            case "text":
                for citation in value.get("citations") or ():
                    _citation(block, {"citation": citation})
                return [TextDelta(text=string(value.get("text")), part=block.part)]
            case "thinking":
                return _begin_thinking(block)
            case "redacted_thinking":
                part: Part = Thinking(redacted=unseal(value["data"], FAMILY))
                return [WholePart(value=part, part=block.part)]
            case "tool_use":
                return self._call(block)
        return []

    def _call(self, block: _Block) -> list[AnyDelta]:
        value = block.value
        begin = ToolCallBegin(
            id=string(value.get("id")) or f"toolu_{self._id}_{block.part}",
            name=required(value, "name", str),
            part=block.part,
        )
        # Compatible servers put whole arguments here, where Anthropic has an empty object.
        block.filled = bool(value.get("input"))
        if not block.filled:
            return [begin]
        return [begin, ArgumentsDelta(text=orjson.dumps(value["input"]).decode(), part=block.part)]

    def _delta(self, event: Json) -> list[AnyDelta]:
        delta = event["delta"]
        block = self._blocks.get(event["index"])
        if block is None:
            return self._unbegun(event, delta)
        handler = self._deltas.get(delta["type"])
        if handler is not None:
            return handler(block, delta)
        if block.kind not in KINDS:
            _grow(block.value, delta)
        return []

    def _unbegun(self, event: Json, delta: Json) -> list[AnyDelta]:
        """A delta of a block that was never begun, as some compatible servers send it."""
        kind = {"text_delta": "text", "thinking_delta": "thinking"}.get(delta["type"])
        if kind is None:
            return []
        start = {"index": event["index"], "content_block": {"type": kind}}
        return self._start(start) + self._delta(event)

    def _stop(self, event: Json) -> list[AnyDelta]:
        block = self._blocks.get(event["index"])
        if block is None:
            return []
        end = PartEnd(part=block.part)
        if block.kind == "tool_use" and not block.filled:
            return [ArgumentsDelta(text="{}", part=block.part), end]
        if block.kind in KINDS:
            return [*_cited(block), end]
        if block.json:
            block.value["input"] = orjson.loads("".join(block.json) or "{}")
        return [WholePart(value=parse_block(block.value), part=block.part), end]

    def _end(self, event: Json) -> list[AnyDelta]:
        self._usage = merge(self._usage, event.get("usage"))
        deltas = _beside(unread(event, ENDING))
        usage = parse_usage(self._usage)
        if usage is not None:
            deltas.append(Used(usage=usage, service_tier=parse_tier(event.get("usage"))))
        delta = event.get("delta") or {}
        finish = parse_finish(delta.get("stop_reason"))
        if finish is not None and not self._ended:
            self._ended = True
            for block in self._blocks.values():
                deltas += _cited(block)
            sequence = delta.get("stop_sequence")
            if not self._parts:
                deltas += [RefusalDelta(text=words.text, part=0) for words in explained(delta)]
            deltas.append(End(finish=finish, stop_sequence=sequence, native=native_of(delta)))
        return deltas

    def _message_stop(self, event: Json) -> list[AnyDelta]:
        if not self._ended:
            return self._fail(CUT)
        self._closed = True
        return []


KINDS = frozenset({"text", "thinking", "redacted_thinking", "tool_use"})
"""Blocks that become parts of the neutral conversation."""


def _beside(names: list[str]) -> list[AnyDelta]:
    return [Beside(names=tuple(names))] if names else []


def _data(event: bytes) -> bytes:
    """The data of a raw event; Anthropic's own form is cut without a search for line ends."""
    start = event.find(b"\ndata: ")
    if start > 0 and event.startswith(b"event: ") and event.find(b"\n") == start:
        end = event.find(b"\n", start + 7)
        if end == len(event) - 2:
            return event[start + 7 : end]
    return sse.parse(event)[1]


def _begin_thinking(block: _Block) -> list[AnyDelta]:
    deltas: list[AnyDelta] = [
        ThinkingDelta(text=string(block.value.get("thinking")), part=block.part)
    ]
    signature = block.value.get("signature")
    if signature:
        deltas.append(SignatureDelta(signature=unseal(signature, FAMILY), part=block.part))
    return deltas


def _text(block: _Block, delta: Json) -> list[AnyDelta]:
    return [TextDelta(text=string(delta["text"]), part=block.part)]


def _thought(block: _Block, delta: Json) -> list[AnyDelta]:
    return [ThinkingDelta(text=string(delta["thinking"]), part=block.part)]


def _signature(block: _Block, delta: Json) -> list[AnyDelta]:
    signature: Signature = unseal(delta["signature"], FAMILY)
    return [SignatureDelta(signature=signature, part=block.part)] if signature.value else []


def _citation(block: _Block, delta: Json) -> list[AnyDelta]:
    citation = parse_citation(delta["citation"])
    block.citations.append(CitationDelta(citation=citation, part=block.part))
    return []


def _cited(block: _Block) -> list[AnyDelta]:
    """The citations of a block whose text is complete."""
    deltas, block.citations = block.citations, []
    return deltas


def _json(block: _Block, delta: Json) -> list[AnyDelta]:
    text = string(delta["partial_json"])
    if block.kind != "tool_use":
        block.json.append(text)
        return []
    if not text:
        return []
    block.filled = True
    return [ArgumentsDelta(text=text, part=block.part)]


def _grow(value: Json, delta: Json) -> None:
    """Adds a delta of a kind that only this dialect knows to its block."""
    for name, piece in delta.items():
        known: Any = value.get(name)
        if name == "type":
            continue
        value[name] = known + piece if isinstance(known, str) and isinstance(piece, str) else piece
