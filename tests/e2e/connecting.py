"""A proxy that makes connections by CONNECT, and TLS before a provider."""

import socket
import ssl
import threading
from collections.abc import Callable
from typing import Self

REFUSED = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"
DONE = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Front:
    """Takes connections on loopback, and hands each to a thread."""

    def __init__(self, handle: Callable[[socket.socket], None]) -> None:
        self._handle = handle
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        try:
            with connection:
                self._handle(connection)
        except OSError:
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()


class Connecting(Front):
    """The proxy: whatever host it is asked for, it leads to `port`."""

    def __init__(self, port: int, *, who: str = "") -> None:
        self.asked: list[dict[str, str]] = []
        """The headers of each request, its first line as the empty name."""
        self._port = port
        self._who = who
        super().__init__(self._connect)

    def _connect(self, connection: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65_536)
            if not piece:
                return
            data += piece
        head, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines) | {"": first}
        self.asked.append(headers)
        if self._who and headers.get("proxy-authorization") != self._who.lower():
            connection.sendall(REFUSED)
            return
        with socket.create_connection(("127.0.0.1", self._port)) as there:
            connection.sendall(DONE)
            there.sendall(rest)
            both(connection, there)


def secured(port: int, certificate: str, key: str) -> Front:
    """TLS before a plain provider."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["http/1.1"])

    def handle(connection: socket.socket) -> None:
        with (
            context.wrap_socket(connection, server_side=True) as secure,
            socket.create_connection(("127.0.0.1", port)) as there,
        ):
            both(secure, there)

    return Front(handle)


def both(one: socket.socket, other: socket.socket) -> None:
    """All that either says, until one of them is done."""
    back = threading.Thread(target=_pump, args=(other, one), daemon=True)
    back.start()
    _pump(one, other)
    back.join(5)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return
