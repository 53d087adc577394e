"""The services that a worker offers, over whatever transport: ext_proc and health."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from extproc.exchange import wire
from extproc.exchange.events import (
    Ask,
    Change,
    Charge,
    Dearer,
    Event,
    Fetch,
    Fetched,
    Heard,
    Rest,
    Rested,
    Settle,
    Settled,
    SideAnswer,
    Told,
    Wish,
)
from extproc.exchange.machine import OrderError
from extproc.exchange.recorded import Machine, Recorded
from extproc.transport import Abort, Call, Reply, Service, Status
from providers.errors import GatewayError
from providers.neutral.media import Data, Link

Fetcher = Callable[[tuple[Link, ...], str], Awaitable[Mapping[str, Data]]]
"""(links, the backend for which) → what is at each URL, within limits of its own; raises
GatewayError."""

WISHES = (Fetch, Ask, Settle, Rest)
"""What is no answer yet; a tuple, since a union would be made anew for each message."""

Caller = Callable[[Ask], Awaitable[tuple[SideAnswer, ...]]]
"""Requests of our own → their answers, within limits of its own; raises GatewayError."""

Settler = Callable[[tuple[Charge, ...]], Awaitable[Settled]]
"""Charges limits before a session has ended, and says whether it may go on."""

Holder = Callable[[Dearer], Callable[[], None]]
"""Has more reserved for a request; what it returns gives that back, and is called once."""

EXT_PROC = "/envoy.service.ext_proc.v3.ExternalProcessor/Process"
HEALTH = "/grpc.health.v1.Health/Check"
ALONE: Mapping[str, Callable[[], Call]] = {}

SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"
"""HealthCheckResponse (https://github.com/grpc/grpc/blob/master/doc/health-checking.md)."""

log = structlog.get_logger()


class ExtProcCall:
    """One ext_proc stream: bytes to events, actions to bytes."""

    __slots__ = ("_caller", "_exchange", "_fetcher", "_give_back", "_holder", "_settler")

    def __init__(
        self,
        exchange: Machine,
        fetcher: Fetcher | None = None,
        caller: Caller | None = None,
        settler: Settler | None = None,
        holder: Holder | None = None,
    ) -> None:
        """`fetcher`: needed by an exchange that may ask for media; `caller`: by one that may need
        requests of our own; `settler`: by one that may have charges to make; `holder`: by one
        that may go to a dearer backend."""
        self._exchange = exchange
        self._fetcher = fetcher
        self._caller = caller
        self._settler = settler
        self._holder = holder
        self._give_back: Callable[[], None] | None = None

    def receive(self, message: bytes) -> Reply:
        """The reply to one ProcessingRequest; a bug of ours ends the exchange with an error."""
        try:
            event = wire.decode(message)
        except wire.WireError as error:
            raise Abort(Status.INVALID_ARGUMENT, str(error)) from error
        try:
            action = self._exchange.handle(event)
            if self._holder is not None and isinstance(action, Change):
                self._hold(action)
            return (
                self._after(action, type(event))
                if isinstance(action, WISHES)
                else wire.encode(type(event), action)
            )
        except OrderError as error:
            raise Abort(Status.INVALID_ARGUMENT, str(error)) from error
        except Exception:
            return self._given_up(type(event))

    def _hold(self, action: Change) -> None:
        """Has more reserved until the attempt is over, which this stream is."""
        if action.dearer is not None and self._holder is not None:
            self._give_back = self._holder(action.dearer)

    def _given_up(self, event: type[Event]) -> bytes:
        """The reply after a bug: the client gets an error, and pays for what was served."""
        log.exception("exchange failed")
        try:
            return wire.encode(event, self._exchange.give_up())
        except Exception as error:
            log.exception("giving up failed")
            raise Abort(Status.INTERNAL, "the gateway failed") from error

    async def _after(self, wanted: Wish, event: type[Event]) -> bytes:
        """The reply to a body, once what it waits for is here."""
        try:
            action = self._exchange.handle(await self._heard(wanted))
            while isinstance(action, Rest):
                action = self._exchange.handle(await self._heard(action))
            while isinstance(action, Ask):
                # Media were found to be too large for once, or a list goes on.
                action = self._exchange.handle(await self._heard(action))
            assert not isinstance(action, WISHES), "what is here is asked for again"
            if isinstance(action, Change):
                self._hold(action)
            return wire.encode(event, action)
        except Exception:
            return self._given_up(event)

    async def _heard(self, wanted: Wish) -> Heard:
        match wanted:
            case Fetch():
                return await self._fetched(wanted)
            case Ask():
                return await self._told(wanted)
            case Settle():
                assert self._settler is not None
                return await self._settler(wanted.charges)
            case Rest():
                await asyncio.sleep(0)
                return Rested()

    async def _told(self, wanted: Ask) -> Told:
        assert self._caller is not None
        try:
            return Told(answers=await self._caller(wanted))
        except GatewayError as error:
            return Told(error=error)

    async def _fetched(self, wanted: Fetch) -> Fetched:
        assert self._fetcher is not None
        try:
            return Fetched(files=await self._fetcher(wanted.links, wanted.backend))
        except GatewayError as error:
            return Fetched(error=error)

    def end(self) -> None:
        """Nothing of an exchange outlives its stream."""
        if self._give_back is not None:
            self._give_back()


class RecordedCall(ExtProcCall):
    """The same, of which somebody wants a record."""

    __slots__ = ("_recorded",)

    def __init__(
        self,
        recorded: Recorded,
        fetcher: Fetcher | None = None,
        caller: Caller | None = None,
        settler: Settler | None = None,
        holder: Holder | None = None,
    ) -> None:
        super().__init__(recorded, fetcher, caller, settler, holder)
        self._recorded = recorded

    def end(self) -> None:
        """Whatever has happened until now is all that will be told."""
        super().end()
        self._recorded.end()


class Health:
    """What health checks are told."""

    def __init__(self) -> None:
        self.serving = True

    def check(self, message: bytes) -> bytes:
        """The state of the whole server, whichever service is asked for."""
        return SERVING if self.serving else NOT_SERVING


def services(
    new_call: Callable[[], ExtProcCall],
    health: Health,
    more: Mapping[str, Callable[[], Call]] = ALONE,
) -> Service:
    """What one worker serves; `more`: other streams, by their paths."""
    return Service(
        streams={EXT_PROC: new_call, **more},
        unary={HEALTH: health.check},
    )
