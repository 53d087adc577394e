"""What the translations of all operations share."""

from collections.abc import Mapping
from typing import Generic, TypeVar

import msgspec

from providers.bridging.bridge import wait
from providers.bridging.dialect import Context, Dialect, Seen
from providers.bridging.quirks import Quirks
from providers.errors import ApiError
from providers.wire import error_bodies

Kind = TypeVar("Kind", bound=Dialect)


class Translation(Generic[Kind]):
    """The two sides speak different dialects of one operation."""

    def __init__(self, client: Kind, target: Kind, quirks: Quirks) -> None:
        self._client = client
        self._target = target
        self._quirks = quirks
        self._where = f"{target.name} at {target.host}" if target.host else target.name

    def replay(self, data: bytes, context: Context) -> tuple[bytes, Seen]:
        """The provider's whole answer as the client's stream."""
        return self._target.replay(data, self._client, context)

    def error(
        self, status: int, headers: Mapping[str, str], data: bytes
    ) -> tuple[ApiError, int, Mapping[str, str], bytes]:
        """The error in the client's dialect."""
        error = self._target.parse_error(status, headers, data)
        if error.retry_after is None:
            seconds = error_bodies.retry_after(headers)
            error = msgspec.structs.replace(error, retry_after=seconds)
        as_status, extra, body = self._client.render_error(error)
        return error, as_status, {**extra, **wait(error, headers)}, body
