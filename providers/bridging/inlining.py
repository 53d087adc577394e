"""Media by URL between equal dialects, where this provider takes bytes only.

The client's body passes but for these places; whatever else stands in it stays.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import orjson

from providers.bridging import remote
from providers.bridging.dialect import Bridge, Call, Context, Parts, Relay, Seen, Sent, Wanted
from providers.errors import ApiError
from providers.neutral.media import Data, Link
from providers.wire.budget import Budget
from providers.wire.members import Json

Inline = Callable[[Json, Mapping[str, Data]], Json]
"""(an object of a body, URL → bytes) → the object with the bytes; itself where it names no URL."""

PLACES = ("system", "messages", "input")
"""Top-level members in which media stand."""
DEEPEST = 16
"""Levels below these that are looked at; media stand higher."""
ADDRESS = re.compile(rb'"https?:', re.IGNORECASE)


class Inlining:
    """Bytes pass, but for a request with media that the provider does not fetch."""

    def __init__(
        self, passage: Bridge, links: Callable[[Call], tuple[Link, ...]], inline: Inline
    ) -> None:
        self._passage = passage
        self._links = links
        self._inline = inline

    def request(self, call: Call) -> Sent | Wanted | Parts:
        """The client's bytes, or the body with the media in it."""
        if ADDRESS.search(call.data) is None or not (links := self._links(call)):
            return self._passage.request(call)
        if not call.files:
            return Wanted(links=links)
        budget = Budget(call.bounds)
        body = {
            name: self._filled(value, call.files, budget, DEEPEST) if name in PLACES else value
            for name, value in call.body.items()
        }
        data = orjson.dumps(body)
        sent = self._passage.request(msgspec.structs.replace(call, body=body, data=data))
        assert isinstance(sent, Sent)
        return sent if sent.body is not None else msgspec.structs.replace(sent, body=data)

    def _filled(self, value: Any, files: Mapping[str, Data], budget: Budget, depth: int) -> Any:
        if depth and isinstance(value, list):
            return [self._filled(item, files, budget, depth - 1) for item in value]
        if not depth or not isinstance(value, dict):
            return value
        filled = self._inline(value, files)
        if filled is not value:
            budget.grow(max(map(_size, filled.values())))
            return filled
        return {name: self._filled(item, files, budget, depth - 1) for name, item in value.items()}

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """The provider's own bytes."""
        return self._passage.whole(data, context)

    def replay(self, data: bytes, context: Context) -> tuple[bytes, Seen]:
        """The provider's whole answer as the client's stream."""
        return self._passage.replay(data, context)

    def stream(self, context: Context) -> Relay:
        """A relay that watches."""
        return self._passage.stream(context)

    def error(
        self, status: int, headers: Mapping[str, str], data: bytes
    ) -> tuple[ApiError, int, Mapping[str, str], bytes]:
        """The provider's own body where it has the dialect's shape already."""
        return self._passage.error(status, headers, data)


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return max(map(_size, value.values()), default=0)
    return len(value) if isinstance(value, str) else 0


def reads_less(client: remote.Reader, target: remote.Reader) -> bool:
    """Whether `target` takes only the bytes of media that others of its dialect fetch."""
    lost = (client.carries - target.carries) & remote.URLS
    return any(url in lost and data in target.carries for url, data in remote.FORMS.values())
