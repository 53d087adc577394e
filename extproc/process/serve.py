"""`extproc serve`: what the parent process does before it watches its children."""

import os
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec
import structlog

from extproc.admin import probed
from extproc.config import ConfigError, Gateway, Unresolved, extras, parse
from extproc.config.admin import Admin
from extproc.config.draft import Draft
from extproc.config.process import Limiter, ServerTls
from extproc.config.sockets import limiter_socket, refusal_file, worker_sockets, xds_socket
from extproc.config.telemetry import Usage
from extproc.credentials import snapshot
from extproc.exchange.compile import wanted_identities
from extproc.process import books, configuration, discovery, envoy, limiter, log, worker
from extproc.process.box import Box
from extproc.process.configuration import Configuration, Fixed, Loaded, summary
from extproc.process.line import Line
from extproc.process.pen import Pen
from extproc.process.place import CannotStart, Place, reason
from extproc.process.workers import Role, Supervisor
from extproc.transport import Endpoint
from extproc.usage.place import spool_paths
from extproc.usage.spool import Spool

logger = structlog.get_logger()

FIRST, LAST = 0, 2
"""Stages: Envoy stops before those who serve it, the limiter after them."""


def serve(path: Path) -> int:
    """Serves until SIGTERM; 2, and why, where that cannot be begun."""

    def roles(found: Configuration, gateway: Gateway, place: Place) -> list[Role]:
        return [*_serving(found, gateway, place), telling(found, place)]

    return _supervise(path, roles)


def serve_described(
    sockets: str, tcp: tuple[str, int] | None, secrets: Sequence[str] | None
) -> int:
    """Serves what Envoy's metadata describe, and has no gateway.yaml. `sockets`: their directory;
    `tcp`: the host and port of the first worker, too; `secrets`: which may be named there, None:
    the usual ones."""
    settings: dict[str, object] = {"metadata": True, "sockets": sockets}
    if secrets is not None:
        settings["metadata_secrets"] = [*secrets]
    if tcp is not None:
        settings["tcp"] = {"host": tcp[0], "port": tcp[1]}

    def begun() -> Configuration:
        gateway = parse({"version": 1, "extproc": settings})
        return Fixed(Path("(none)"), Loaded(gateway, (time.time_ns(), 0, 0)))

    return _supervised(begun, _serving)


def run(path: Path, program: Path | None) -> int:
    """The same with an Envoy beside it; `program`: which, None: the one that is installed."""

    def roles(found: Configuration, gateway: Gateway, place: Place) -> list[Role]:
        options = envoy.options(gateway, program)
        beside = Role("envoy", partial(_envoy, found, options), stage=FIRST)
        return [*_serving(found, gateway, place), telling(found, place, asked=True), beside]

    return _supervise(path, roles)


def tell(path: Path) -> int:
    """Tells Envoys on other machines their configuration, and does nothing else."""

    def roles(found: Configuration, gateway: Gateway, place: Place) -> list[Role]:
        if gateway.extproc.xds is None:
            raise CannotStart("extproc.xds: say where Envoys ask: {host: …, port: …}")
        return [telling(found, place, asked=True)]

    return _supervise(path, roles)


Roles = Callable[[Configuration, Gateway, Place], list[Role]]


def _supervise(path: Path, wanted: Roles) -> int:
    def begun() -> Configuration:
        loaded = configuration.load(path)
        return Configuration(path, loaded, Path(refusal_file(loaded.gateway.extproc)))

    return _supervised(begun, wanted)


def _supervised(begun: Callable[[], Configuration], wanted: Roles) -> int:
    log.hold_standard_files()
    try:
        found = begun()
        gateway = found.loaded.gateway
        log.configure(gateway.extproc.log.format, gateway.extproc.log.level)
        place = Place(Path(gateway.extproc.sockets))
        roles = wanted(found, gateway, place)
        place.record([])
    except (ConfigError, CannotStart) as error:
        log.write(str(error))
        return 2
    _introduce(found, roles)
    Supervisor(
        roles,
        drain=gateway.extproc.drain,
        news=found.news,
        watchdog=gateway.extproc.watchdog,
        record=place.record,
    ).run()
    found.close()
    return 0


def _introduce(found: Configuration, roles: list[Role]) -> None:
    gateway = found.loaded.gateway
    logger.info(
        "serving",
        config=str(found),
        sockets=gateway.extproc.sockets,
        processes=[role.name for role in roles if role.wanted()],
        pid=os.getpid(),
        **summary(gateway),
    )
    found.say()


def _serving(found: Configuration, gateway: Gateway, place: Place) -> list[Role]:
    """The settings of processes are those of the start, whatever a reload brings."""
    settings = gateway.extproc
    tls = _tls(settings.tcp.tls) if settings.tcp else None
    tokens = Path(settings.sockets) / snapshot.NAME
    side = secrets.token_hex(32)
    pen = Pen() if gateway.recorded else None
    box = Box(pen.note) if pen and gateway.usage else None
    log.tell(pen.note if pen else None)
    roles = [
        Role(
            "identities",
            partial(_keep, found, tokens),
            stage=LAST,
            wanted=lambda: bool(wanted_identities(found.loaded.gateway)),
        )
    ]
    for index, path in enumerate(worker_sockets(settings)):
        wanted = [Endpoint(path=path)]
        if settings.tcp is not None:
            port = settings.tcp.port + index
            wanted.append(Endpoint(host=str(settings.tcp.host), port=port, tls=tls))
        options = worker.Options(
            transport=settings.transport,
            endpoints=tuple(_endpoint(place, one, settings.transport) for one in wanted),
            drain=settings.drain,
            tokens=tokens,
            side=side,
            pen=pen,
            traced=gateway.traced,
            box=box,
        )
        roles.append(Role(f"worker-{index}", partial(_work, found, index, options)))
    if gateway.limits:
        _check_store(gateway.limiter)
    endpoint = place.listener(Endpoint(path=limiter_socket(settings)))
    watched = pen if gateway.telemetry else None
    counts = limiter.Options(settings=gateway.limiter, endpoint=endpoint, pen=watched)
    count = partial(_limit, found, counts)
    counting = Role("limiter", count, stage=LAST, wanted=lambda: bool(found.loaded.gateway.limits))
    return [
        *roles,
        counting,
        _probing(found, side),
        *_managing(found, gateway.admin, place),
        *_bookkeeping(found, pen, box, place),
    ]


def _bookkeeping(
    found: Configuration, pen: Pen | None, box: Box | None, place: Place
) -> list[Role]:
    """Who hears the last of the workers, and so ends after them."""
    gateway = found.loaded.gateway
    if pen is None:
        return []
    for flaw in extras.uninstalled(Draft(telemetry=gateway.telemetry, usage=gateway.usage)):
        raise CannotStart(f"{flaw.location[0]}: {flaw.message}")
    shown = gateway.telemetry.prometheus if gateway.telemetry else None
    if shown is not None:
        place.probe(Endpoint(host=str(shown.address), port=shown.port))
    if gateway.usage is not None:
        _check_spool(gateway.usage, found.path)
    options = books.Options(paper=pen.paper, config=found.path, box=box)
    return [Role("books", partial(_count, found, options), stage=LAST)]


def _probing(found: Configuration, side: str) -> Role:
    """Who asks backends once workers and Envoy know them."""
    file = Path(found.loaded.gateway.extproc.sockets) / probed.NAME
    return Role(
        "probes",
        partial(_probe, found, side, file),
        follows=True,
        wanted=lambda: any(one.probe for one in found.loaded.gateway.backends.values()),
    )


def _managing(found: Configuration, admin: Admin | None, place: Place) -> list[Role]:
    if admin is None:
        return []
    for flaw in extras.uninstalled(Draft(admin=admin)):
        raise CannotStart(f"admin: {flaw.message}")
    _tls(admin.tls, "admin.tls")
    at = place.listener(Endpoint(host=str(admin.address), port=admin.port))
    assert at.listener is not None
    return [Role("admin", partial(_manage, found, admin, at.listener), stage=LAST)]


def telling(found: Configuration, place: Place, *, asked: bool = False) -> Role:
    """Who tells Envoys their configuration, once the workers have it; `asked`: one will ask."""
    settings = found.loaded.gateway.extproc
    shared = settings.xds
    options = discovery.Options(
        config=found.path,
        recall=discovery.recalling(Path(refusal_file(settings))),
        tokens=Path(settings.sockets) / snapshot.NAME,
        socket=xds_socket(settings),
        shared=shared,
    )
    if shared is not None:
        _tls(shared.tls, "extproc.xds.tls")
        place.probe(Endpoint(host=str(shared.host), port=shared.port))
    role = Role("xds", partial(_tell, found, options), follows=True)
    if asked or shared is not None:
        place.probe(Endpoint(path=options.socket))
        return role
    door = discovery.Door(place.listener(Endpoint(path=options.socket)))
    return msgspec.structs.replace(role, wanted=door.knocked)


def _endpoint(place: Place, endpoint: Endpoint, transport: str) -> Endpoint:
    """A socket that outlives the child that answers on it: while one is restarted, Envoy waits.

    grpcio cannot take a socket over; there, Envoy is refused until the new child listens.
    """
    return place.probe(endpoint) if transport == "grpcio" else place.listener(endpoint)


def _tls(files: ServerTls | None, setting: str = "extproc.tcp.tls") -> ssl.SSLContext | None:
    if files is None:
        return None
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=files.client_ca)
        context.load_cert_chain(files.certificate, files.key)
    except OSError as error:
        raise CannotStart(f"{setting}: a file cannot be used: {reason(error)}") from None
    if files.client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _check_store(settings: Limiter) -> None:
    """Raises CannotStart where the limiter could not count; the URL may hold a password."""
    try:
        limiter.counters(settings, time.time)
    except Unresolved as error:
        raise CannotStart(f"limiter.storage: {error}") from None
    except Exception as error:
        why = f"{settings.storage} is no URL of a Redis ({type(error).__name__})"
        raise CannotStart(f"limiter.storage: {why}") from None


def _check_spool(settings: Usage, config: Path) -> None:
    for path in spool_paths(settings, config).values():
        try:
            Spool(path, settings.spool_bytes).close()
        except OSError as error:
            raise CannotStart(f"usage.spool: {path}: {reason(error)}") from None


def _work(
    found: Configuration, index: int, options: worker.Options, parent: int, line: Line
) -> None:
    structlog.contextvars.bind_contextvars(worker=index)
    worker.run(found.loaded, options, parent, line)


def _keep(found: Configuration, tokens: Path, parent: int, line: Line) -> None:
    from extproc.process import identities  # which few configurations need

    identities.run(found.loaded, tokens, parent, line)


def _probe(found: Configuration, side: str, file: Path, parent: int, line: Line) -> None:
    from extproc.process import probes  # with httpcore, which few configurations need

    probes.run(found.loaded, probes.Options(side=side, file=file), parent, line)


def _tell(found: Configuration, options: discovery.Options, parent: int, line: Line) -> None:
    discovery.run(found.loaded, options, parent, line)


def _manage(
    found: Configuration, admin: Admin, listener: socket.socket, parent: int, line: Line
) -> None:
    from extproc.process import management  # with FastAPI, which nothing else here needs

    options = management.Options(admin=admin, listener=listener, config=found.path)
    management.run(found.loaded, options, parent, line)


def _count(found: Configuration, options: books.Options, parent: int, line: Line) -> None:
    books.run(found.loaded, options, parent, line)


def _envoy(found: Configuration, options: envoy.Options, parent: int, line: Line) -> None:
    envoy.run(found.loaded.gateway, options, parent, line)


def _limit(found: Configuration, options: limiter.Options, parent: int, line: Line) -> None:
    limiter.run(found.loaded, options, parent, line)
