"""The child process that tells Envoys their configuration; it makes nothing until one asks."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

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

T = TypeVar("T")
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

    life = Life(parent, line, desk.take, desk.prepare)
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


class Making(msgspec.Struct, frozen=True):
    """What Envoys are told, or will be once it is made, and what that is made of."""

    loaded: Loaded
    keys: Mapping[Path, Stamp]
    """The files of the clients' keys, as they were then."""
    lacking: frozenset[str]
    """The backends that had no token then."""
    snapshot: "asyncio.Task[Snapshot]"


class Desk:
    """The configuration in force, and what was made of it."""

    def __init__(self, loaded: Loaded, path: Path, tokens: Path, recall: Recall) -> None:
        self._loaded = loaded
        self._path = path
        self._tokens = tokens
        self._recall = recall
        self._source: Source | None = None
        self._made: Making | None = None
        """Of the configuration in force."""
        self._ahead: Making | None = None
        """Of the one that will be."""
        self._making = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def source(self) -> "Source":
        """What Envoys are told of; ConfigError, Unresolved."""
        from extproc.xds.source import Source

        async with self._making:
            if self._source is None:
                self._made = self._make(self._loaded)
                self._source = Source(await self._made.snapshot, self._refused)
        if self._made is None or self._made.loaded is not self._loaded:
            self._again()  # another one has come meanwhile
        return self._source

    def prepare(self, loaded: Loaded) -> None:
        """Another configuration will be in force, and there will be no time to lose."""
        if self._source is not None:
            self._ahead = self._make(loaded)

    def take(self, loaded: Loaded) -> None:
        """Another configuration is in force."""
        self._loaded = loaded
        self._again()

    def look(self) -> None:
        """Makes it anew where a key of a client has changed, or a backend has lost or got its
        token."""
        made = self._made
        if made is None:
            return
        changed = any(stamp(file) != seen for file, seen in made.keys.items())
        if changed or self._now_lacking(self._loaded) != made.lacking:
            self._again()

    def _now_lacking(self, loaded: Loaded) -> frozenset[str]:
        return lacking(loaded.gateway, self._tokens, time.time())

    def _again(self) -> None:
        if self._source is None or self._making.locked():
            return  # whoever makes it looks again
        self._begun(self._remake())

    def _begun(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # is said by who waits for it, if anybody does

    async def _remake(self) -> None:
        assert self._source is not None
        async with self._making:
            while True:
                loaded = self._loaded
                try:
                    self._made = self._of(loaded)
                    self._source.put(await self._made.snapshot)
                except (ConfigError, Unresolved) as error:
                    log.error("Envoy's configuration stays as it was", problem=str(error))
                if loaded is self._loaded:
                    return

    def _of(self, loaded: Loaded) -> Making:
        """What is made ahead, if that is of `loaded`."""
        ahead, self._ahead = self._ahead, None
        return ahead if ahead is not None and ahead.loaded is loaded else self._make(loaded)

    def _make(self, loaded: Loaded) -> Making:
        keys = {file: stamp(file) for file in key_files(loaded, self._path)}
        lacking = self._now_lacking(loaded)
        return Making(loaded, keys, lacking, self._begun(self._rendered(loaded, lacking)))

    async def _rendered(self, loaded: Loaded, lacking: frozenset[str]) -> "Snapshot":
        with paused():
            return await asyncio.to_thread(made, loaded, self._path, lacking=lacking)

    def _refused(self, why: str) -> None:
        if self._made is not None and self._made.loaded is self._loaded:
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
