"""A provider's Ollama chat stream, from bytes to deltas.

https://docs.ollama.com/api/streaming
"""

from typing import Any

from providers.bridging.members import Shape
from providers.bridging.provider_members import unread
from providers.dialects.ollama.answers import finish_of, parse_logprobs, seconds, usage_of
from providers.dialects.ollama.chat.calls import parse_call
from providers.dialects.ollama.chat.response import pictures
from providers.dialects.ollama.chat.told import MESSAGE, READ
from providers.dialects.ollama.errors import failure
from providers.dialects.ollama.names import PLAIN
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    Begin,
    Beside,
    End,
    PartEnd,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
)
from providers.neutral.json_stream import JsonStreamParser
from providers.wire import ndjson
from providers.wire.members import Json, dicts, string

USUAL = 2
"""Members of a message that says nothing but text."""


class OllamaStreamParser(JsonStreamParser):
    """A provider's stream, from bytes to deltas."""

    READ: Shape = READ
    """What is read of its last line."""

    def __init__(self) -> None:
        super().__init__(ndjson.Splitter())
        self._begun = False
        self._parts = 0
        self._kind = ""
        """Of the part that is being told."""
        self._calls = 0

    def _said(self, said: Json, out: list[AnyDelta]) -> None:
        if said.get("error"):
            self._fail(failure(said["error"]), out)
            return
        if not self._begun:
            self._begun = True
            created = seconds(said.get("created_at"))
            out.append(Begin(id="", model=string(said.get("model")), created=created))
        message = self._words(said)
        if isinstance(message, dict):
            self._message(message, said, out)
        if said.get("done") is True:
            self._end(said, out)

    def _words(self, said: Json) -> Any:
        """What a line says, in the form of a message."""
        return said.get("message")

    def _part(self, kind: str, out: list[AnyDelta]) -> int:
        """The part that more of `kind` belongs to: the running one, or a new one."""
        if self._kind != kind:
            self._close(out)
            self._kind = kind
            self._parts += 1
        return self._parts - 1

    def _close(self, out: list[AnyDelta]) -> None:
        if self._kind == "thinking":
            out.append(SignatureDelta(signature=PLAIN, part=self._parts - 1))
        if self._kind:
            out.append(PartEnd(part=self._parts - 1))
        self._kind = ""

    def _message(self, message: Json, said: Json, out: list[AnyDelta]) -> None:
        thinking, content = message.get("thinking"), message.get("content")
        if thinking and isinstance(thinking, str):
            out.append(ThinkingDelta(part=self._part("thinking", out), text=thinking))
        if content and isinstance(content, str):
            logprobs = parse_logprobs(said["logprobs"]) if said.get("logprobs") else None
            part = self._part("text", out)
            out.append(TextDelta(text=content, part=part, logprobs=logprobs))
        if len(message) > USUAL:
            names = unread(message, MESSAGE, "message.")
            out += [Beside(names=tuple(names))] if names else []
        if message.get("tool_calls"):
            self._call(message, string(said.get("created_at")), out)
        if message.get("images"):
            self._draw(message, out)

    def _call(self, message: Json, salt: str, out: list[AnyDelta]) -> None:
        """Calls come whole."""
        for raw in dicts(message.get("tool_calls")):
            call = parse_call(raw, salt, self._calls)
            self._calls += 1
            part = self._whole(out)
            out.append(ToolCallBegin(id=call.id, name=call.name, part=part))
            out.append(ArgumentsDelta(text=call.arguments, part=part))
            out.append(PartEnd(part=part))

    def _draw(self, message: Json, out: list[AnyDelta]) -> None:
        for image in pictures(message):
            out.append(WholePart(value=image, part=self._whole(out)))

    def _whole(self, out: list[AnyDelta]) -> int:
        """The number of a part that comes in one piece."""
        self._close(out)
        self._parts += 1
        return self._parts - 1

    def _end(self, said: Json, out: list[AnyDelta]) -> None:
        self._over = True
        self._close(out)
        names = unread(said, self.READ)
        out += [Beside(names=tuple(names))] if names else []
        usage = usage_of(said)
        if usage is not None:
            out.append(Used(usage=usage))
        finish = finish_of(said, self._calls > 0)
        assert finish is not None
        out.append(End(finish=finish))
