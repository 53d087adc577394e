"""The stream of a conversation on its way from one dialect to another."""

from typing import Protocol

import msgspec

from providers.bridging import tool_names
from providers.bridging.amending.amendment import AmendedStream
from providers.bridging.call_ids import CallIds
from providers.bridging.dialect import Context, Seen
from providers.bridging.estimate import Words
from providers.bridging.stand_ins import Restoring
from providers.bridging.unsaid import Unsaid
from providers.errors import BROKEN_OFF, GatewayError
from providers.neutral.chat import Finish
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    Begin,
    End,
    Failed,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
    words_of,
)


class StreamParser(Protocol):
    """A provider's stream, from bytes to deltas."""

    def feed(self, data: bytes) -> list[AnyDelta]: ...

    def flush(self) -> list[AnyDelta]:
        """At the end of the stream; a stream that ended before its time yields `Failed`."""


class StreamRenderer(Protocol):
    """A client's stream, from deltas to bytes."""

    def feed(self, deltas: list[AnyDelta]) -> bytes: ...

    def flush(self) -> bytes:
        """What closes the stream."""


def _meant(delta: AnyDelta) -> AnyDelta:
    """A failure, where an answer ends in one; of several choices the first decides."""
    if isinstance(delta, End) and delta.finish is Finish.ERROR and not delta.choice:
        return Failed(error=delta.error or BROKEN_OFF)
    return delta


class Changes(msgspec.Struct, frozen=True):
    """What is done to deltas on their way, and what is watched for."""

    ids: CallIds
    unsaid: Unsaid
    restoring: Restoring | None = None


class TranslatedStream:
    """A relay between two dialects."""

    def __init__(
        self, parser: StreamParser, renderer: StreamRenderer, context: Context, changes: Changes
    ) -> None:
        self.seen = Seen()
        self._parser = parser
        self._renderer = renderer
        self._renamed = context.renamed
        self._restoring = changes.restoring
        self._amended = AmendedStream(context.amendments) if context.amendments else None
        self._bounds = context.bounds
        self._ids = changes.ids
        self._unsaid = changes.unsaid
        self._odd = False
        """True where the running deltas begin a call, hold a whole part, or end in a failure."""
        self._words = Words()
        self._size = 0
        """Bytes that came. Formats that tell a whole answer at the end, or one part after the
        other, keep what came before."""

    def feed(self, data: bytes) -> bytes | None:
        """The client's form of what `data` completes."""
        return self._render(self._parse(data))

    def _parse(self, data: bytes) -> list[AnyDelta]:
        self._size += len(data)
        if self._size > self._bounds.size:
            return self._overflow(len(data))
        try:
            return self._parser.feed(data)
        except GatewayError as error:
            return [Failed(error=error.as_api_error())]

    def _overflow(self, fresh: int) -> list[AnyDelta]:
        """An error once; what comes then is not read."""
        if self._size - fresh > self._bounds.size:
            return []
        return [Failed(error=self._bounds.outgrew("the provider's stream").as_api_error())]

    def _render(self, deltas: list[AnyDelta]) -> bytes:
        for delta in deltas:
            self._watch(delta)
        if self._odd:
            self._odd = False
            deltas = self._unsaid.worded(self._ids.deltas(map(_meant, deltas)))
        if self._amended is not None:
            deltas = self._amended.feed(deltas)
        if self._renamed:
            deltas = tool_names.restored_deltas(deltas, self._renamed)
        if self._restoring is not None:
            deltas = self._restoring.feed(deltas)
        return self._renderer.feed(deltas)

    def _watch(self, delta: AnyDelta) -> None:
        seen = self.seen
        if type(delta) is TextDelta:
            self._generate(delta.text)
            if delta.logprobs is not None:
                self._lose(delta)
            return
        thoughts = type(delta) is ThinkingDelta and not self._unsaid.thoughtless
        if not thoughts and type(delta) is not ArgumentsDelta:
            self._lose(delta)
        match delta:
            case Begin():
                seen.model = delta.model
                if delta.usage is not None:
                    seen.usage = delta.usage
            case Used():
                seen.usage = delta.usage
            case End():
                seen.finish = seen.finish or delta.finish
                if isinstance(failed := _meant(delta), Failed):
                    self._odd = True
                    seen.error = failed.error
            case Failed():
                seen.error = delta.error
                seen.finish = Finish.ERROR
            case _:
                if type(delta) is ToolCallBegin or type(delta) is WholePart:
                    self._odd = True
                self._generate(words_of(delta))

    def _lose(self, delta: AnyDelta) -> None:
        names = self._unsaid.names
        self._unsaid.note(delta)
        if len(names) > len(self.seen.lost):
            self.seen.lost = tuple(names)

    def _generate(self, words: str) -> None:
        if words:
            self.seen.generated = self._words.add(words.encode("utf-8", "replace"))

    def flush(self) -> bytes:
        """What closes the client's stream."""
        rest = [] if self._size > self._bounds.size else self._parser.flush()
        return self._render(rest) + self._renderer.flush()
