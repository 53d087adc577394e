"""What every format of sessions has in common."""

from collections.abc import Iterator
from typing import Any

import msgspec
import orjson

from extproc.lab.simulator.http1 import Request

Said = dict[str, Any]


def asks(request: Request) -> bool:
    """Whether a request is for a session."""
    return request.header("upgrade").lower() == "websocket"


class Denied(Exception):
    """A handshake that is refused."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Ended(Exception):
    """A session that the provider ends."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A handshake that is accepted."""

    protocol: str = ""
    """The sub-protocol that was chosen."""
    greeting: tuple[Said, ...] = ()
    binary: bool = False
    """Whether messages are sent as bytes."""


def read(data: str | bytes) -> Said:
    """One message; raises Ended where it is no JSON object."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Ended(1007, "Request contains an invalid argument.") from None
    if not isinstance(value, dict):
        raise Ended(1007, "Request contains an invalid argument.")
    return value


Answers = Iterator[Said]
