"""The child process that serves the management API; it alone loads what that needs."""

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import structlog
import uvicorn
import uvloop
from fastapi import FastAPI

from extproc.admin.application import application
from extproc.admin.budgets import Budgets
from extproc.admin.configuring import Configuring
from extproc.admin.editing import Editor
from extproc.admin.guard import Guard
from extproc.admin.looking import Looking
from extproc.admin.trying import Trying
from extproc.admin.views import Views
from extproc.admin.writing import Writing
from extproc.config import Gateway, Unresolved
from extproc.config.admin import Admin
from extproc.config.references import resolve
from extproc.process.configuration import Loaded
from extproc.process.life import Life
from extproc.process.line import Line

log = structlog.get_logger()

CONNECTIONS = 64
"""Open at once; more get a 503."""
HEAD = 16 * 1024
"""Bytes of a request's line and headers."""


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


def _application(gateway: Callable[[], Gateway], options: Options) -> FastAPI:
    path, editor = options.config.resolve(), _editor(options)
    seen = Views(
        looking=Looking(gateway, options.config, write=editor is not None),
        budgets=Budgets(gateway, options.config),
        configuring=Configuring(path, editor),
        trying=Trying(gateway),
    )
    return application(gateway, Writing(editor) if editor else None, seen)


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
    guarded = Guard(_application(gateway, options), lambda: key.now, time.monotonic)
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
        http="h11",
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
