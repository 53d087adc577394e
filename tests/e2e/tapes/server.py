"""An HTTP/1.1 server that plays a tape: which one and how, the user agent says."""

import asyncio
import gzip
import socket
import struct
import threading
from typing import Self

from tests.e2e.tapes.providers import TAPES, Tape

CASE = "case/"
"""A user agent is `case/<client>/<provider>/<way>`, and so stands in the access log."""
STREAMED = ("streamed", "gzip-streamed", "hung-up", "cut", "closed", "failed", "stuck")
WHOLE = ("whole", "gzip-whole", "silent")
HELD = ("silent", "hung-up", "stuck")
PATIENCE = 20.0


class Player:
    """The provider of all dialects; a context manager."""

    failure = ""
    """The client's header that says how to fail instead; empty: there is none."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        """Target, headers and body of each, the oldest first."""
        self._writers: set[asyncio.StreamWriter] = set()
        self._heard: dict[str, asyncio.Event] = {}
        """By user agent: whether the client has had some of its stream."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(self._start(), self._loop)
        self.port = started.result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def hear(self, agent: str) -> None:
        """Tells, from any thread, that the client has had some of its stream."""
        self._loop.call_soon_threadsafe(lambda: self._heard_by(agent).set())

    def _heard_by(self, agent: str) -> asyncio.Event:
        return self._heard.setdefault(agent, asyncio.Event())

    async def _start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _end(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        while self._writers:
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            headers = await self._read(reader)
            failure = headers.get(self.failure)
            if failure:
                stays = fail(failure, writer)
            else:
                stays = await self._play(headers["user-agent"], writer)
            if stays:
                await reader.read()
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self._writers.discard(writer)

    async def _read(self, reader: asyncio.StreamReader) -> dict[str, str]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = [line.split(": ", 1) for line in head[1:] if line]
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((head[0].split(" ")[1], headers, body))
        return headers

    async def _play(self, agent: str, writer: asyncio.StreamWriter) -> bool:
        """Says what is to be said; whether the connection then stays, in silence."""
        _, _, provider, way = agent.split("/")
        tape = TAPES[provider]
        if way == "refused":
            writer.write(REFUSAL)
        elif way in ("whole", "gzip-whole"):
            self._whole(tape, way, writer)
        elif way == "gzip-streamed":
            stream = b"".join((*tape.opening, *tape.words, *tape.closing))
            writer.write(head(tape.content_type, "content-encoding: gzip"))
            writer.write(chunk(gzip.compress(stream)) + END)
        elif way != "silent":
            await self._stream(tape, way, writer)
        if way == "cut":
            await asyncio.wait_for(self._heard_by(agent).wait(), PATIENCE)
        return way in HELD

    def _whole(self, tape: Tape, way: str, writer: asyncio.StreamWriter) -> None:
        zipped = way == "gzip-whole"
        body = gzip.compress(tape.whole) if zipped else tape.whole
        extra = ("content-encoding: gzip",) if zipped else ()
        writer.write(head("application/json", *extra) + chunk(body) + END)

    async def _stream(self, tape: Tape, way: str, writer: asyncio.StreamWriter) -> None:
        closed = way == "closed"
        writer.write(head(tape.content_type, chunked=not closed))
        for piece in (*tape.opening, *tape.words):
            writer.write(piece if closed else chunk(piece))
            await writer.drain()
            await asyncio.sleep(0.002)
        if way == "failed":
            writer.write(chunk(tape.failing) + END)
        elif way == "streamed":
            writer.write(b"".join(map(chunk, tape.closing)) + END)


class Failing(Player):
    """A provider that fails as the client's header says."""

    failure = "x-failure"


RESET = struct.pack("ii", 1, 0)
FAILURES = ("429", "500", "503", "529", "reset", "closed", "silent")


def fail(how: str, writer: asyncio.StreamWriter) -> bool:
    """One of FAILURES; whether the connection then stays, in silence."""
    if how.isdecimal():
        said = f"HTTP/1.1 {how} Failure\r\nretry-after: 7\r\nx-failed: yes\r\n"
        writer.write(f"{said}connection: close\r\ncontent-length: 2\r\n\r\n{{}}".encode())
    elif how == "reset":
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()
    return how == "silent"


END = b"0\r\n\r\n"
REFUSAL = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def head(content_type: str, *more: str, chunked: bool = True) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"content-type: {content_type}", "connection: close", *more]
    if chunked:
        lines.append("transfer-encoding: chunked")
    return "\r\n".join((*lines, "", "")).encode()


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"
