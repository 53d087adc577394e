"""A stream that passes between two equal dialects: watched, never touched."""

import re
from abc import ABC, abstractmethod

import orjson

from providers.bridging.dialect import Seen
from providers.bridging.estimate import Words
from providers.errors import CUT, ApiError, BadAnswer
from providers.neutral.chat import Finish
from providers.wire import ndjson, sse
from providers.wire.members import Json


class WatchingRelay(ABC):
    """Passes a stream's bytes on; a cut stream ends with an error in the dialect's form."""

    WORDS: re.Pattern[bytes]
    """Finds the texts in a piece, to estimate their tokens while no count has come."""

    def __init__(self, splitter: sse.Splitter | ndjson.Splitter, end: bytes) -> None:
        self.seen = Seen()
        self._splitter = splitter
        self._words = Words()
        self._ends_with = end
        """What ends a piece."""
        self._blind = False
        """True once a piece was too large to be looked at."""

    def feed(self, data: bytes) -> bytes | None:
        """None: the bytes go as they are."""
        plain = not self._splitter.pending and data.endswith(self._ends_with)
        if self._blind or (plain and not self._notable(data)):
            self._estimate(data)
            return None
        try:
            for piece in self._splitter.feed(data):
                self._piece(piece)
        except BadAnswer as error:
            self.seen.error, self.seen.finish = error.as_api_error(), Finish.ERROR
            self._blind = True
        return None

    def flush(self) -> bytes:
        """What is added at the end of a cut stream."""
        rest = self._splitter.flush()
        if rest:
            self._piece(rest)
        if self._complete():
            return b""
        self.seen.error, self.seen.finish = CUT, Finish.ERROR
        return (self._ends_with if rest else b"") + self._render(CUT)

    def _complete(self) -> bool:
        return self.seen.finish is not None

    def _piece(self, piece: bytes) -> None:
        self._estimate(piece)
        if self._notable(piece):
            self._read(piece)

    def _read(self, piece: bytes) -> None:
        try:
            said = orjson.loads(self._object(piece))
        except ValueError:
            return
        if isinstance(said, dict):
            self._said(said)

    def _estimate(self, data: bytes) -> None:
        self.seen.generated = self._words.add(b"".join(self.WORDS.findall(data)))

    @abstractmethod
    def _notable(self, data: bytes) -> bool:
        """Whether it is worth parsing."""

    @abstractmethod
    def _object(self, piece: bytes) -> bytes:
        """The JSON in a piece."""

    @abstractmethod
    def _said(self, said: Json) -> None:
        """What one object says."""

    @abstractmethod
    def _render(self, error: ApiError) -> bytes:
        """An error as the dialect's client understands it in a stream."""
