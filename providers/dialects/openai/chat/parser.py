"""A provider's OpenAI chat stream, from bytes to deltas."""

from typing import Any

import orjson

from providers.bridging.provider_members import unread
from providers.dialects.openai.answers import seconds
from providers.dialects.openai.chat.choice import ChoiceParser
from providers.dialects.openai.chat.response import SOURCES, native_of, search_citations
from providers.dialects.openai.chat.told import READ
from providers.dialects.openai.chat.usage import usage_of
from providers.errors import CUT, BadAnswer
from providers.neutral.deltas import AnyDelta, Begin, Beside, Failed, Ping, Used
from providers.neutral.json_stream import BROKEN
from providers.wire import sse
from providers.wire.compatible_errors import describe
from providers.wire.members import Json, string


class ChatStreamParser:
    """A provider's stream, from bytes to deltas."""

    def __init__(self) -> None:
        self._splitter = sse.Splitter()
        self._choices: dict[int, ChoiceParser] = {}
        self._sources: Json = {}
        """What chunks say beside their choices, some all the time and some at last."""
        self._begun = False
        self._over = False

    def feed(self, data: bytes) -> list[AnyDelta]:
        """The deltas that `data` completes."""
        out: list[AnyDelta] = []
        if self._over:
            return out
        try:
            for event in self._splitter.feed(data):
                self._event(event, out)
        except BadAnswer as error:
            self._fail(Failed(error=error.as_api_error()), out)
        return out

    def flush(self) -> list[AnyDelta]:
        """At the end of the stream; a stream that ended before its time yields `Failed`."""
        out: list[AnyDelta] = []
        rest = self._splitter.flush()
        if rest and not self._over:
            self._event(rest, out, cut=True)
        if not self._over and all(choice.finish for choice in self._choices.values()):
            self._end(out)
        elif not self._over:
            self._fail(Failed(error=CUT), out)
        return out

    def _fail(self, failed: Failed, out: list[AnyDelta]) -> None:
        self._over = True
        out.append(failed)

    def _end(self, out: list[AnyDelta]) -> None:
        if not self._choices:
            self._fail(Failed(error=CUT), out)
            return
        self._over = True
        sources = search_citations(self._sources)
        for choice in self._choices.values():
            choice.end(sources, out)

    def _event(self, event: bytes, out: list[AnyDelta], cut: bool = False) -> None:
        name, data = sse.parse(event)
        if self._over:
            return
        if not data:
            if event.startswith(b":"):
                out.append(Ping())
            return
        if data.strip() == b"[DONE]":
            self._end(out)
            return
        try:
            chunk = orjson.loads(data)
        except ValueError:
            chunk = None
        if not isinstance(chunk, dict):
            if not cut:
                self._fail(Failed(error=BROKEN), out)
            return
        if chunk.get("error") or name == b"error" or chunk.get("object") == "error":
            self._fail(Failed(error=describe(chunk, None)), out)
            return
        self._chunk(chunk, out)

    def _chunk(self, chunk: Json, out: list[AnyDelta]) -> None:
        choices = chunk.get("choices")
        if not self._begun:
            # Azure's first chunk has filter results only, and neither id nor model.
            if not choices and not chunk.get("id"):
                return
            self._begun = True
            out.append(_begin(chunk))
            self._beside(chunk, out)
        elif not choices or _ends(choices):
            self._beside(chunk, out)
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict):
                self._choice(choice).feed(choice, out)
        for name in SOURCES:
            if chunk.get(name):
                self._sources[name] = chunk[name]
        usage = usage_of(chunk) if chunk.get("usage") or "x_groq" in chunk else None
        if usage is not None:
            tier = string(chunk.get("service_tier")) or None
            out.append(Used(usage=usage, service_tier=tier))

    def _beside(self, chunk: Json, out: list[AnyDelta]) -> None:
        """What a chunk says that only this dialect knows; the first and the last say it all."""
        names, members = unread(chunk, READ), native_of(chunk)
        if names or members:
            out.append(Beside(names=tuple(names), members=members))

    def _choice(self, choice: Json) -> ChoiceParser:
        index = choice.get("index")
        index = index if isinstance(index, int) else 0
        found = self._choices.get(index)
        if found is None:
            found = self._choices[index] = ChoiceParser(index)
        return found


def _begin(chunk: Json) -> Begin:
    id, model, tier = chunk.get("id"), chunk.get("model"), chunk.get("service_tier")
    return Begin(
        id=id if isinstance(id, str) else "",
        model=model if isinstance(model, str) else "",
        created=seconds(chunk.get("created")),
        service_tier=tier if isinstance(tier, str) else None,
    )


def _ends(choices: Any) -> bool:
    """Whether the first choice of a chunk ends with it."""
    first = choices[0] if isinstance(choices, list) else None
    return isinstance(first, dict) and first.get("finish_reason") is not None
