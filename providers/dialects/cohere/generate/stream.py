"""A stream of Cohere's Generate API: parsed, rendered, and watched as it passes by.

One JSON object a line; who asks for it by `accept: text/event-stream` gets the same objects as
server-sent events, one line each, too.
https://docs.cohere.com/v1/reference/generate-stream
"""

import re

import orjson

from providers.bridging.dialect import Context
from providers.bridging.provider_members import unread
from providers.bridging.watching import WatchingRelay
from providers.dialects.cohere.generate.errors import error_event, failure
from providers.dialects.cohere.generate.response import (
    finish_name,
    generation,
    parse_finish,
    parse_usage,
    render_meta,
)
from providers.dialects.cohere.generate.told import EVENT
from providers.errors import ApiError
from providers.neutral.chat import Finish
from providers.neutral.deltas import AnyDelta, Begin, Beside, End, Failed, TextDelta, Used
from providers.neutral.json_stream import JsonStreamParser
from providers.neutral.prompts import told
from providers.usage import Usage
from providers.wire import ndjson
from providers.wire.members import Json, dicts, string, whole

FIELDS = (b"event:", b"id:", b"retry:", b":")
"""Lines of server-sent events that hold no object."""


def line_of(line: bytes) -> bytes:
    """The object in a line, in either framing; empty: the line is none of ours."""
    if line.startswith(b"data:"):
        line = line[5:]
    elif line.startswith(FIELDS):
        return b""
    return b"" if line.strip() == b"[DONE]" else line


class GenerateParser(JsonStreamParser):
    """A provider's stream, from bytes to deltas."""

    def __init__(self) -> None:
        super().__init__(ndjson.Splitter())
        self._begun = False
        self._open: set[int] = set()

    def _piece(self, piece: bytes, out: list[AnyDelta], cut: bool = False) -> None:
        line = line_of(piece)
        if line:
            super()._piece(line, out, cut)

    def _said(self, said: Json, out: list[AnyDelta]) -> None:
        response = said.get("response")
        response = response if isinstance(response, dict) else {}
        if is_error(said):
            self._fail(failure(said), out)
            return
        if not self._begun:
            self._begun = True
            out.append(Begin(id=string(response.get("id")), model=""))
        names = unread(said, EVENT)
        out += [Beside(names=tuple(names))] if names else []
        if is_end(said):
            self._end(said, response, out)
            return
        text, index = said.get("text"), whole(said.get("index")) or 0
        if text and isinstance(text, str):
            self._open.add(index)
            out.append(TextDelta(text=text, part=0, choice=index))

    def _end(self, said: Json, response: Json, out: list[AnyDelta]) -> None:
        self._over = True
        usage = parse_usage(response.get("meta")) or parse_usage(said.get("meta"))
        if usage is not None:
            out.append(Used(usage=usage))
        finish = parse_finish(said.get("finish_reason")) or Finish.STOP
        ends = dict.fromkeys(self._open or {0}, finish)
        for position, one in enumerate(dicts(response.get("generations"))):
            index = whole(one.get("index"))
            reason = parse_finish(one.get("finish_reason"))
            ends[position if index is None else index] = reason or finish
        out += [End(finish=why, choice=index) for index, why in sorted(ends.items())]


def is_error(said: Json) -> bool:
    """Whether an event ends the stream with an error."""
    return said.get("event_type") == "stream-error" or bool(said.get("err"))


def is_end(said: Json) -> bool:
    """Whether an event ends the stream."""
    return said.get("event_type") == "stream-end" or said.get("is_finished") is True


class GenerateRenderer:
    """A client's stream, from deltas to bytes."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._id = context.id
        self._texts: dict[int, list[str]] = {}
        self._ends: dict[int, Finish] = {}
        self._usage: Usage | None = None
        self._failed = False

    def feed(self, deltas: list[AnyDelta]) -> bytes:
        """The lines that say `deltas`."""
        return b"".join([self._delta(delta) for delta in deltas])

    def flush(self) -> bytes:
        """The last line, which has every text as a whole."""
        if self._failed:
            return b""
        generations = [
            generation(self._id, index, "".join(self._texts.get(index, ())), self._ends.get(index))
            for index in sorted({*self._texts, *self._ends})
        ]
        end = {
            "event_type": "stream-end",
            "is_finished": True,
            "finish_reason": finish_name(self._ends.get(0)),
            "response": {
                "id": self._id,
                "prompt": string(self._context.echo.get("prompt")),
                "generations": generations,
                "meta": render_meta(self._usage),
            },
        }
        return _line(end)

    def _delta(self, delta: AnyDelta) -> bytes:
        if self._failed:
            return b""
        match delta:
            case Begin():
                self._id = delta.id or self._id
                self._usage = delta.usage or self._usage
            case Used():
                self._usage = delta.usage
            case End():
                self._ends[delta.choice] = delta.finish
            case Failed():
                self._failed = True
                return _line(error_event(delta.error))
            case _:
                return self._say(told(delta), getattr(delta, "choice", 0))
        return b""

    def _say(self, text: str, index: int) -> bytes:
        if not text:
            return b""
        self._texts.setdefault(index, []).append(text)
        said = {"event_type": "text-generation", "is_finished": False, "index": index}
        return _line({**said, "text": text})


def _line(said: Json) -> bytes:
    return ndjson.line(orjson.dumps(said))


# What makes a line worth parsing: the end, or an error.
MARKS = re.compile(rb'"is_finished":\s*true|"stream-e|"err"')


class GenerateRelay(WatchingRelay):
    """The last line has every text again, and counts."""

    WORDS = re.compile(rb'"text":\s*"((?:[^"\\]|\\.)*)')

    def __init__(self, shows_usage: bool) -> None:
        super().__init__(ndjson.Splitter(), b"\n")

    def _notable(self, data: bytes) -> bool:
        return MARKS.search(data) is not None

    def _object(self, piece: bytes) -> bytes:
        return line_of(piece)

    def _piece(self, piece: bytes) -> None:
        if self._notable(piece):
            self._read(piece)
        else:
            self._estimate(piece)

    def _said(self, said: Json) -> None:
        seen = self.seen
        if is_error(said):
            seen.error, seen.finish = failure(said), Finish.ERROR
        elif is_end(said):
            seen.finish = parse_finish(said.get("finish_reason")) or Finish.STOP
            response = said.get("response")
            meta = response.get("meta") if isinstance(response, dict) else None
            seen.usage = parse_usage(meta) or seen.usage

    def _render(self, error: ApiError) -> bytes:
        return _line(error_event(error))
