"""One session of a provider: bytes in, bytes out."""

import base64
import hashlib
from typing import Any

import orjson
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from extproc.lab.simulator.http1 import Request
from extproc.lab.simulator.sessions import live, realtime
from extproc.lab.simulator.sessions.talk import Denied, Ended, Opened, Said, read

FORMATS: tuple[Any, ...] = (realtime, live)
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, section 1.3."""


class Conversation:
    """One session on one connection: bytes in, bytes out."""

    def __init__(self, request: Request, keys: frozenset[str]) -> None:
        """Raises Denied."""
        form = next((one for one in FORMATS if one.PLACE.fullmatch(request.path)), None)
        if form is None:
            raise Denied(404, f"Invalid URL (GET {request.path})")
        if keys and form.key(request) not in keys:
            raise Denied(401, f"Incorrect API key provided: {form.key(request)}.")
        if request.header("sec-websocket-extensions"):
            raise Denied(400, "sim: the gateway cannot read what is compressed")
        model = form.named(request)
        self._opened: Opened = form.opened(request, model)
        self._talk = form.Talk(model)
        self._connection = Connection(ConnectionType.SERVER)
        self._head = _switched(request, self._opened.protocol)
        self._parts: list[Any] = []
        self.closed = False
        """Whether the session has come to its end."""

    def begin(self) -> bytes:
        """The answer to the handshake, and the greeting."""
        return self._head + b"".join(map(self._sent, self._opened.greeting))

    def feed(self, data: bytes) -> bytes:
        """What is answered to these bytes."""
        out = b""
        try:
            self._connection.receive_data(data)
            for event in self._connection.events():
                out += self._answered(event)
        except Ended as end:
            out += self.end(end.code, end.reason)
        except RemoteProtocolError as fault:
            out += self.end(1002, str(fault))
        return out

    def end(self, code: int, reason: str) -> bytes:
        """The frame that ends the session."""
        try:
            return self._connection.send(CloseConnection(code=code, reason=reason))
        except LocalProtocolError:
            return b""

    def _answered(self, event: Any) -> bytes:
        if isinstance(event, CloseConnection):
            self.closed = True
            return self._connection.send(event.response()) if self._owes() else b""
        if isinstance(event, Ping):
            return self._connection.send(event.response())
        if isinstance(event, TextMessage | BytesMessage):
            return self._message(event)
        return b""

    def _owes(self) -> bool:
        return self._connection.state.name == "REMOTE_CLOSING"

    def _message(self, event: TextMessage | BytesMessage) -> bytes:
        self._parts.append(event.data)
        if not event.message_finished:
            return b""
        joined = type(event.data)().join(self._parts)
        self._parts = []
        return b"".join(
            map(
                self._sent,
                self._talk.said(read(bytes(joined) if isinstance(joined, bytearray) else joined)),
            )
        )

    def _sent(self, said: Said) -> bytes:
        text = orjson.dumps(said)
        if self._opened.binary:
            return self._connection.send(BytesMessage(data=text))
        return self._connection.send(TextMessage(data=text.decode()))


def _switched(request: Request, protocol: str) -> bytes:
    key = request.header("sec-websocket-key").encode() + GUID
    accept = base64.b64encode(hashlib.sha1(key, usedforsecurity=False).digest())
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"upgrade: websocket",
        b"connection: Upgrade",
        b"sec-websocket-accept: " + accept,
    ]
    if protocol:
        lines.append(b"sec-websocket-protocol: " + protocol.encode())
    return b"\r\n".join(lines) + b"\r\n\r\n"
