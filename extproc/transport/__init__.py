"""How bytes get here: what a gRPC transport and the services behind it promise each other.

A transport (`lean`, `grpcio`) knows HTTP/2 and gRPC framing and nothing of what a message means.
A service knows messages and nothing of connections. A message is serialised protobuf without the
five bytes that gRPC puts before it.
"""

import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from enum import IntEnum
from typing import Protocol

import msgspec

Reply = bytes | Awaitable[bytes]
"""One serialised answer, or, for the rare step that must wait, a promise of it."""


class Status(IntEnum):
    """The gRPC status codes that this server sends (https://grpc.io/docs/guides/status-codes/)."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14


class Abort(Exception):
    """Ends a stream with a status of its own; any other exception ends it as UNKNOWN."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Call(Protocol):
    """One bidirectional stream: exactly one reply for each message, in order.

    While a promised reply is awaited, the transport hands over no further message of this stream
    and goes on serving all others.
    """

    def receive(self, message: bytes) -> Reply: ...

    def end(self) -> None:
        """Called exactly once: the peer is done, reset the stream or lost the connection."""


class Service(msgspec.Struct, frozen=True):
    """What a server offers, keyed by gRPC path (`/package.Service/Method`)."""

    streams: Mapping[str, Callable[[], Call]] = {}
    unary: Mapping[str, Callable[[bytes], Reply]] = {}
    untaken: Mapping[str, Callable[[bytes], None]] = {}
    """For unary methods that are carried through, whoever waits: is given each reply whose caller
    had given up before it came; lean only."""


class Endpoint(msgspec.Struct, frozen=True):
    """Where to listen: a Unix socket path, or a TCP host and port."""

    path: str = ""
    host: str = ""
    port: int = 0
    tls: ssl.SSLContext | None = None
    listener: socket.socket | None = None
    """Bound and listening already, by a parent that keeps it for the next server; lean only."""


class Server(Protocol):
    """A listening transport."""

    async def drain(self, grace: float) -> None:
        """Take no new streams, let the open ones finish for `grace` seconds, then close."""
