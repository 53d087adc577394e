"""A stream of Anthropic's Text Completions API: parsed, rendered, and watched as it passes by.

https://platform.claude.com/docs/en/api/streaming (its form since version 2023-06-01)
"""

import re

import orjson

from providers.bridging.dialect import Context
from providers.bridging.provider_members import unread
from providers.bridging.watching import WatchingRelay
from providers.dialects.anthropic.complete.errors import error_event, failure
from providers.dialects.anthropic.complete.response import completion, parse_finish, watch
from providers.dialects.anthropic.complete.told import READ
from providers.errors import ApiError
from providers.neutral.chat import Finish
from providers.neutral.deltas import AnyDelta, Begin, Beside, End, Failed, Ping, TextDelta
from providers.neutral.json_stream import SseStreamParser
from providers.neutral.prompts import told
from providers.wire import sse
from providers.wire.members import Json, string

PING = b'event: ping\ndata: {"type":"ping"}\n\n'


class CompleteParser(SseStreamParser):
    """A provider's stream, from bytes to deltas."""

    def __init__(self) -> None:
        super().__init__()
        self._begun = False

    def _said(self, said: Json, out: list[AnyDelta]) -> None:
        if said.get("error"):
            self._fail(failure(said), out)
            return
        if said.get("type") == "ping":
            out.append(Ping())
            return
        if not self._begun:
            self._begun = True
            out.append(Begin(id=string(said.get("id")), model=string(said.get("model"))))
        names = unread(said, READ)
        out += [Beside(names=tuple(names))] if names else []
        text = said.get("completion")
        if text and isinstance(text, str):
            out.append(TextDelta(text=text, part=0))
        finish, stop = parse_finish(said)
        if finish is not None:
            self._over = True
            out.append(End(finish=finish, stop_sequence=stop))


class CompleteRenderer:
    """A client's stream, from deltas to bytes."""

    def __init__(self, context: Context) -> None:
        self._id = context.id
        self._model = context.model
        self._failed = False

    def feed(self, deltas: list[AnyDelta]) -> bytes:
        """The events that say `deltas`."""
        return b"".join([self._delta(delta) for delta in deltas])

    def flush(self) -> bytes:
        """Nothing: the last event has the reason why it is the last."""
        return b""

    def _delta(self, delta: AnyDelta) -> bytes:
        if self._failed or getattr(delta, "choice", 0) > 0:
            return b""
        match delta:
            case Begin():
                self._id = delta.id or self._id
                self._model = delta.model or self._model
            case End():
                return self._say("", delta.finish, delta.stop_sequence)
            case Ping():
                return PING
            case Failed():
                self._failed = True
                return error_event(delta.error)
            case _:
                text = told(delta)
                return self._say(text) if text else b""
        return b""

    def _say(self, text: str, finish: Finish | None = None, stop: str | None = None) -> bytes:
        piece = completion(self._id, self._model, text, finish, stop)
        return b"event: completion\ndata: " + orjson.dumps(piece) + b"\n\n"


# What makes an event worth parsing: the end, or an error.
MARKS = re.compile(rb'"stop_reason":\s*"|"error"')


class CompleteRelay(WatchingRelay):
    """Every event names the model, and the last one says why it is the last."""

    WORDS = re.compile(rb'"completion":\s*"((?:[^"\\]|\\.)*)')

    def __init__(self, shows_usage: bool) -> None:
        super().__init__(sse.Splitter(), b"\n\n")

    def _notable(self, data: bytes) -> bool:
        return not self.seen.model or MARKS.search(data) is not None

    def _object(self, piece: bytes) -> bytes:
        return sse.parse(piece)[1]

    def _said(self, said: Json) -> None:
        now, seen = watch(said), self.seen
        seen.model, seen.finish = seen.model or now.model, seen.finish or now.finish
        seen.error = seen.error or now.error

    def _render(self, error: ApiError) -> bytes:
        return error_event(error)
