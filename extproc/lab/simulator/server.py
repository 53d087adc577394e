"""The simulator on a socket: HTTP/1.1 with keep-alive, in this event loop or in a thread."""

import asyncio
import signal
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Self, assert_never

import uvloop

from extproc.lab.simulator.desk import Desk, Orders, Settings
from extproc.lab.simulator.http1 import BadRequestError, Request, RequestParser
from extproc.lab.simulator.play import Close, Drop, Hang, Step, Wait
from extproc.lab.simulator.record import Outcome, Recorded
from extproc.lab.simulator.sessions.talk import asks

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: close with a TCP reset."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
MALFORMED = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
POLL = 0.005
"""Seconds between two looks of `until`."""


class Simulator:
    """A provider that listens; made by `serve`."""

    def __init__(self, settings: Settings, host: str) -> None:
        self.desk = Desk(settings)
        self.host = host
        self.port = 0
        self.connections: set[_Connection] = set()
        self.talking: set[_Connection] = set()
        """Those of them that hold a session."""
        self.connected = 0
        """How many connections there have been."""
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://{self.host}:{self.port}"

    @property
    def requests(self) -> tuple[Recorded, ...]:
        """The requests so far, the oldest first; at most `keep`."""
        return tuple(self.desk.requests)

    async def start(self, port: int) -> None:
        """Listens; port 0 takes a free one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self, loop), self.host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stops listening and ends every connection."""
        assert self._server is not None
        self._server.close()
        for connection in tuple(self.connections):
            connection.end()
        await self._server.wait_closed()


class _Connection(asyncio.Protocol):
    """One client; answers its requests in their order."""

    def __init__(self, simulator: Simulator, loop: asyncio.AbstractEventLoop) -> None:
        self._simulator = simulator
        self._loop = loop
        self._parser = RequestParser()
        self._waiting: deque[Request] = deque()
        self._steps: Iterator[Step] | None = None
        self._record: Recorded | None = None
        self._timer: asyncio.Handle | None = None
        self._paused = False
        self._closing = False
        self._session: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport: asyncio.Transport = transport
        self._simulator.connected += 1
        self._number = self._simulator.connected
        self._simulator.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._simulator.connections.discard(self)
        self._simulator.talking.discard(self)
        if self._timer:
            self._timer.cancel()
        if self._record and self._record.outcome in {"open", "hung"}:
            self._record.outcome = "client_gone"
        self._steps = self._record = None
        self._waiting.clear()

    def end(self) -> None:
        """Ends the connection at once."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        if self._session is not None:
            self._say(self._session.feed(data))
            return
        try:
            self._waiting.extend(self._parser.feed(data))
        except BadRequestError:
            self._transport.write(MALFORMED)
            self._transport.close()
            return
        if self._parser.expects:
            self._parser.expects = False
            self._transport.write(CONTINUE)
        self._serve()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        if self._steps and not self._timer:
            self._timer = self._loop.call_soon(self._resume)

    def _serve(self) -> None:
        while self._waiting and self._steps is None:
            request = self._waiting.popleft()
            if asks(request) and self._talks(request):
                return
            self._record, self._steps = self._simulator.desk.answer(request, self._number)
            self._run(self._steps)

    def _talks(self, request: Request) -> bool:
        """Begins a session; false where it is refused, which the desk says."""
        self._session = session = self._simulator.desk.session(request, self._number)
        if session is None:
            return False
        self._simulator.talking.add(self)
        self._say(session.begin())
        return True

    def _say(self, data: bytes) -> None:
        self._transport.write(data)
        if self._session is not None and self._session.closed:
            self._closing = True
            self._transport.close()

    def hang_up(self, code: int, reason: str) -> None:
        """Ends the session as its provider does."""
        if self._session is not None:
            self._say(self._session.end(code, reason))

    def _resume(self) -> None:
        self._timer = None
        if self._steps is not None and not self._paused:
            self._run(self._steps)
            self._serve()

    def _run(self, steps: Iterator[Step]) -> None:
        """Takes steps until one makes it wait."""
        try:
            for step in steps:
                if not self._take(step):
                    return
        except Exception:
            self._transport.abort()
            raise
        self._finish("sent")

    def _take(self, step: Step) -> bool:
        """Does one step; false when the next has to wait."""
        match step:
            case bytes():
                self._transport.write(step)
                return not self._paused
            case Wait(seconds=seconds):
                self._timer = self._later(seconds)
            case Hang():
                assert self._record is not None
                self._record.outcome = "hung"
            case Drop(reset=reset):
                self._end("dropped")
                self._drop(reset)
            case Close():
                self._end("sent")
                self._transport.close()
            case _:
                assert_never(step)
        return False

    def _later(self, seconds: float) -> asyncio.Handle:
        if seconds:
            return self._loop.call_later(seconds, self._resume)
        return self._loop.call_soon(self._resume)

    def _finish(self, outcome: Outcome) -> None:
        if self._record:
            self._record.outcome = outcome
        self._record = self._steps = None

    def _end(self, outcome: Outcome) -> None:
        self._finish(outcome)
        self._waiting.clear()
        self._closing = True

    def _drop(self, reset: bool) -> None:
        if not reset:
            self._transport.close()
        elif self._transport.get_write_buffer_size():
            # What was written before goes out first; a reset would throw it away.
            self._loop.call_soon(self._drop, reset)
        else:
            peer = self._transport.get_extra_info("socket")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self._transport.abort()


async def serve(host: str = "127.0.0.1", port: int = 0, **settings: Any) -> Simulator:
    """A listening simulator; `settings` are those of Settings."""
    simulator = Simulator(Settings(**settings), host)
    await simulator.start(port)
    return simulator


def run(
    host: str = "127.0.0.1",
    port: int = 8081,
    *,
    ready: Callable[[Simulator], None] | None = None,
    **settings: Any,
) -> int:
    """Serves until SIGINT or SIGTERM, then returns the exit code 0."""

    async def until_told() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        simulator = await serve(host, port, **settings)
        if ready:
            ready(simulator)
        await stop.wait()
        await simulator.close()

    uvloop.run(until_told())
    return 0


class RunningSimulator:
    """A simulator in a thread of its own: `with RunningSimulator() as sim: … sim.url …`."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, **settings: Any) -> None:
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._place = (host, port)
        self._settings = settings
        self.simulator: Simulator

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.simulator = self._wait(serve(*self._place, **self._settings))
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._wait(self.simulator.close())
        self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return self.simulator.url

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.simulator.port

    @property
    def requests(self) -> tuple[Recorded, ...]:
        """The requests so far, the oldest first."""
        return self.simulator.requests

    def push(self, *orders: Orders) -> None:
        """Adds orders for the next requests, one each."""
        self.simulator.desk.script.extend(orders)

    def until(self, true: Callable[[Simulator], bool], seconds: float = 5) -> None:
        """Waits until `true` of the simulator; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while not true(self.simulator):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not true within {seconds} s")
            time.sleep(POLL)

    def hang_up(self, code: int | None = None, reason: str = "", *, every: int = 1) -> None:
        """Ends sessions, each or one of so many: with a farewell, or without one where there is no
        `code`."""
        for each in tuple(self.simulator.talking)[::every]:
            if code is None:
                self._loop.call_soon_threadsafe(each.end)
            else:
                self._loop.call_soon_threadsafe(each.hang_up, code, reason)

    def _wait(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)
