"""A client's Ollama chat stream, from deltas to bytes.

https://docs.ollama.com/api/streaming
"""

from collections.abc import Callable
from typing import Any

import orjson

from providers.bridging.dialect import Context
from providers.dialects.ollama.answers import moment, render_logprobs, render_usage
from providers.dialects.ollama.chat.calls import render_call
from providers.dialects.ollama.errors import error_line
from providers.dialects.ollama.names import SHOWN
from providers.errors import CUT
from providers.neutral.chat import Audio, Finish, Refusal, Text, Thinking, ToolCall
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    AudioDelta,
    Begin,
    End,
    Failed,
    PartEnd,
    RefusalDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
)
from providers.neutral.serial import SPEAKING, Serial
from providers.usage import Usage
from providers.wire import ndjson
from providers.wire.members import Json


class OllamaStreamRenderer:
    """A client's stream, from deltas to bytes; of several choices the first."""

    TEXT = b',"message":{"role":"assistant","content":'
    GOES_ON = b'},"done":false}'
    """What stands before and after the text of a line."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._head = b""
        """A line up to what it says."""
        self._text = b""
        """A line with text, up to the text."""
        self._failed = False
        self._calls: dict[int, tuple[str, str, list[str]]] = {}
        """Part → (id, name, arguments so far) of a call that is still being told."""
        self._serial = Serial()
        self._told = 0
        """Calls that were told."""
        self._usage: Usage | None = None
        self._finish: Finish | None = None

    def feed(self, deltas: list[AnyDelta]) -> bytes:
        """The lines that say `deltas`."""
        return b"".join([self._delta(delta) for delta in self._serial.feed(deltas)])

    def flush(self) -> bytes:
        """What closes the stream."""
        if self._failed:
            return b""
        if self._finish is None:
            return error_line(CUT)
        end = {"done": True, "done_reason": SHOWN[self._finish], **render_usage(self._usage)}
        return self._line({**self._said(""), **end})

    def _delta(self, delta: AnyDelta) -> bytes:
        if self._failed or getattr(delta, "choice", 0) != 0:
            return b""
        if self._calls and type(delta) in SPEAKING:
            # One part comes after the other, though not everybody says that one is complete.
            return self._complete() + self._handle(delta)
        if type(delta) is TextDelta and self._text and delta.logprobs is None:
            text = delta.text
            return ndjson.line(self._text + orjson.dumps(text) + self.GOES_ON) if text else b""
        return self._handle(delta)

    def _handle(self, delta: AnyDelta) -> bytes:
        handler = HANDLERS.get(type(delta))
        return b"" if handler is None else handler(self, delta)

    def _begin(self, delta: Begin) -> bytes:
        if not self._head:
            head = orjson.dumps(
                {
                    "model": delta.model or self._context.model,
                    "created_at": moment(delta.created or self._context.now),
                }
            )
            self._head = head[:-1]
            self._text = self._head + self.TEXT
        self._usage = delta.usage or self._usage
        return b""

    def _said(self, content: str, **members: Any) -> Json:
        return {"message": {"role": "assistant", "content": content, **members}}

    def _line(self, members: Json) -> bytes:
        if not self._head:
            self._begin(Begin(id="", model=""))
        return ndjson.line(self._head + b"," + orjson.dumps(members)[1:])

    def _say(self, content: str = "", **members: Any) -> bytes:
        return self._line({**self._said(content, **members), "done": False})

    def _texts(self, delta: TextDelta) -> bytes:
        if not delta.text:
            return b""
        logprobs = render_logprobs(delta.logprobs)
        if not logprobs:
            return self._say(delta.text)
        return self._line({**self._said(delta.text), "done": False, "logprobs": logprobs})

    def _refusal(self, delta: RefusalDelta) -> bytes:
        return self._say(delta.text) if delta.text else b""

    def _transcript(self, delta: AudioDelta) -> bytes:
        return self._say(delta.transcript) if delta.transcript else b""

    def _thinking(self, delta: ThinkingDelta) -> bytes:
        return self._say(thinking=delta.text) if delta.text else b""

    def _call(self, delta: ToolCallBegin) -> bytes:
        self._calls[delta.part] = (delta.id, delta.name, [])
        return b""

    def _arguments(self, delta: ArgumentsDelta) -> bytes:
        if delta.part in self._calls:
            self._calls[delta.part][2].append(delta.text)
        return b""

    def _part_end(self, delta: PartEnd) -> bytes:
        """Calls are told whole, so not before they end."""
        call = self._calls.pop(delta.part, None)
        if call is None:
            return b""
        id, name, pieces = call
        return self._tell(ToolCall(id=id, name=name, arguments="".join(pieces)))

    def _tell(self, call: ToolCall) -> bytes:
        rendered = render_call(call, self._told)
        self._told += 1
        return self._say(tool_calls=[rendered])

    def _whole(self, delta: WholePart) -> bytes:
        match delta.value:
            case ToolCall() as call:
                return self._tell(call)
            case Text(text=text) | Refusal(text=text) | Audio(transcript=str(text)):
                return self._say(text)
            case Thinking(text=text) if text:
                return self._say(thinking=text)
        return b""

    def _end(self, delta: End) -> bytes:
        self._finish = self._finish or delta.finish
        return self._complete()

    def _complete(self) -> bytes:
        return b"".join([self._part_end(PartEnd(part=part)) for part in sorted(self._calls)])

    def _used(self, delta: Used) -> bytes:
        self._usage = delta.usage
        return b""

    def _fail(self, delta: Failed) -> bytes:
        self._failed = True
        return error_line(delta.error)


HANDLERS: dict[type, Callable[[OllamaStreamRenderer, Any], bytes]] = {
    Begin: OllamaStreamRenderer._begin,
    TextDelta: OllamaStreamRenderer._texts,
    ThinkingDelta: OllamaStreamRenderer._thinking,
    RefusalDelta: OllamaStreamRenderer._refusal,
    AudioDelta: OllamaStreamRenderer._transcript,
    ToolCallBegin: OllamaStreamRenderer._call,
    ArgumentsDelta: OllamaStreamRenderer._arguments,
    WholePart: OllamaStreamRenderer._whole,
    PartEnd: OllamaStreamRenderer._part_end,
    End: OllamaStreamRenderer._end,
    Used: OllamaStreamRenderer._used,
    Failed: OllamaStreamRenderer._fail,
}
