"""HTTP servers on loopback that say whatever a test wants them to."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Say = Callable[[asyncio.StreamWriter], Awaitable[None]]

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
PDF = b"%PDF-1.7\n" + bytes(64)


class Server:
    """Answers GET requests by path, and keeps the heads of all that it got."""

    def __init__(self) -> None:
        self.port = 0
        self.heads: list[str] = []
        self.open = 0
        """Connections that are not closed yet."""
        self._answers: dict[str, bytes | Say] = {}

    def url(self, path: str = "/a.png", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def at(self, path: str, answer: bytes | Say) -> None:
        self._answers[path] = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            answer = self._answers[head.split(" ")[1]]
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await _while_there(reader, asyncio.ensure_future(answer(writer)))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self.open -= 1


async def _while_there(reader: asyncio.StreamReader, saying: asyncio.Future[None]) -> None:
    """Waits for the end of what is said, or until nobody listens."""
    gone = asyncio.ensure_future(reader.read())
    await asyncio.wait({saying, gone}, return_when=asyncio.FIRST_COMPLETED)
    for task in (saying, gone):
        task.cancel()
        await asyncio.wait({task})
    if not saying.cancelled():
        saying.result()


@asynccontextmanager
async def running(tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """A server at a port of its own."""
    server = Server()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()


def answer(
    body: bytes = PNG, content_type: str = "image/png", status: str = "200 OK", **headers: str
) -> bytes:
    """A whole HTTP answer; `_` in a header's name stands for `-`."""
    lines = {"content-type": content_type, "content-length": str(len(body))}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    said = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"HTTP/1.1 {status}\r\n{said}\r\n".encode() + body


def moved(location: str, status: str = "302 Found") -> bytes:
    return answer(b"", "", status, location=location)


def endless(piece: bytes, pause: float = 0, **headers: str) -> Say:
    """A body that never ends, in pieces with pauses between them."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"", content_length="", transfer_encoding="chunked", **headers))
        while True:
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(pause)

    return say


async def silence(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()
