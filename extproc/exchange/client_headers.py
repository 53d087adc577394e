"""The client's headers as they came, whatever earlier attempts at other backends did to them.

Envoy shows an attempt the headers as the one before has left them. So each attempt reports, in the
dynamic metadata, what stood in the headers that it changes.
"""

from collections.abc import Iterable

import orjson

from extproc.exchange.events import GO_ON, Change, RequestHeaders
from extproc.exchange.passing import Passing, Removed

KEY = "client_headers"
ATTRIBUTE = f"metadata.filter_metadata['ai.extproc']['{KEY}']"
"""Only asked for where a route has several backends."""


class ClientHeaders:
    """The headers of one attempt, and how to undo what others did."""

    def __init__(self, event: RequestHeaders) -> None:
        said = event.attributes.get(ATTRIBUTE)
        self._changed: dict[str, str | None] = orjson.loads(said) if said else {}
        self._headers = event.headers
        self._names = event.headers.names()

    def names(self) -> str:
        """All names that may have been sent, one a line."""
        return "\n".join([self._names, *self._changed]) if self._changed else self._names

    def get(self, name: str) -> str | None:
        """What the client has sent; None: nothing."""
        return self._changed[name] if name in self._changed else self._headers.get(name)

    def those(self, names: Iterable[str]) -> dict[str, str]:
        """What the client has sent in headers of these names."""
        values = ((name, self.get(name)) for name in names)
        return {name: value for name, value in values if value is not None}

    def removed(self, passing: Passing) -> Removed:
        """Headers to remove: those that may not pass."""
        return passing.removed(self._names)

    def report(self, touched: tuple[str, ...] | None, passing: Passing) -> Change:
        """Tells the next attempt what stood in `touched`, and in what may not pass here, where it
        does not know yet. `touched` is None where there is no other backend."""
        if touched is None:
            return GO_ON
        told = (*touched, *self.removed(passing).here)
        fresh = {name: self._headers.get(name) for name in told if name not in self._changed}
        if not fresh:
            return GO_ON
        return Change(metadata={KEY: orjson.dumps({**self._changed, **fresh}).decode()})

    def undone(self, passing: Passing) -> tuple[tuple[str, str], ...]:
        """Headers to set, so that they are as they came, if they may pass."""
        if not self._changed:
            return ()
        changed = self._changed.items()
        return tuple([(name, was) for name, was in changed if was and passing.passes(name)])

    def foreign(self) -> tuple[str, ...]:
        """Headers to remove: the client has not sent them."""
        return tuple([name for name, was in self._changed.items() if was is None])
