"""A raw client of the lean transport: bytes on a socket, and the frames that come back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import hpack

from tests.extproc.transport.peer import PREFACE, REQUEST, request, settings


class Client:
    """Raw bytes on a socket, and the frames that come back."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.decoder = hpack.Decoder()

    async def send(self, *pieces: bytes) -> None:
        self.writer.write(b"".join(pieces))
        await self.writer.drain()

    async def frame(self) -> tuple[int, int, int, bytes]:
        """(type, flags, stream, payload) of the next frame."""
        async with asyncio.timeout(10):
            head = await self.reader.readexactly(9)
            payload = await self.reader.readexactly(int.from_bytes(head[:3]))
        return head[3], head[4], int.from_bytes(head[5:]), payload

    async def until(self, kind: int, stream: int = 0) -> bytes:
        """The payload of the next frame of a type."""
        while True:
            found, _, on, payload = await self.frame()
            if (found, on) == (kind, stream):
                return payload

    async def closed(self) -> bytes:
        """All that still came before the server closed."""
        async with asyncio.timeout(10):
            try:
                return await self.reader.read(-1)
            except ConnectionResetError:
                return b""

    async def status(self, stream: int = 1) -> tuple[dict[str, str], bytes]:
        """All header fields and all DATA of a stream, once it has ended."""
        fields: dict[str, str] = {}
        body = b""
        while True:
            kind, flags, on, payload = await self.frame()
            if kind == 1 and on == stream:
                fields |= dict(self.decoder.decode(payload))
            if kind == 0 and on == stream:
                body += payload
            if kind in (0, 1) and on == stream and flags & 1:
                return fields, body


@asynccontextmanager
async def connected(path: Path, *greeting: bytes) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_unix_connection(str(path))
    client = Client(reader, writer)
    try:
        await client.send(*(greeting or (PREFACE, settings())))
        yield client
    finally:
        writer.transport.abort()


def to(path: str, stream: int = 1, *, end: bool = False, **fields: str) -> bytes:
    kept = [(name, path if name == ":path" else value) for name, value in REQUEST]
    added = [(name.replace("_", "-"), value) for name, value in fields.items()]
    return request(stream, end=end, fields=kept + added)
