"""What Envoy's access log tells the server: StreamAccessLogsMessage bytes → kinds of refusal.

https://www.envoyproxy.io/docs/envoy/latest/api-v3/data/accesslog/v3/accesslog.proto
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from envoy.service.accesslog.v3 import als_pb2
from google.protobuf.message import DecodeError

from extproc.exchange.proof import CLIENT
from extproc.usage.refused import MINUTE, Kind

STREAM = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs"
WORD = re.compile(r"[a-zA-Z0-9_.\-]{1,64}")
"""What Envoy says why begins with; what follows in braces may be anything."""
UNKNOWN = "unknown"
LONGEST = 512
"""Characters of a path that are looked at."""
PATHS = 1_024
"""Paths that are remembered."""


class WireError(ValueError):
    """Bytes that are no StreamAccessLogsMessage."""


class Reader:
    """Reads what Envoy logs of requests that no backend was asked for."""

    def __init__(self, operation: Callable[[str], str]) -> None:
        """`operation`: a path → what it is for; empty: nothing."""
        self._operation = lru_cache(PATHS)(operation)

    def kinds(self, message: bytes, now: float) -> Iterator[Kind]:
        """One for each request; WireError."""
        try:
            said = als_pb2.StreamAccessLogsMessage.FromString(message)
        except DecodeError as error:
            raise WireError(str(error)) from None
        at = int(now) // MINUTE * MINUTE
        return (self._kind(entry, at) for entry in said.http_logs.log_entry)

    def _kind(self, entry: Any, at: int) -> Kind:
        path = entry.request.path.partition("?")[0]
        word = WORD.match(entry.response.response_code_details)
        return Kind(
            at=at,
            client=entry.request.request_headers.get(CLIENT, ""),
            operation=self._operation(path) if len(path) <= LONGEST else "",
            status=entry.response.response_code.value,
            reason=word[0] if word else UNKNOWN,
        )
