"""A provider's stream of JSON objects, from bytes to deltas.

Framing and what breaks a stream are the same everywhere; what an object says is each dialect's.
"""

from abc import ABC, abstractmethod
from typing import Protocol

import orjson

from providers.errors import CUT, ApiError, BadAnswer, Cause
from providers.neutral.deltas import AnyDelta, Failed, Ping
from providers.wire import sse
from providers.wire.members import Json

BROKEN = ApiError(
    status=502, cause=Cause.SERVER, message="the provider sent a piece that is no JSON object"
)


class Splitter(Protocol):
    """Cuts a stream into pieces, wherever the chunks are cut."""

    def feed(self, data: bytes) -> list[bytes]: ...

    def flush(self) -> bytes: ...


class JsonStreamParser(ABC):
    """A stream parser; a dialect's own overrides `_said`.

    And `_piece` where JSON is wrapped, `_complete` where no word is known to be the last.
    """

    def __init__(self, splitter: Splitter) -> None:
        self._splitter = splitter
        self._over = False
        """True after the end or a failure."""

    def feed(self, data: bytes) -> list[AnyDelta]:
        """The deltas that `data` completes."""
        out: list[AnyDelta] = []
        if self._over:
            return out
        try:
            for piece in self._splitter.feed(data):
                self._piece(piece, out)
        except BadAnswer as error:
            self._fail(error.as_api_error(), out)
        return out

    def flush(self) -> list[AnyDelta]:
        """At the end of the stream; a stream that ended before its time yields `Failed`."""
        out: list[AnyDelta] = []
        rest = self._splitter.flush()
        if rest.strip():
            self._piece(rest, out, cut=True)
        if not self._over and not self._complete():
            self._fail(CUT, out)
        return out

    def _complete(self) -> bool:
        """Whether a stream that is not over may end here."""
        return False

    def _fail(self, error: ApiError, out: list[AnyDelta]) -> None:
        self._over = True
        out.append(Failed(error=error))

    def _piece(self, piece: bytes, out: list[AnyDelta], cut: bool = False) -> None:
        """What one piece says; `cut`: its end may be missing, so it need not be JSON."""
        if self._over:
            return
        try:
            said = orjson.loads(piece)
        except ValueError:
            said = None
        if isinstance(said, dict):
            self._said(said, out)
        elif not cut:
            self._fail(BROKEN, out)

    @abstractmethod
    def _said(self, said: Json, out: list[AnyDelta]) -> None:
        """What one object says."""


class SseStreamParser(JsonStreamParser):
    """The same for objects in server-sent events, with `[DONE]` or without."""

    def __init__(self) -> None:
        super().__init__(sse.Splitter())

    def _piece(self, piece: bytes, out: list[AnyDelta], cut: bool = False) -> None:
        _, data = sse.parse(piece)
        if data and data.strip() != b"[DONE]":
            super()._piece(data, out, cut)
        elif piece.startswith(b":") and not self._over:
            out.append(Ping())
