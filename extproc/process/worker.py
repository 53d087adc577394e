"""What one worker does: listen, answer, take other configurations, drain when told."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import structlog
import uvloop

from extproc.config import Gateway
from extproc.config.sockets import limiter_socket, side_socket
from extproc.credentials.secrets import Credentials
from extproc.exchange.choosing import Choosing
from extproc.exchange.compile import (
    compile_plan,
    fans_out,
    holds_sessions,
    merges,
    wanted_secrets,
)
from extproc.exchange.described import Describing, Found
from extproc.exchange.machine import Exchange
from extproc.exchange.plan import Plan
from extproc.exchange.raw import Keeping, Raw
from extproc.exchange.recorded import Machine, Recorded
from extproc.exchange.reserved import moves
from extproc.process.box import Box
from extproc.process.collecting import staying
from extproc.process.configuration import Loaded
from extproc.process.holding import Holding
from extproc.process.life import Life
from extproc.process.line import Line
from extproc.process.pen import Pen
from extproc.process.service import (
    Caller,
    ExtProcCall,
    Fetcher,
    Health,
    RecordedCall,
    Settler,
    services,
)
from extproc.process.settling import Settling
from extproc.transport import Call, Endpoint, Server, Service

if TYPE_CHECKING:
    from extproc.process.described import Descriptions
    from extproc.process.refusals import Refusals

log = structlog.get_logger()

FIRST = 5.0
"""Seconds that clients wait at the start for the first tokens, and that a configuration waits for
those of identities which are new in it; later, clients are told that there is none."""
LOOK = 0.05
"""Seconds between two looks for them."""
OVERLAP = 20.0
"""Seconds for which what was in force before serves what Envoy still sends its way."""
NOTICE = 2.0
"""Seconds between saying NOT_SERVING and closing: Envoy's health check (1 s) must see it."""


class Current(msgspec.Struct, frozen=True):
    """What is in force."""

    plan: Plan
    credentials: Credentials
    fetcher: Fetcher | None = None
    """None: no media are fetched."""
    caller: Caller | None = None
    """None: no request becomes several."""
    keeping: Keeping | None = None
    """None: no bodies are kept."""
    settler: Settler | None = None
    """None: no limits are charged from here."""
    holder: Holding | None = None
    """None: all that is reserved is reserved when a request comes."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker listens."""

    transport: str
    endpoints: tuple[Endpoint, ...]
    drain: float
    tokens: Path
    """Where the tokens of identities are handed on."""
    side: str
    """The secret of requests of our own, which another worker may get."""
    pen: Pen | None = None
    """What each exchange is written down with; None: nobody wants to know."""
    traced: bool = False
    """Whether it is written down to which trace each belongs."""
    box: Box | None = None
    """Where bodies go that are kept; None: nowhere."""


def transport(name: str) -> Callable[[Service, Endpoint], Awaitable[Server]]:
    """The `serve` of a transport; only the one that is used is imported."""
    serve: Callable[[Service, Endpoint], Awaitable[Server]]
    serve = import_module(f"extproc.transport.{name}").serve
    return serve


def current(loaded: Loaded, options: Options) -> Current:
    """What a worker makes of a configuration."""
    gateway = loaded.gateway
    plan = compile_plan(gateway, loaded.created, time.time(), loaded.hash)
    credentials = Credentials(wanted_secrets(gateway), options.tokens)
    keeping = _keeping(gateway, options)
    return Current(
        plan,
        credentials,
        _fetcher(gateway),
        _caller(gateway),
        keeping,
        _settler(gateway),
        _holder(gateway),
    )


def _keeping(gateway: Gateway, options: Options) -> Keeping | None:
    backends = frozenset(name for name, one in gateway.backends.items() if one.store_raw)
    pen, box = options.pen, options.box
    if not backends or gateway.usage is None or pen is None or box is None:
        return None
    most = gateway.usage.raw.max_bytes
    return Keeping(backends, most, box.put, pen.write, options.traced)


def _caller(gateway: Gateway) -> Caller | None:
    if not any(map(fans_out, gateway.backends.values())) and not merges(gateway):
        return None
    from extproc.process import side_calls  # with httpcore, which nothing else here needs

    settings = gateway.extproc
    largest = gateway.envoy.max_body_bytes
    return side_calls.SideCaller(settings.side_calls, side_socket(settings), largest)


def _settler(gateway: Gateway) -> Settler | None:
    talks = any(map(holds_sessions, gateway.backends.values()))
    if not (talks and gateway.limits and gateway.limiter.sessions):
        return None
    return Settling(gateway.limiter, limiter_socket(gateway.extproc))


def _holder(gateway: Gateway) -> Holding | None:
    if not any(moves(gateway, route) for route in gateway.routes):
        return None
    return Holding(gateway.limiter, limiter_socket(gateway.extproc))


def _fetcher(gateway: Gateway) -> Fetcher | None:
    settings = gateway.extproc.fetch
    if settings is None:
        return None
    from extproc.fetch import fetcher  # with httpx, which nothing else here needs

    proxies = {
        name: one.proxy for name, one in gateway.backends.items() if one.proxy and one.proxy.media
    }
    return fetcher.Fetcher(settings, proxies)


def run(loaded: Loaded, options: Options, parent: int, line: Line) -> None:
    """Serves until SIGTERM, or until `parent` is gone."""
    with staying():  # what the parent loaded stays shared between processes
        worker = Worker(loaded, options)
    uvloop.run(worker.serve(parent, line))


def _call(exchange: Machine, current: Current) -> ExtProcCall:
    return ExtProcCall(exchange, current.fetcher, current.caller, current.settler, current.holder)


class Worker:
    """The life of one child."""

    def __init__(self, loaded: Loaded, options: Options) -> None:
        self._loaded = loaded
        self._current = current(loaded, options)
        self._coming: Current | None = None
        """What waits for its first tokens."""
        self._patience = 0.0
        self._past: Current | None = None
        """What was in force before, while an Envoy may not know that it is no longer."""
        self._forgotten = 0.0
        """When it is no longer needed."""
        self._options = options
        self._refusals = self._listening()
        self._descriptions = self._describing()

    def _describing(self) -> "Descriptions | None":
        """What knows of configurations in Envoy's metadata, where these are asked for."""
        gateway = self._loaded.gateway
        if not gateway.extproc.metadata:
            return None
        from extproc.process.described import Descriptions  # which few need

        return Descriptions(gateway, self._loaded.created)

    def _listening(self) -> "Refusals | None":
        """Who hears what Envoy answers by itself, where anybody wants to know."""
        if self._options.pen is None:
            return None
        from extproc.process.refusals import Refusals  # with protobuf, which nothing else needs

        return Refusals(self._operation, self._options.pen)

    def _operation(self, path: str) -> str:
        plan, prefix = self._current.plan, self._loaded.gateway.listen.prefix
        return plan.operation(path) or (plan.operation(path.removeprefix(prefix)) if prefix else "")

    def _call(self) -> ExtProcCall:
        current = self._current
        exchange: Machine
        if self._descriptions is not None:
            exchange = self._described(self._descriptions, current)
        elif self._past is None and self._coming is None:
            exchange = self._exchange(current)
        else:
            exchange = self._choosing()
        if self._options.pen is None:
            return _call(exchange, current)
        return self._made(exchange, current)

    def _described(self, descriptions: "Descriptions", current: Current) -> Describing:
        def by_metadata(found: Found) -> Exchange:
            # No request of its own comes back by a listener that somebody else has written.
            fetching = current.fetcher is not None
            return Exchange(found.plan, found.secrets, time.time, fetching=fetching)

        def by_file() -> Exchange | Choosing:
            alone = self._past is None and self._coming is None
            return self._exchange(current) if alone else self._choosing()

        return Describing(descriptions.find, by_metadata, by_file)

    def _made(self, exchange: Machine, current: Current) -> ExtProcCall:
        pen = self._options.pen
        if pen is None:
            return _call(exchange, current)
        number, now, traced = pen.number(), time.time(), self._options.traced
        recorded = (
            Recorded(exchange, number, now, pen.write, traced=traced)
            if current.keeping is None
            else Raw(exchange, number, now, current.keeping)
        )
        return RecordedCall(
            recorded, current.fetcher, current.caller, current.settler, current.holder
        )

    def _exchange(self, current: Current) -> Exchange:
        return Exchange(
            current.plan,
            current.credentials,
            time.time,
            fetching=current.fetcher is not None,
            side=self._options.side if current.caller is not None else "",
            settling=current.settler is not None,
            probing=self._options.side,
        )

    def _choosing(self) -> Choosing:
        """Of the one that Envoy follows; media and parts go the way of the one in force."""
        current = self._current
        states = [one for one in (current, self._coming, self._past) if one is not None]

        def made(number: int) -> Exchange:
            mine = msgspec.structs.replace(
                states[number],
                fetcher=current.fetcher,
                caller=current.caller,
                settler=current.settler,
            )
            return self._exchange(mine)

        return Choosing([one.plan for one in states], made)

    def _take(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._coming = current(loaded, self._options)
        self._patience = time.monotonic() + FIRST
        self._arrive(self._coming)

    def _arrive(self, coming: Current) -> None:
        """Puts what is coming into force, once something is known of all its identities."""
        if coming.credentials.waits() and time.monotonic() < self._patience:
            return
        self._past, self._forgotten = self._current, time.monotonic() + OVERLAP
        self._current, self._coming = coming, None
        self._descriptions = self._describing()
        log.info("configuration reloaded", hash=coming.plan.hash)

    def _tick(self) -> None:
        if self._options.pen is not None:
            self._options.pen.catch_up()
        if self._refusals is not None:
            self._refusals.write()
        self._current.credentials.refresh()
        if self._descriptions is not None:
            self._descriptions.refresh()
        if self._coming is None and time.time() >= self._current.plan.prices.until:
            self._take(self._loaded)
        if self._coming is not None:
            self._coming.credentials.refresh()
            self._arrive(self._coming)
        if self._past is not None and time.monotonic() > self._forgotten:
            self._past = None

    async def _hear(self) -> None:
        """Waits until something is known of every identity."""
        deadline = time.monotonic() + FIRST
        while self._current.credentials.waits() and time.monotonic() < deadline:
            await asyncio.sleep(LOOK)
            self._current.credentials.refresh()

    def _logged(self) -> Mapping[str, Callable[[], Call]]:
        refusals = self._refusals
        if refusals is None:
            return {}
        from extproc.process.refusals import Logged
        from extproc.usage.logged import STREAM

        return {STREAM: lambda: Logged(refusals)}

    async def serve(self, parent: int, line: Line) -> None:
        """Listens until told to stop."""
        life = Life(parent, line, self._take)
        health = Health()
        await self._hear()
        listen = transport(self._options.transport)
        offered = services(self._call, health, self._logged())
        servers = [await listen(offered, endpoint) for endpoint in self._options.endpoints]
        log.info("ready", pid=os.getpid())
        await life.told(self._tick)
        health.serving = False
        await asyncio.sleep(min(NOTICE, self._options.drain))
        await asyncio.gather(*(server.drain(self._options.drain) for server in servers))
        if self._current.holder is not None:
            await self._current.holder.rest(NOTICE)
        if self._refusals is not None:
            self._refusals.write()
