"""The child process that asks backends whether they answer, by Envoy's loopback listener."""

import asyncio
import os
import random
import time
from pathlib import Path

import httpcore
import msgspec
import orjson
import structlog

from extproc.admin import probed
from extproc.admin.probed import Probed
from extproc.config import Gateway
from extproc.config.backend import Backend
from extproc.config.probe import Probe
from extproc.config.redaction import SECRET
from extproc.config.sockets import side_socket
from extproc.exchange import probe
from extproc.process.configuration import Loaded
from extproc.process.life import Life
from extproc.process.line import Line

log = structlog.get_logger()

AT_ONCE = 4
"""Backends that are asked at a time; others wait their turn."""
SETTLING = 2.0
"""Seconds after a configuration came: Envoy gets it later than others do."""
SPREAD = (0.9, 1.1)
"""Many that have begun together must not ask together for ever."""
BUSY = 429
"""The provider answers, and knows whom: it is only asked too often."""
LONGEST, SHOWN = 4_096, 200
"""Bytes of an error that are read, and characters that are told."""
URL = httpcore.URL(scheme=b"http", host=b"gateway.internal", port=None, target=probe.PATH)
HOST = (b"host", b"gateway.internal")


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How they ask."""

    side: str
    """The secret of requests of our own."""
    file: Path
    """Where it stands what was found."""


def wanted(gateway: Gateway) -> dict[str, Backend]:
    """The backends that are asked."""
    return {name: one for name, one in gateway.backends.items() if one.probe is not None}


def run(loaded: Loaded, options: Options, parent: int, line: Line) -> None:
    """Asks until SIGTERM; when a configuration comes, the backends that it names."""
    structlog.contextvars.bind_contextvars(worker="probes")
    asyncio.run(_keep(loaded, options, parent, line))


async def _keep(loaded: Loaded, options: Options, parent: int, line: Line) -> None:
    probes = Probes(options)
    life = Life(parent, line, lambda new: probes.take(new.gateway))
    probes.take(loaded.gateway)
    log.info("ready", pid=os.getpid())
    await life.told(lambda: None)
    probes.close()


class Probes:
    """A task for each backend, and what all of them have found."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._found: dict[str, Probed] = {}
        self._tasks: dict[str, tuple[Backend, asyncio.Task[None]]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    def take(self, gateway: Gateway) -> None:
        """These are asked from now on; who is new or another than before, at once."""
        backends, socket = wanted(gateway), side_socket(gateway.extproc)
        for name, (before, task) in [*self._tasks.items()]:
            if backends.get(name) != before:
                task.cancel()
                del self._tasks[name]
                self._found.pop(name, None)
        for name, backend in backends.items():
            if name not in self._tasks:
                task = asyncio.create_task(self._watch(name, backend, socket))
                self._tasks[name] = backend, task
        self._write()

    def close(self) -> None:
        """Asks no more."""
        for _, task in self._tasks.values():
            task.cancel()

    async def _watch(self, name: str, backend: Backend, socket: str) -> None:
        settings = backend.probe
        assert settings is not None
        await asyncio.sleep(SETTLING * (1 + random.random()))  # noqa: S311  (no secret)
        while True:
            async with self._slots:
                failure = await asked(socket, name, settings, self._options.side)
            if failure is not None:
                self._heard(name, failure)
            await asyncio.sleep(settings.every * random.uniform(*SPREAD))  # noqa: S311

    def _heard(self, name: str, failure: str) -> None:
        now = time.time()
        before = self._found.get(name, Probed(now))
        if failure and not before.failures:
            log.warning("a backend's probe failed", backend=name, problem=failure)
        elif before.failures and not failure:
            log.info("a backend's probe succeeds again", backend=name)
        since = before.since if before.failures else now
        self._found[name] = (
            Probed(now, failure, before.failures + 1, since) if failure else Probed(now)
        )
        self._write()

    def _write(self) -> None:
        try:
            probed.write(self._options.file, self._found)
        except OSError as error:
            problem = error.strerror or "unknown error"
            log.error("what probes found cannot be handed on", problem=problem)


async def asked(socket: str, backend: str, settings: Probe, secret: str) -> str | None:
    """Why the backend does not answer as it should; empty: it does; None: Envoy does not."""
    said = [(name.encode(), value.encode()) for name, value in probe.headers(backend, secret)]
    try:
        async with (
            asyncio.timeout(settings.timeout),
            httpcore.AsyncConnectionPool(uds=socket) as pool,
            pool.stream(probe.METHOD, URL, headers=[HOST, *said]) as answer,
        ):
            if answer.status < 400 or answer.status == BUSY:
                return ""
            return cause(answer.status, await _begin(answer))
    except TimeoutError:
        return f"no answer within {settings.timeout:g} s"
    except (httpcore.ConnectError, FileNotFoundError):
        return None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
        return f"no answer: {type(error).__name__}"


async def _begin(answer: httpcore.Response) -> bytes:
    body = b""
    async for piece in answer.aiter_stream():
        body += piece
        if len(body) >= LONGEST:
            break
    return body[:LONGEST]


def cause(status: int, body: bytes) -> str:
    """The status, and what an error says of it, without what may be a secret."""
    text = SECRET.sub("[redacted]", _message(body))
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())[:SHOWN]
    return f"status {status}: {line}" if line else f"status {status}"


def _message(body: bytes) -> str:
    """Of an error in JSON, its sentence, wherever providers put it; else what begins the body."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode(errors="replace")
    for name in ("error", "message"):
        said = said.get(name, said) if isinstance(said, dict) else said
    return said if isinstance(said, str) else ""
