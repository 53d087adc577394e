"""The child process that tells Envoys their configuration; it makes nothing until one asks."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from extproc.config import ConfigError, Unresolved
from extproc.config.clients import files_of, load_clients
from extproc.config.process import Xds
from extproc.process.collecting import paused
from extproc.process.configuration import Loaded, Stamp, stamp
from extproc.process.lacking import NOBODY, lacking
from extproc.process.life import Life
from extproc.process.line import Line
from extproc.transport import Endpoint

if TYPE_CHECKING:
    from extproc.xds.snapshot import Snapshot
    from extproc.xds.source import Source

log = structlog.get_logger()

Recall = Callable[[Loaded, str], None]
"""Hears of a configuration that an Envoy has refused, and why."""


def recalling(file: Path) -> Recall:
    """Tells whoever looks at `file`."""

    def tell(loaded: Loaded, why: str) -> None:
        draft = file.with_suffix(".new")
        draft.write_text(f"{loaded.stamp}\n{why}", "utf-8")
        draft.replace(file)

    return tell


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Where Envoys ask."""

    config: Path
    """Where the configuration stands."""
    recall: Recall
    tokens: Path
    """Where the tokens of identities are."""
    socket: str
    """A Unix socket's path."""
    shared: Xds | None = None
    """For Envoys on other machines, beside it."""


class Door:
    """A socket at which nobody answers until somebody has knocked: most Envoys with a complete
    bootstrap never do, and who answers is a process more."""

    def __init__(self, endpoint: Endpoint) -> None:
        """`endpoint` has a listener."""
        assert endpoint.listener is not None
        self._path = Path(endpoint.path)
        self._listener: socket.socket | None = endpoint.listener
        self._listener.setblocking(False)

    def knocked(self) -> bool:
        """Whether anybody has; who has is sent away, and finds the process when it comes again."""
        while self._listener is not None:
            try:
                self._listener.accept()[0].close()
            except BlockingIOError:
                break
            self._path.unlink(missing_ok=True)
            self._listener.close()
            self._listener = None
        return self._listener is None


def run(loaded: Loaded, options: Options, parent: int, line: Line) -> None:
    """Serves until SIGTERM."""
    structlog.contextvars.bind_contextvars(worker="xds")
    desk = Desk(loaded, options.config, options.tokens, options.recall)
    asyncio.run(_serve(desk, options, parent, line))


async def _serve(desk: "Desk", options: Options, parent: int, line: Line) -> None:
    from extproc.xds import server

    life = Life(parent, line, desk.take)
    Path(options.socket).unlink(missing_ok=True)
    servers = [await server.serve(desk.source, f"unix:{options.socket}")]
    if options.shared is not None:
        credentials = server.credentials(options.shared.tls)
        servers.append(await server.serve(desk.source, _address(options.shared), credentials))
    log.info("ready", pid=os.getpid())
    await life.told(desk.look)
    # Envoys keep what they have, and ask whoever comes next.
    await asyncio.gather(*(one.stop(0) for one in servers))


def _address(shared: Xds) -> str:
    host = f"[{shared.host}]" if ":" in shared.host else shared.host
    return f"{host}:{shared.port}"


class Desk:
    """The configuration in force, and what was made of it."""

    def __init__(self, loaded: Loaded, path: Path, tokens: Path, recall: Recall) -> None:
        self._loaded = loaded
        self._path = path
        self._tokens = tokens
        self._recall = recall
        self._source: Source | None = None
        self._made: Loaded | None = None
        """What `_source` was made of."""
        self._seen: Mapping[Path, Stamp] = {}
        """The files of the clients' keys, as they were then."""
        self._lacking = NOBODY
        """The backends that had no token then."""
        self._making = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def source(self) -> "Source":
        """What Envoys are told of; ConfigError, Unresolved."""
        from extproc.xds.source import Source

        async with self._making:
            if self._source is None:
                snapshot = await self._snapshot(self._loaded)
                self._source = Source(snapshot, self._refused)
        if self._made is not self._loaded:
            self._again()  # another one has come meanwhile
        return self._source

    def take(self, loaded: Loaded) -> None:
        """Another configuration is in force."""
        self._loaded = loaded
        self._again()

    def look(self) -> None:
        """Makes it anew where a key of a client has changed, or a backend has lost or got its
        token."""
        changed = any(stamp(file) != seen for file, seen in self._seen.items())
        if changed or self._now_lacking() != self._lacking:
            self._again()

    def _now_lacking(self) -> frozenset[str]:
        return lacking(self._loaded.gateway, self._tokens, time.time())

    def _again(self) -> None:
        if self._source is None or self._making.locked():
            return  # whoever makes it looks again
        task = asyncio.get_running_loop().create_task(self._remake())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _remake(self) -> None:
        assert self._source is not None
        async with self._making:
            while True:
                loaded = self._loaded
                try:
                    self._source.put(await self._snapshot(loaded))
                except (ConfigError, Unresolved) as error:
                    log.error("Envoy's configuration stays as it was", problem=str(error))
                if loaded is self._loaded:
                    return

    async def _snapshot(self, loaded: Loaded) -> "Snapshot":
        files = key_files(loaded, self._path)
        self._seen, self._made = {file: stamp(file) for file in files}, loaded
        self._lacking = self._now_lacking()
        with paused():
            return await asyncio.to_thread(made, loaded, self._path, lacking=self._lacking)

    def _refused(self, why: str) -> None:
        if self._made is self._loaded:
            self._recall(self._loaded, why)


def made(
    loaded: Loaded,
    path: Path,
    environ: Mapping[str, str] = os.environ,
    *,
    lacking: frozenset[str] = NOBODY,
) -> "Snapshot":
    """What Envoy is told of a configuration; `lacking`: backends that have no token. ConfigError,
    Unresolved."""
    from extproc.credentials.secrets import authorizations, client_keys
    from extproc.exchange.compile import limits
    from extproc.render.parts import parts
    from extproc.xds.snapshot import snapshot

    gateway = loaded.gateway
    keys = client_keys(gateway, path, environ)
    prefix = gateway.listen.prefix
    rendered = parts(
        gateway,
        client_keys=keys,
        limits=limits(gateway),
        prefix=prefix,
        authorizations=authorizations(gateway, environ),
        lacking=lacking,
    )
    return snapshot(rendered)


def key_files(loaded: Loaded, path: Path) -> list[Path]:
    """The files in which the clients' keys are, and the passwords for proxies."""
    clients = loaded.gateway.clients
    keys = None if clients is None else clients.api_keys
    proxies = [backend.proxy for backend in loaded.gateway.backends.values() if backend.proxy]
    references = [proxy.password for proxy in proxies if proxy.password]
    # Of a directory, its own time says that a file has come or gone.
    found = [] if keys is None else [path.parent / keys.file]
    with contextlib.suppress(ConfigError, OSError):  # said where it is read
        found += files_of(clients, path) if clients is not None else []
        references += [ref for keys in load_clients(clients, path).values() for ref in keys]
    names = [ref.partition(":") for ref in references]
    return [*found, *(Path(name) for kind, _, name in names if kind == "file")]
