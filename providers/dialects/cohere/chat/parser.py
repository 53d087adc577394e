"""A provider's Cohere chat stream, from bytes to deltas.

https://docs.cohere.com/v2/docs/streaming
"""

from collections.abc import Callable
from typing import Any

from providers.bridging.provider_members import unread
from providers.dialects.cohere.chat.answers import parse_finish, parse_logprobs, parse_usage
from providers.dialects.cohere.chat.citations import PLAN, THOUGHT, parse_citation
from providers.dialects.cohere.chat.content import PLAIN
from providers.dialects.cohere.chat.errors import failure
from providers.dialects.cohere.chat.response import parse_call
from providers.dialects.cohere.chat.told import CITED, EVENT
from providers.neutral.chat import Finish
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    Begin,
    Beside,
    CitationDelta,
    End,
    PartEnd,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
)
from providers.neutral.json_stream import SseStreamParser
from providers.wire.members import Json


def _inner(value: Any, *names: str) -> Json:
    """The object at a path; an empty one where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _index(said: Json) -> int:
    index = said.get("index")
    return index if isinstance(index, int) else 0


class CohereStreamParser(SseStreamParser):
    """A provider's stream, from bytes to deltas."""

    def __init__(self) -> None:
        super().__init__()
        self._begun = False
        self._count = 0
        self._texts: dict[int, int] = {}
        """Index of a content block → part; -1 is the tool plan."""
        self._thoughts: dict[int, int] = {}
        self._calls: dict[int, int] = {}
        self._silent: set[int] = set()
        """Calls without arguments so far, by part."""

    def _said(self, said: Json, out: list[AnyDelta]) -> None:
        kind = said.get("type")
        if kind == "content-delta" and self._begun:
            self._content(said, out)
            return
        handler = HANDLERS.get(kind) if isinstance(kind, str) else None
        if handler is None:
            self._foreign(said, out)
            return
        if not self._begun:
            self._begun = True
            id = said.get("id")
            out.append(Begin(id=id if isinstance(id, str) else "", model=""))
        if kind != "tool-call-delta":
            _beside(unread(said, EVENT), out)
        handler(self, said, out)

    def _foreign(self, said: Json, out: list[AnyDelta]) -> None:
        """An event of no known type is ignored, unless it is a proxy's error."""
        words = said.get("error") or said.get("message")
        if said.get("type") in (None, "error") and words:
            self._fail(failure("ERROR", _inner(words).get("message") or words), out)

    def _part(self, parts: dict[int, int], index: int) -> int:
        """The part of a block; a new one where it has none."""
        part = parts.get(index)
        if part is None:
            part = parts[index] = self._count
            self._count += 1
        return part

    def _start(self, said: Json, out: list[AnyDelta]) -> None:
        """Of the beginnings only `Begin` is told; a part begins with its first words."""

    def _content(self, said: Json, out: list[AnyDelta]) -> None:
        content = _inner(said.get("delta"), "message", "content")
        text, thinking = content.get("text"), content.get("thinking")
        if isinstance(text, str) and text:
            logprobs = parse_logprobs(said["logprobs"]) if said.get("logprobs") else None
            part = self._part(self._texts, _index(said))
            out.append(TextDelta(text=text, part=part, logprobs=logprobs))
        elif isinstance(thinking, str) and thinking:
            part = self._part(self._thoughts, _index(said))
            out.append(ThinkingDelta(part=part, text=thinking))

    def _content_end(self, said: Json, out: list[AnyDelta]) -> None:
        index = _index(said)
        if index in self._thoughts:
            part = self._thoughts.pop(index)
            out.append(SignatureDelta(signature=PLAIN, part=part))
            out.append(PartEnd(part=part))

    def _plan(self, said: Json, out: list[AnyDelta]) -> None:
        text = _inner(said.get("delta"), "message").get("tool_plan")
        if isinstance(text, str) and text:
            out.append(TextDelta(text=text, part=self._part(self._texts, -1)))

    def _call(self, said: Json, out: list[AnyDelta]) -> None:
        message = _inner(said.get("delta"), "message")
        index = _index(said)
        raw = message.get("tool_calls")
        raw = raw[0] if isinstance(raw, list) and raw else raw
        if index in self._calls or not isinstance(raw, dict):
            return
        call = parse_call(raw, f"call_{index}")
        part = self._part(self._calls, index)
        out.append(ToolCallBegin(id=call.id, name=call.name, part=part))
        self._silent.add(part)
        self._arguments(said, out)

    def _arguments(self, said: Json, out: list[AnyDelta]) -> None:
        calls = _inner(said.get("delta"), "message").get("tool_calls")
        calls = calls[0] if isinstance(calls, list) and calls else calls
        text = _inner(calls, "function").get("arguments")
        part = self._calls.get(_index(said))
        if part is not None and isinstance(text, str) and text:
            self._silent.discard(part)
            out.append(ArgumentsDelta(text=text, part=part))

    def _call_end(self, said: Json, out: list[AnyDelta]) -> None:
        part = self._calls.get(_index(said))
        if part is not None:
            self._fill(part, out)
            out.append(PartEnd(part=part))

    def _fill(self, part: int, out: list[AnyDelta]) -> None:
        if part in self._silent:
            self._silent.discard(part)
            out.append(ArgumentsDelta(text="{}", part=part))

    def _citation(self, said: Json, out: list[AnyDelta]) -> None:
        item = _inner(said.get("delta"), "message").get("citations")
        for one in item if isinstance(item, list) else [item]:
            if isinstance(one, dict) and one.get("type") == THOUGHT:
                _beside([CITED], out)
            elif isinstance(one, dict):
                part = self._cited(one, out)
                out += [CitationDelta(citation=each, part=part) for each in parse_citation(one)]

    def _cited(self, item: Json, out: list[AnyDelta]) -> int:
        """The text that a citation is of."""
        index = item.get("content_index")
        index = index if isinstance(index, int) else 0
        if item.get("type") == PLAN:
            index = -1
        if index not in self._texts and self._texts:
            return next(iter(self._texts.values()))
        if index not in self._texts:
            out.append(TextDelta(text="", part=self._part(self._texts, index)))
        return self._texts[index]

    def _end(self, said: Json, out: list[AnyDelta]) -> None:
        delta = _inner(said.get("delta"))
        usage = parse_usage(delta.get("usage"))
        reason, error = delta.get("finish_reason"), delta.get("error")
        finish = parse_finish(reason)
        if usage is not None:
            out.append(Used(usage=usage))
        if error or finish is Finish.ERROR:
            self._fail(failure(reason, error), out)
            return
        self._over = True
        for part in sorted(self._silent):
            self._fill(part, out)
        if finish is Finish.STOP and self._calls:
            finish = Finish.TOOL_CALLS
        out.append(End(finish=finish))


def _beside(names: list[str], out: list[AnyDelta]) -> None:
    if names:
        out.append(Beside(names=tuple(names)))


HANDLERS: dict[str, Callable[[CohereStreamParser, Json, list[AnyDelta]], None]] = {
    "message-start": CohereStreamParser._start,
    "content-start": CohereStreamParser._content,
    "content-delta": CohereStreamParser._content,
    "content-end": CohereStreamParser._content_end,
    "tool-plan-delta": CohereStreamParser._plan,
    "tool-call-start": CohereStreamParser._call,
    "tool-call-delta": CohereStreamParser._arguments,
    "tool-call-end": CohereStreamParser._call_end,
    "citation-start": CohereStreamParser._citation,
    "message-end": CohereStreamParser._end,
}
