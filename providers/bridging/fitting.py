"""Between equal dialects, where a provider does not take all that its clients may ask."""

from collections.abc import Mapping
from typing import Any

import msgspec

from providers.bridging.dialect import (
    Bridge,
    Call,
    Context,
    Dialect,
    Parts,
    Relay,
    Seen,
    Sent,
    Wanted,
)
from providers.errors import ApiError, GatewayError

ANEW = "anew"
"""In what an answer says again: that the request was written anew."""


class Fitting:
    """What the provider takes passes; all else is written anew, and its answer, too."""

    def __init__(self, passage: Bridge, anew: Bridge, client: Dialect, target: Any) -> None:
        self._passage = passage
        self._anew = anew
        self._client: Any = client
        self._target = target

    def request(self, call: Call) -> Sent | Wanted | Parts:
        """The client's own bytes, or a body that asks the provider for what it knows."""
        if self._fits(call):
            return self._passage.request(call)
        sent = self._anew.request(call)
        assert isinstance(sent, Sent)
        return msgspec.structs.replace(sent, echo={**self._client.echo(call.body), ANEW: True})

    def _fits(self, call: Call) -> bool:
        """What cannot be read here is left to the provider, which says what is wrong with it."""
        try:
            request = self._client.parse_request(call.body, call.path_model)
        except GatewayError:
            return True
        fits: bool = self._target.takes(request, call.stream)
        return fits

    def _of(self, context: Context) -> Bridge:
        return self._anew if context.echo.get(ANEW) else self._passage

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """As the request went."""
        return self._of(context).whole(data, context)

    def replay(self, data: bytes, context: Context) -> tuple[bytes, Seen]:
        """As the request went."""
        return self._of(context).replay(data, context)

    def stream(self, context: Context) -> Relay:
        """As the request went."""
        return self._of(context).stream(context)

    def error(
        self, status: int, headers: Mapping[str, str], data: bytes
    ) -> tuple[ApiError, int, Mapping[str, str], bytes]:
        """As between equal dialects."""
        return self._passage.error(status, headers, data)
