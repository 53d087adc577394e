"""A stream of completions: parsed, rendered, and watched as it passes by.

https://platform.openai.com/docs/api-reference/completions/streaming
"""

import re
from typing import Any

import orjson

from providers.bridging.dialect import Context, Seen
from providers.bridging.estimate import Words
from providers.bridging.provider_members import unread
from providers.dialects.openai.answers import DONE, seconds
from providers.dialects.openai.completions.logprobs import parse_logprobs, render_logprobs
from providers.dialects.openai.completions.response import finish_name, said_of
from providers.dialects.openai.completions.told import READ
from providers.dialects.openai.finish import parse_finish
from providers.dialects.openai.usage import parse_usage, render_usage
from providers.errors import CUT, BadAnswer
from providers.neutral.chat import Finish
from providers.neutral.deltas import (
    AnyDelta,
    AudioDelta,
    Begin,
    Beside,
    End,
    Failed,
    Ping,
    RefusalDelta,
    TextDelta,
    Used,
    WholePart,
)
from providers.neutral.json_stream import SseStreamParser
from providers.neutral.prompts import told
from providers.usage import Usage
from providers.wire import sse
from providers.wire.compatible_errors import describe, error_event
from providers.wire.members import Json, dicts, string, whole


class CompletionsParser(SseStreamParser):
    """A provider's stream, from bytes to deltas."""

    def __init__(self) -> None:
        super().__init__()
        self._begun = False
        self._open: set[int] = set()
        self._ended: set[int] = set()

    def _complete(self) -> bool:
        """Usage follows the ends of the choices, so only the stream's own end is the last word."""
        return bool(self._ended) and self._open <= self._ended

    def _said(self, said: Json, out: list[AnyDelta]) -> None:
        if said.get("error"):
            self._fail(describe(said, None), out)
            return
        if not self._begun:
            self._begun = True
            id, model = string(said.get("id")), string(said.get("model"))
            out.append(Begin(id=id, model=model, created=seconds(said.get("created"))))
        names = unread(said, READ)
        out += [Beside(names=tuple(names))] if names else []
        for choice in dicts(said.get("choices")):
            self._choice(choice, out)
        usage = parse_usage(said.get("usage"))
        if usage is not None:
            out.append(Used(usage=usage))

    def _choice(self, choice: Json, out: list[AnyDelta]) -> None:
        index, text = whole(choice.get("index")) or 0, string(choice.get("text"))
        if index in self._ended:
            return
        self._open.add(index)
        if text:
            logprobs = parse_logprobs(choice.get("logprobs"))
            out.append(TextDelta(text=text, part=0, choice=index, logprobs=logprobs))
        finish = parse_finish(choice.get("finish_reason"))
        if finish is not None:
            self._ended.add(index)
            out.append(End(finish=finish, choice=index))


class CompletionsRenderer:
    """A client's stream, from deltas to bytes."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._head = b""
        self._usage: Usage | None = None
        self._offsets: dict[int, int] = {}
        self._failed = False

    def feed(self, deltas: list[AnyDelta]) -> bytes:
        """The events that say `deltas`."""
        return b"".join([self._delta(delta) for delta in deltas])

    def flush(self) -> bytes:
        """What closes the stream: the usage, where the client asked for it, and `[DONE]`."""
        if self._failed:
            return b""
        if self._usage is None or not self._context.stream_usage:
            return DONE
        usage = orjson.dumps(render_usage(self._usage))
        return self._start() + b'[],"usage":%b}\n\n' % usage + DONE

    def _delta(self, delta: AnyDelta) -> bytes:
        if self._failed:
            return b""
        match delta:
            case TextDelta():
                return self._say(delta.text, delta.choice, delta.logprobs)
            case RefusalDelta() | AudioDelta() | WholePart():
                return self._say(told(delta), delta.choice)
            case End():
                return self._choice("", delta.choice, None, finish_name(delta.finish))
            case Begin():
                self._usage = delta.usage or self._usage
                self._start(delta)
            case Used():
                self._usage = delta.usage
            case Ping():
                return b": ping\n\n"
            case Failed():
                self._failed = True
                return error_event(delta.error)
        return b""

    def _start(self, begin: Begin | None = None) -> bytes:
        """What every event begins with, up to its choices."""
        if not self._head:
            context = self._context
            begin = begin or Begin(id="", model="")
            head = orjson.dumps(
                {
                    "id": begin.id or context.id,
                    "object": "text_completion",
                    "created": begin.created or context.now,
                    "model": begin.model or context.model,
                }
            )
            self._head = b"data: " + head[:-1] + b',"choices":'
        return self._head

    def _say(self, text: str, choice: int, logprobs: Any = None) -> bytes:
        if not text:
            return b""
        offset = self._offsets.get(choice, 0)
        self._offsets[choice] = offset + len(text)
        likely = None if logprobs is None else render_logprobs(logprobs, offset)
        return self._choice(text, choice, likely, None)

    def _choice(self, text: str, index: int, likely: Json | None, finish: str | None) -> bytes:
        choice = {"text": text, "index": index, "logprobs": likely, "finish_reason": finish}
        return self._start() + b"[%b]}\n\n" % orjson.dumps(choice)


# What makes an event worth parsing.
MARKS = re.compile(rb'_tokens"|"finish_reason":\s*"|"error"|\[DONE\]')

TEXT = b'"text":"'


class CompletionsRelay:
    """Passes a stream's bytes on, without the usage event where the client did not ask for it."""

    def __init__(self, shows_usage: bool) -> None:
        self.seen = Seen()
        self._shows_usage = shows_usage
        self._splitter = sse.Splitter()
        self._words = Words(TEXT)
        self._complete = False

    def feed(self, data: bytes) -> bytes | None:
        """What goes to the client instead of `data`; None: `data` itself."""
        plain = not self._splitter.pending and data.endswith(b"\n\n")
        if plain and self.seen.model and MARKS.search(data) is None:
            self.seen.generated = self._words.read(data)
            return None
        try:
            events = self._splitter.feed(data)
        except BadAnswer as error:
            self.seen.error, self.seen.finish = error.as_api_error(), Finish.ERROR
            return error_event(self.seen.error)
        kept = b"".join(map(self._event, events))
        return None if kept == data else kept

    def _event(self, event: bytes) -> bytes:
        """What goes to the client instead of a whole event."""
        self.seen.generated = self._words.read(event)
        _, data = sse.parse(event)
        if data == b"[DONE]":
            self._complete = True
        if self.seen.model and MARKS.search(data) is None:
            return event
        try:
            chunk = orjson.loads(data) if data else None
        except ValueError:
            return event
        if not isinstance(chunk, dict):
            return event
        said = said_of(chunk)
        seen = self.seen
        seen.model, seen.usage = seen.model or said.model, said.usage or seen.usage
        seen.finish, seen.error = seen.finish or said.finish, seen.error or said.error
        self._complete = self._complete or seen.finish is not None
        hidden = chunk.get("choices") == [] and said.usage is not None and not self._shows_usage
        # The SDK shows the words of an object only.
        if seen.error is not None and isinstance(chunk.get("error"), str):
            return error_event(seen.error)
        return b"" if hidden else event

    def flush(self) -> bytes:
        """What is added at the end; a cut stream ends with an error in OpenAI's form."""
        rest = self._splitter.flush()
        if rest:
            rest = self._event(rest)
        if self._complete or self.seen.error is not None:
            return rest
        self.seen.error, self.seen.finish = CUT, Finish.ERROR
        return error_event(CUT)
