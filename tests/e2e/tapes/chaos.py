"""A provider that breaks its word in every way: which one, the user agent says."""

import asyncio
import gzip
import random
from collections.abc import Callable

from tests.e2e.tapes.providers import TAPES, Tape
from tests.e2e.tapes.server import END, PATIENCE, Player, chunk, fail, head

NOISE = random.Random(5).randbytes(2_000)
"""Bytes that mean nothing to anybody."""
HALF = 6
"""Words that come before a stream goes wrong."""
JSON = "application/json"


def _sized(body: bytes, length: int, content_type: str = JSON) -> bytes:
    return head(content_type, f"content-length: {length}", chunked=False) + body


def _begun(tape: Tape, *more: str) -> bytes:
    """A stream's head and its first words."""
    return head(tape.content_type, *more) + b"".join(map(chunk, tape.opening + tape.words[:HALF]))


def _events(tape: Tape) -> bytes:
    return b"".join((*tape.opening, *tape.words, *tape.closing))


WHOLE: dict[str, Callable[[Tape], bytes]] = {
    "short": lambda tape: _sized(tape.whole, len(tape.whole) // 2),
    "long": lambda tape: _sized(tape.whole, len(tape.whole) + 100),
    "noise": lambda tape: _sized(NOISE, len(NOISE)),
    "page": lambda tape: _sized(b"<html>All is well</html>", 24, "text/html"),
    "nothing": lambda tape: _sized(b"", 0),
    "no-http": lambda tape: NOISE,
    "closed-at-once": lambda tape: b"",
    "half-a-head": lambda tape: b"HTTP/1.1 200 OK\r\ncontent-ty",
    "bad-gzip": lambda tape: _zipped(gzip.compress(tape.whole)[:-40] + NOISE[:40]),
}
"""Way → all that comes before the end of the connection, where an answer is asked for."""

STREAMED: dict[str, Callable[[Tape], bytes]] = {
    "s-noise": lambda tape: head(tape.content_type) + chunk(NOISE) + END,
    "s-noise-within": lambda tape: _begun(tape) + chunk(NOISE) + END,
    "s-no-chunk": lambda tape: _begun(tape) + b"zz\r\nno\r\n",
    "s-half-an-event": lambda tape: _begun(tape) + chunk(tape.words[0][:-9]) + END,
    "s-half-a-chunk": lambda tape: _begun(tape) + chunk(tape.words[0])[:-9],
    "s-long": lambda tape: _sized(_events(tape)[:-20], 10**6, tape.content_type),
    "s-page": lambda tape: _sized(b"<html>All is well</html>", 24, "text/html"),
    "s-nothing": lambda tape: _sized(b"", 0, tape.content_type),
    "s-failed": lambda tape: _begun(tape) + chunk(tape.failing) + END,
}
"""The same, where a stream is."""


def _zipped(body: bytes) -> bytes:
    return head(JSON, "content-encoding: gzip") + chunk(body) + END


class Chaos(Player):
    """Also drips single bytes, resets, and falls silent; else it is a good one."""

    async def _play(self, agent: str, writer: asyncio.StreamWriter) -> bool:
        _, _, provider, way = agent.split("/")
        tape = TAPES[provider]
        told = WHOLE.get(way) or STREAMED.get(way)
        if told is not None:
            writer.write(told(tape))
        elif way in ("s-reset", "reset"):
            if way == "s-reset":
                writer.write(_begun(tape))
                await writer.drain()
                await asyncio.wait_for(self._heard_by(agent).wait(), PATIENCE)
            fail("reset", writer)
        elif way in ("drip", "s-drip"):
            await self._drip(tape, writer, stream=way == "s-drip")
        elif way == "stuck":
            writer.write(_begun(tape))
        else:
            return await super()._play(agent, writer)
        return way == "stuck"

    async def _drip(self, tape: Tape, writer: asyncio.StreamWriter, *, stream: bool) -> None:
        body = _events(tape) if stream else tape.whole
        writer.write(head(tape.content_type if stream else JSON))
        for place in range(len(body)):
            writer.write(chunk(body[place : place + 1]))
            await asyncio.sleep(0)
        writer.write(END)
