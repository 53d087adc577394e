"""A stream of version 1: a JSON object in each line, the last one with the whole answer.

https://docs.cohere.com/v1/docs/streaming
"""

from collections.abc import Sequence
from typing import Any

import orjson

from providers.bridging.dialect import Context
from providers.dialects.cohere.chat_v1.response import (
    Said,
    answer,
    documents,
    parameters,
    render_citations,
)
from providers.dialects.cohere.overlong import TOO_LONG
from providers.errors import CUT, ApiError
from providers.neutral.chat import Citation, Finish, Text, ToolCall
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    Begin,
    CitationDelta,
    End,
    Failed,
    ToolCallBegin,
    Used,
    WholePart,
)
from providers.neutral.prompts import told
from providers.usage import Usage
from providers.wire import ndjson, overflow
from providers.wire.members import Json


class ChatRenderer:
    """A client's stream, from deltas to bytes; of several choices the first."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._id = context.id
        self._begun = False
        self._failed = False
        self._text: list[str] = []
        self._said: tuple[int, int, list[str]] = (-1, 0, [])
        """The last text part, where it begins in the answer, and its words so far."""
        self._size = 0
        self._calls: dict[int, tuple[str, list[str]]] = {}
        """Part → (name, arguments so far) of a call."""
        self._citations: list[Json] = []
        self._sources: list[Citation] = []
        self._usage: Usage | None = None
        self._finish: Finish | None = None

    def feed(self, deltas: list[AnyDelta]) -> bytes:
        """The lines that say `deltas`."""
        return b"".join([self._delta(delta) for delta in deltas])

    def flush(self) -> bytes:
        """The last line, which has the answer as a whole."""
        if self._failed:
            return b""
        if self._finish is None:
            return self._fail(CUT)
        calls = self._made()
        head = b""
        if calls:
            head = self._line("tool-calls-generation", text="".join(self._text), tool_calls=calls)
        whole = self._whole(calls, self._finish)
        reason = whole["finish_reason"]
        return head + self._line("stream-end", finish_reason=reason, response=whole)

    def _made(self) -> list[Json]:
        return [
            {"name": name, "parameters": parameters("".join(pieces))}
            for name, pieces in self._calls.values()
        ]

    def _whole(self, calls: list[Json], finish: Finish) -> Json:
        said = Said(
            id=self._id,
            text="".join(self._text),
            calls=calls,
            citations=self._citations,
            documents=documents(self._sources),
            finish=finish,
            usage=self._usage,
        )
        return answer(said, self._context)

    def _line(self, kind: str, **members: Any) -> bytes:
        head = b"" if self._begun else self._start()
        said = {"is_finished": kind == "stream-end", "event_type": kind, **members}
        return head + ndjson.line(orjson.dumps(said))

    def _start(self) -> bytes:
        self._begun = True
        return self._line("stream-start", generation_id=self._id)

    def _delta(self, delta: AnyDelta) -> bytes:
        if self._failed or getattr(delta, "choice", 0) != 0:
            return b""
        match delta:
            case Begin():
                self._id = delta.id or self._id
                self._usage = delta.usage or self._usage
                return b"" if self._begun else self._start()
            case Used():
                self._usage = delta.usage
            case End():
                self._finish = delta.finish
            case Failed():
                return self._fail(delta.error)
            case ToolCallBegin() | ArgumentsDelta() | WholePart(value=ToolCall()):
                return self._call(delta)
            case CitationDelta():
                return self._cite(delta)
            case _:
                return self._tell(delta)
        return b""

    def _tell(self, delta: AnyDelta) -> bytes:
        text = told(delta)
        if not text:
            return b""
        part = getattr(delta, "part", -1)
        if part != self._said[0]:
            self._said = (part, self._size, [])
        self._said[2].append(text)
        self._text.append(text)
        self._size += len(text)
        line = self._line("text-generation", text=text)
        if isinstance(delta, WholePart) and isinstance(delta.value, Text):
            cited = delta.value.citations
            return line + (self._cited(cited, text, self._said[1]) if cited else b"")
        return line

    def _call(self, delta: Any) -> bytes:
        match delta:
            case ToolCallBegin(name=name, part=part):
                self._calls[part] = name, []
                piece: Json = {"name": name}
            case WholePart(value=ToolCall() as call, part=part):
                self._calls[part] = call.name, [call.arguments]
                piece = {"name": call.name, "parameters": call.arguments}
            case _:
                part, piece = delta.part, {"parameters": delta.text}
                self._calls[part][1].append(delta.text)
        index = list(self._calls).index(part)
        return self._line("tool-calls-chunk", tool_call_delta={"index": index, **piece})

    def _cite(self, delta: CitationDelta) -> bytes:
        _, offset, said = self._said
        return self._cited([delta.citation], "".join(said), offset)

    def _cited(self, sources: Sequence[Citation], text: str, offset: int) -> bytes:
        citations = render_citations(sources, text, offset)
        self._sources += sources
        self._citations += citations
        return self._line("citation-generation", citations=citations)

    def _fail(self, error: ApiError) -> bytes:
        """The SDK has no event for errors only: the last one says what went wrong."""
        self._failed = True
        message = overflow.message(error, TOO_LONG)
        whole = {**self._whole([], Finish.ERROR), "error": message}
        return self._line("stream-end", finish_reason="ERROR", error=message, response=whole)
