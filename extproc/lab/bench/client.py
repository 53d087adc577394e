"""The load generator: raw HTTP/1.1 with keep-alive, as little of it as answers can be told by.

`python -m extproc.lab.bench.client` reads jobs from standard input until it ends.
"""

import asyncio
import resource
import sys
import time
from typing import Any

import msgspec
import uvloop

from extproc.lab.bench.load import Done, Job, read, write

MARK = b"data:"
LAST_CHUNK = b"\r\n0\r\n\r\n"
DEADLINE = 300.0
"""Seconds for one load."""


class Tally:
    """What all connections have seen together."""

    def __init__(self, job: Job) -> None:
        self.left = job.total
        self.waiting = job.total
        self.events = 0
        self.problem = ""
        self.times: list[float] = []
        self.over = asyncio.Event()

    def take(self) -> bool:
        """Whether there is another request to send."""
        self.left -= 1
        return self.left >= 0

    def answered(self, seconds: float) -> None:
        """One answer is complete."""
        self.times.append(seconds * 1_000_000)
        self.waiting -= 1
        if not self.waiting:
            self.over.set()

    def fail(self, problem: str) -> None:
        """Ends the load."""
        self.problem = self.problem or problem
        self.over.set()

    def done(self) -> Done:
        """The result."""
        ordered = sorted(self.times) or [0.0]
        return Done(
            answers=len(self.times),
            events=self.events,
            p50=ordered[len(ordered) // 2],
            p99=ordered[len(ordered) * 99 // 100],
            problem=self.problem,
        )


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, request: bytes, tally: Tally) -> None:
        self._request = request
        self._tally = tally
        self._head = b""
        self._missing = 0
        """Bytes of a body with a length; -1 for one in chunks."""
        self._tail = b""
        self._sent = 0.0

    def connection_made(self, transport: Any) -> None:
        self._transport: asyncio.Transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._tally.waiting:
            self._tally.fail(f"the connection ended: {exc or 'closed'}")

    def next(self) -> None:
        """Sends a request, if one is left."""
        if not self._transport.is_closing() and self._tally.take():
            self._sent = time.perf_counter()
            self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._missing:
            self._head += data
            head, found, data = self._head.partition(b"\r\n\r\n")
            if not found or not self._begin(head):
                return
        if self._missing > 0:
            self._missing -= len(data)
            complete = not self._missing
        else:
            complete = self._chunks(data)
        if complete:
            self._head = self._tail = b""
            self._missing = 0
            self._tally.answered(time.perf_counter() - self._sent)
            self.next()

    def _begin(self, head: bytes) -> bool:
        if not head.startswith(b"HTTP/1.1 200 "):
            self._tally.fail(self._head[:2000].decode(errors="replace"))
            return False
        _, _, length = head.lower().partition(b"\r\ncontent-length:")
        self._missing = int(length.split(b"\r\n", 1)[0]) if length else -1
        if not self._missing:
            self._tally.fail("an answer without a body")
            return False
        # A first chunk's size may stand at the very beginning of the body.
        self._tail = b"\r\n"
        return True

    def _chunks(self, data: bytes) -> bool:
        window = self._tail + data
        self._tally.events += window.count(MARK) - self._tail.count(MARK)
        self._tail = window[-len(LAST_CHUNK) :]
        return self._tail == LAST_CHUNK


async def run(job: Job) -> Done:
    """One load, from the first connection to the last answer."""
    tally = Tally(job)
    loop = asyncio.get_running_loop()
    connections = [
        await loop.create_connection(lambda: Connection(job.request, tally), "127.0.0.1", job.port)
        for _ in range(job.clients)
    ]
    for number, (_, connection) in enumerate(connections):
        loop.call_later(number * job.ramp / job.clients, connection.next)
    try:
        async with asyncio.timeout(DEADLINE):
            await tally.over.wait()
    except TimeoutError:
        tally.fail(f"not done within {DEADLINE:.0f} s")
    for transport, _ in connections:
        transport.close()
    return tally.done()


def main() -> None:
    """Serves jobs."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    while data := read(sys.stdin.buffer):
        write(sys.stdout.buffer, uvloop.run(run(msgspec.msgpack.decode(data, type=Job))))


if __name__ == "__main__":
    main()
