"""The child process that serves the management API; it alone loads what that needs."""

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import msgspec
import structlog
import uvicorn
import uvloop
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from extproc.admin.application import application
from extproc.admin.budgets import Budgets
from extproc.admin.configuring import Configuring
from extproc.admin.editing import Editor
from extproc.admin.guard import Guard
from extproc.admin.health import Health
from extproc.admin.looking import Looking
from extproc.admin.trying import LAST, TRIALS, Trying
from extproc.admin.views import Views
from extproc.admin.writing import Refusal as Declined
from extproc.admin.writing import Writing
from extproc.config import Gateway, Unresolved
from extproc.config.admin import Admin
from extproc.config.references import resolve
from extproc.config.telemetry import Usage
from extproc.process.configuration import Loaded
from extproc.process.life import Life
from extproc.process.line import Line
from extproc.usage.place import store_url

log = structlog.get_logger()

CONNECTIONS = 64
"""Open at once; more get a 503."""
HEAD = 16 * 1024
"""Bytes of a request's line and headers."""
REQUEST = 30.0
"""Seconds for a request's body and its answer."""
LONG = {TRIALS: LAST + REQUEST}
"""The same, for paths whose answers take as long as a model does."""
ASKING = 5.0
"""Seconds for the handshake of TLS and a request's line and headers."""


class Key:
    """What callers must know, as it is where the configuration says."""

    def __init__(self, admin: Admin) -> None:
        self._said = ""
        self.now: str | None = None
        self.look(admin)

    def look(self, admin: Admin | None) -> None:
        """Reads it anew; without one, nobody is let in."""
        try:
            self.now = resolve(admin.key, os.environ) if admin else None
            problem = ""
        except Unresolved as error:
            self.now, problem = None, str(error)
        if problem and problem != self._said:
            log.error("the management API lets nobody in", problem=problem)
        self._said = problem


class Connection(H11Protocol):
    """One that ends when its request, or the answer, takes too long, by whoever's fault.

    Who has not asked yet makes room for who comes: so nobody shuts others out by connections alone.
    """

    # uvicorn narrows asyncio's type of a transport here, too.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._since = self.loop.time()
        self._asked = False
        self._late = self.loop.call_later(ASKING, transport.abort)
        if len(self.connections) >= CONNECTIONS:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        self._asked = False
        self._end_in(ASKING)
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        self._late.cancel()
        super().connection_lost(exc)

    @property
    def waits(self) -> bool:
        """Whether no request of it is under way."""
        return self.cycle is None or self.cycle.response_complete

    def _look(self) -> None:
        if not (self._asked or self.waits):
            self._asked = True
            self._end_in(LONG.get(self.scope["path"], REQUEST))

    def _end_in(self, seconds: float) -> None:
        self._late.cancel()
        self._late = self.loop.call_later(seconds, self.transport.abort)

    def _make_room(self) -> None:
        others = (one for one in self.connections if isinstance(one, Connection) and one.waits)
        oldest = min(others, key=lambda one: one._since)  # this one waits, too
        self.connections.discard(oldest)
        oldest.transport.abort()


class Server(uvicorn.Server):
    """Ends when it is told, not by signals of its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How it is served."""

    admin: Admin
    listener: socket.socket
    config: Path
    """Where the configuration stands."""


def run(loaded: Loaded, options: Options, parent: int, line: Line) -> None:
    """Serves until SIGTERM."""
    structlog.contextvars.bind_contextvars(worker="admin")
    uvloop.run(_serve(loaded, options, parent, line))


def _editor(options: Options) -> Editor | None:
    if not options.admin.write:
        return None
    # Where the file is a link, what it leads to is changed.
    path = options.config.resolve()
    return Editor(path, path.parent / options.admin.history)


Kept = Callable[[str], list[Any]]
"""An exchange's id → the bodies that are stored of it."""


def _application(
    gateway: Callable[[], Gateway], options: Options, kept: Kept | None, health: Health
) -> FastAPI:
    path, editor = options.config.resolve(), _editor(options)
    seen = Views(
        looking=Looking(gateway, options.config, write=editor is not None),
        budgets=Budgets(gateway, options.config),
        configuring=Configuring(path, editor),
        trying=Trying(gateway),
    )
    return application(gateway, Writing(editor) if editor else None, seen, kept, health)


def _kept(options: Options, settings: Usage | None) -> Kept | None:
    """Who finds bodies, where any are stored; each look is logged."""
    if settings is None:
        return None
    from extproc.usage.raw import found
    from extproc.usage.store import Store, StoreError

    def kept(exchange: str) -> list[Any]:
        log.info("raw bodies are looked at", exchange=exchange)
        try:
            store = Store(store_url(settings, options.config, os.environ))
        except Unresolved as error:
            raise Declined(503, f"usage.store: {error}") from None
        try:
            return cast(list[Any], store.ask(lambda engine: found(engine, exchange)))
        except StoreError as error:
            raise Declined(503, f"usage.store: {error}") from None
        finally:
            store.close()

    return kept


async def _serve(loaded: Loaded, options: Options, parent: int, line: Line) -> None:
    admin = options.admin
    in_force = loaded

    def gateway() -> Gateway:
        return in_force.gateway

    def take(new: Loaded) -> None:
        nonlocal in_force
        in_force = new

    key = Key(admin)
    life = Life(parent, line, take)
    kept, health = _kept(options, loaded.gateway.usage), Health(asks_envoy=admin.envoy)
    served = _application(gateway, options, kept, health)
    guarded = Guard(served, lambda: key.now, time.monotonic)
    server = Server(_settings(guarded, admin))
    serving = asyncio.create_task(server.serve(sockets=[options.listener]))
    log.info("ready", pid=os.getpid())
    await life.told(lambda: key.look(gateway().admin))
    server.should_exit = True
    await serving


def _settings(guarded: Guard, admin: Admin) -> uvicorn.Config:
    tls = admin.tls
    return uvicorn.Config(
        guarded,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        backlog=CONNECTIONS,
        h11_max_incomplete_event_size=HEAD,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=1,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
        ssl_ca_certs=tls.client_ca if tls else None,
        ssl_cert_reqs=ssl.CERT_REQUIRED if tls and tls.client_ca else ssl.CERT_NONE,
    )
