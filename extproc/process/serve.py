"""`extproc serve`: what the parent process does before and beside watching its children."""

import ssl
import sys
from functools import partial
from pathlib import Path

import msgspec
import structlog

from extproc.config import ConfigError, Gateway, load
from extproc.config.process import ServerTls
from extproc.credentials.secrets import Credentials
from extproc.exchange.compile import compile_plan, wanted_secrets
from extproc.process import limiter, log, worker
from extproc.process.service import Fetcher
from extproc.process.sockets import limiter_socket, worker_sockets
from extproc.process.workers import Role, Supervisor
from extproc.transport import Endpoint, sockets

logger = structlog.get_logger()


class Configuration:
    """The file, and the last good state of it."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError when there is no good state to begin with."""
        self.path = path
        self._stamp = self._stat()
        self.gateway = load(path)

    def _stat(self) -> tuple[int, int, int]:
        try:
            status = self.path.stat()
        except OSError:
            return 0, 0, 0
        return status.st_mtime_ns, status.st_size, status.st_ino

    def reload(self, forced: bool = False) -> bool:
        """Loads the file if it has changed, or when forced; False: what is in force stays."""
        stamp = self._stat()
        if stamp == self._stamp and not forced:
            return False
        self._stamp = stamp
        try:
            self.gateway = load(self.path)
        except ConfigError as error:
            for problem in error.problems:
                logger.error("configuration refused, the old one stays", problem=str(problem))
            return False
        return True

    def current(self) -> worker.Current:
        """What a worker puts into force."""
        created = self._stamp[0] // 1_000_000_000
        plan = compile_plan(self.gateway, created)
        credentials = Credentials(wanted_secrets(self.gateway))
        return worker.Current(plan, credentials, _fetcher(self.gateway))

    def reloaded(self) -> worker.Current | None:
        """The same, read anew; None: the old one stays."""
        return self.current() if self.reload(forced=True) else None


def _fetcher(gateway: Gateway) -> Fetcher | None:
    settings = gateway.extproc.fetch
    if settings is None:
        return None
    from extproc.fetch import fetcher  # with httpx, which nothing else here needs

    return fetcher.Fetcher(settings)


def serve(path: Path) -> int:
    """Serves until SIGTERM; 2 when the configuration is not usable."""
    try:
        configuration = Configuration(path)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    gateway = configuration.gateway
    log.configure(gateway.extproc.log.format, gateway.extproc.log.level)
    Path(gateway.extproc.sockets).mkdir(mode=0o700, parents=True, exist_ok=True)
    Supervisor(_roles(configuration), gateway.extproc.drain, configuration.reload).run()
    return 0


def _roles(configuration: Configuration) -> list[Role]:
    gateway = configuration.gateway
    roles = []
    for index, path in enumerate(worker_sockets(gateway.extproc)):
        endpoint = _endpoint(path, gateway.extproc.transport)
        roles.append(Role(f"worker-{index}", partial(_work, configuration, index, endpoint)))
    if gateway.limits:
        count = partial(limiter.run, configuration, _endpoint(limiter_socket(gateway.extproc)))
        roles.append(Role("limiter", count, last=True))
    return roles


def _endpoint(path: str, transport: str = "lean") -> Endpoint:
    """A socket that outlives the child that answers on it: while one is restarted, Envoy waits.

    grpcio cannot take a socket over; there, Envoy is refused until the new child listens.
    """
    endpoint = Endpoint(path=path)
    if transport == "grpcio":
        return endpoint
    return msgspec.structs.replace(endpoint, listener=sockets.listen(endpoint))


def _work(configuration: Configuration, index: int, endpoint: Endpoint, parent: int) -> None:
    gateway = configuration.gateway
    structlog.contextvars.bind_contextvars(worker=index)
    options = worker.Options(
        transport=gateway.extproc.transport,
        endpoints=(endpoint, *_tcp(gateway, index)),
        drain=gateway.extproc.drain,
        parent=parent,
    )
    worker.run(configuration.current(), configuration.reloaded, options)


def _tcp(gateway: Gateway, index: int) -> tuple[Endpoint, ...]:
    """The TCP endpoint of a worker: the configured port, and one more for each further worker."""
    tcp = gateway.extproc.tcp
    if tcp is None:
        return ()
    return (Endpoint(host=str(tcp.host), port=tcp.port + index, tls=_tls(tcp.tls)),)


def _tls(files: ServerTls | None) -> ssl.SSLContext | None:
    if files is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=files.client_ca)
    context.load_cert_chain(files.certificate, files.key)
    if files.client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return context
