"""Services to call: each counts how often its calls ended."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from extproc.transport import Abort, Endpoint, Reply, Service, Status, grpcio, lean

SERVE: dict[str, Callable[..., Awaitable[Any]]] = {"lean": lean.serve, "grpcio": grpcio.serve}

ECHO, SLOW, REFUSE, BROKEN, UPPER = (
    "/t.S/Echo",
    "/t.S/Slow",
    "/t.S/Refuse",
    "/t.S/Broken",
    "/t.S/Up",
)
CLOSED_SHOP, SLOW_UPPER = "/t.S/ClosedShop", "/t.S/SlowUp"


class Log:
    """What happened to the calls of one service."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self.received: list[bytes] = []
        self.gate = asyncio.Event()
        """Slow answers come once it is set."""

    @property
    def open(self) -> int:
        return self.begun - self.ended


class EchoCall:
    def __init__(self, log: Log) -> None:
        self._log = log
        self._ended = False
        log.begun += 1

    def receive(self, message: bytes) -> Reply:
        assert not self._ended, "a message after the end"
        self._log.received.append(message)
        return b"re:" + message

    def end(self) -> None:
        assert not self._ended, "ended twice"
        self._ended = True
        self._log.ended += 1


class SlowCall(EchoCall):
    def receive(self, message: bytes) -> Reply:
        return self._wait(super().receive(message))

    async def _wait(self, reply: Reply) -> bytes:
        await self._log.gate.wait()
        assert isinstance(reply, bytes)
        return reply


class RefuseCall(EchoCall):
    def receive(self, message: bytes) -> Reply:
        if message == b"later":
            return self._fail()
        raise Abort(Status.INVALID_ARGUMENT, "nö, 100% not")

    async def _fail(self) -> bytes:
        await asyncio.sleep(0)
        raise Abort(Status.UNAVAILABLE, "not any more")


class BrokenCall(EchoCall):
    def receive(self, message: bytes) -> Reply:
        raise ZeroDivisionError("secret details")


def closed_shop() -> EchoCall:
    raise Abort(Status.UNAVAILABLE, "closed")


def service(log: Log) -> Service:
    async def slow_upper(message: bytes) -> bytes:
        await log.gate.wait()
        return message.upper()

    return Service(
        streams={
            ECHO: lambda: EchoCall(log),
            SLOW: lambda: SlowCall(log),
            REFUSE: lambda: RefuseCall(log),
            BROKEN: lambda: BrokenCall(log),
            CLOSED_SHOP: closed_shop,
        },
        unary={UPPER: bytes.upper, SLOW_UPPER: slow_upper},
    )


@asynccontextmanager
async def serving(log: Log, path: Path, transport: str = "lean", **options: Any):
    """A server at a socket file, drained without mercy at the end."""
    server = await SERVE[transport](service(log), Endpoint(path=str(path)), **options)
    try:
        yield server
    finally:
        await server.drain(0)


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Waits until something is so; AssertionError if it never is."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "it never happened"
        await asyncio.sleep(0.005)
