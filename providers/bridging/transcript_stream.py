"""A streamed transcript on its way from one dialect to another, event by event."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Protocol, assert_never

import msgspec
import orjson

from providers.bridging.dialect import Context, Seen
from providers.bridging.estimate import Words
from providers.bridging.members import Shape
from providers.bridging.provider_members import Names, unread
from providers.bridging.unknown_members import MAX_NAMED
from providers.errors import CUT, ApiError, BadAnswer
from providers.neutral.chat import Finish
from providers.neutral.transcripts import (
    Delta,
    Failed,
    Heard,
    Said,
    Segment,
    Spoken,
    Timed,
    Transcript,
)
from providers.wire import members, sse
from providers.wire.members import Json

END = b"[DONE]"
"""The last event of those whose events are of no OpenAI type."""


class TranscriptParser(Protocol):
    """A provider's stream, from bytes to deltas."""

    def feed(self, data: bytes) -> list[Delta]: ...

    def flush(self) -> list[Delta]:
        """At the end of the stream; one that ended before its time yields `Failed`."""

    @property
    def lost(self) -> Names:
        """The names of what it says so far that no other format is told."""


class EventParser(ABC):
    """Reads server-sent events, each of which is a JSON object."""

    READ: ClassVar[Mapping[str, Shape]]
    """Type of an event → what is read of it."""

    def __init__(self) -> None:
        self.lost: Names = {}
        self._splitter = sse.Splitter()
        self._ended = False

    def feed(self, data: bytes) -> list[Delta]:
        """The deltas that `data` completes."""
        return [one for piece in self._splitter.feed(data) for one in self._piece(piece)]

    def flush(self) -> list[Delta]:
        """What an event without its blank line says; `Failed` where no end came."""
        try:
            deltas = self._piece(self._splitter.flush())
        except BadAnswer:  # half of an event
            deltas = []
        return deltas if self._ended else [*deltas, Failed(error=CUT)]

    def _piece(self, piece: bytes) -> list[Delta]:
        data = sse.parse(piece)[1].strip()
        if self._ended or not data:
            return []
        deltas = self._done() if data == END else self._read(_object(data))
        self._ended = any(isinstance(one, Heard | Failed) for one in deltas)
        return deltas

    def _read(self, said: Json) -> list[Delta]:
        if not said.get("error"):
            kind = members.string(said.get("type"))
            read = self.READ.get(kind)
            names = [kind] if read is None else unread(said, read)
            note(self.lost, names)
        return self._said(said)

    def _done(self) -> list[Delta]:
        """What an end without words says."""
        return []

    @abstractmethod
    def _said(self, said: Json) -> list[Delta]:
        """What one event says."""


def note(lost: Names, names: Iterable[str]) -> None:
    """Takes them down, so many in all."""
    for name in names:
        if len(lost) < MAX_NAMED:
            lost[name] = None


def _object(data: bytes) -> Json:
    try:
        said = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadAnswer("the provider's stream is not JSON") from error
    return said if isinstance(said, dict) else {}


class TranscriptRenderer(ABC):
    """Writes a client's stream; what comes only with its end is told before that."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._told: set[type] = set()
        self._segments: list[Segment] = []

    def feed(self, deltas: list[Delta]) -> bytes:
        """The events that say this."""
        return b"".join([self._render(delta) for delta in deltas])

    def _render(self, delta: Delta) -> bytes:
        self._told.add(type(delta))
        match delta:
            case Said():
                return self._text(delta.text)
            case Spoken():
                return self._language(delta.language)
            case Timed():
                self._segments.append(delta.segment)
                return self._segment(delta.segment)
            case Heard():
                return self._missing(delta.transcript) + self._end(self._full(delta.transcript))
            case Failed():
                return self._error(delta.error)
            case _:
                assert_never(delta)

    def _missing(self, whole: Transcript) -> bytes:
        """What the end alone says."""
        found: list[Delta] = []
        if whole.language is not None and Spoken not in self._told:
            found.append(Spoken(language=whole.language))
        if whole.text and Said not in self._told:
            found.append(Said(text=whole.text))
        if Timed not in self._told:
            found += [Timed(segment=one) for one in self._wanted(whole)]
        return self.feed(found)

    def _full(self, whole: Transcript) -> Transcript:
        """The end, with the times that were told before."""
        if whole.segments or not self._segments:
            return whole
        return msgspec.structs.replace(whole, segments=tuple(self._segments))

    @abstractmethod
    def _wanted(self, whole: Transcript) -> tuple[Segment, ...]:
        """The times that the client has asked for."""

    @abstractmethod
    def _text(self, text: str) -> bytes: ...

    @abstractmethod
    def _language(self, language: str) -> bytes: ...

    @abstractmethod
    def _segment(self, segment: Segment) -> bytes: ...

    @abstractmethod
    def _end(self, whole: Transcript) -> bytes: ...

    @abstractmethod
    def _error(self, error: ApiError) -> bytes: ...


Renderer = Callable[[Context], TranscriptRenderer]


def replay(renderer: Renderer) -> Callable[[Transcript, Context], bytes]:
    """How a whole transcript becomes a stream."""
    return lambda answer, context: renderer(context).feed([Heard(transcript=answer)])


class TranscriptStream:
    """A relay between two dialects."""

    def __init__(self, renderer: Renderer, parser: TranscriptParser, context: Context) -> None:
        self.seen = Seen()
        self._parser = parser
        self._renderer = renderer(context)
        self._bounds = context.bounds
        self._words = Words()
        self._size = 0

    def feed(self, data: bytes) -> bytes:
        """The client's form of what `data` completes; raises BadAnswer."""
        self._size += len(data)
        if self._size > self._bounds.size:
            raise self._bounds.outgrew("the provider's stream")
        return self._render(self._parser.feed(data))

    def flush(self) -> bytes:
        """What closes the client's stream; that of one that broke is the error."""
        if self.seen.finish is not None:
            return b""
        if self.seen.error is not None:
            return self._render([Failed(error=self.seen.error)])
        return self._render(self._parser.flush())

    def _render(self, deltas: list[Delta]) -> bytes:
        for delta in deltas:
            self._watch(delta)
        self.seen.lost = tuple(self._parser.lost)
        return self._renderer.feed(deltas)

    def _watch(self, delta: Delta) -> None:
        match delta:
            case Said():
                text = delta.text.encode("utf-8", "replace")
                self.seen.generated = self._words.add(text)
            case Heard():
                self.seen.usage = delta.transcript.usage
                self.seen.finish = Finish.STOP
            case Failed():
                self.seen.error, self.seen.finish = delta.error, Finish.ERROR
