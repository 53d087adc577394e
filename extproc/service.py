"""The services that a worker offers, over whatever transport: ext_proc and health."""

from collections.abc import Callable

import structlog

from extproc import wire
from extproc.exchange import Exchange, OrderError
from extproc.transport import Abort, Service, Status

EXT_PROC = "/envoy.service.ext_proc.v3.ExternalProcessor/Process"
HEALTH = "/grpc.health.v1.Health/Check"

SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"
"""HealthCheckResponse (https://github.com/grpc/grpc/blob/master/doc/health-checking.md)."""

log = structlog.get_logger()


class ExtProcCall:
    """One ext_proc stream: bytes to events, actions to bytes."""

    __slots__ = ("_exchange",)

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def receive(self, message: bytes) -> bytes:
        """The reply to one ProcessingRequest; a bug of ours ends the exchange with an error."""
        try:
            event = wire.decode(message)
            action = self._exchange.handle(event)
        except (wire.WireError, OrderError) as error:
            raise Abort(Status.INVALID_ARGUMENT, str(error)) from error
        except Exception:
            log.exception("exchange failed")
            action = self._exchange.give_up()
        return wire.encode(type(event), action)

    def end(self) -> None:
        """Nothing of an exchange outlives its stream."""


class Health:
    """What health checks are told."""

    def __init__(self) -> None:
        self.serving = True

    def check(self, message: bytes) -> bytes:
        """The state of the whole server, whichever service is asked for."""
        return SERVING if self.serving else NOT_SERVING


def services(new_exchange: Callable[[], Exchange], health: Health) -> Service:
    """What one worker serves."""
    return Service(
        streams={EXT_PROC: lambda: ExtProcCall(new_exchange())},
        unary={HEALTH: health.check},
    )
