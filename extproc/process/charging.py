"""Questions to the limiter by gRPC: what was used, and whether anything is left."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import grpc
import grpc.aio
from envoy.service.ratelimit.v3 import rls_pb2

from extproc.config.process import Limiter
from extproc.exchange.events import Charge, Settled
from extproc.ratelimit.descriptors import DOMAIN, HELD
from extproc.ratelimit.notice import Notice
from extproc.ratelimit.reply import COST
from extproc.ratelimit.wire import SHOULD_RATE_LIMIT
from providers.errors import Spent, Unavailable

# The limiter may be another process by now, which listens a moment later.
AGAIN = [
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
]
UNDONE = grpc.StatusCode.UNAVAILABLE
"""What is not answered in time is counted when the limiter goes on; who has not heard, never."""


Asking = Callable[..., Awaitable[bytes]]
Entries = Iterable[tuple[str, str]]


class Charging:
    """A connection to the limiter."""

    def __init__(self, settings: Limiter, socket: str) -> None:
        """`socket`: where the limiter listens."""
        self._settings = settings
        channel = grpc.aio.insecure_channel(f"unix:{socket}", AGAIN)
        self._ask: Asking = channel.unary_unary(SHOULD_RATE_LIMIT)
        self._noted = Notice("a session could not be charged")
        self._unmoved = Notice("what is reserved could not be changed")

    async def charged(self, charges: Iterable[Charge]) -> Settled:
        """What became of it; never raises."""
        try:
            said = await self._ask(question(charges), timeout=self._settings.timeout)
        except grpc.aio.AioRpcError as error:
            code = error.code()
            self._noted(error=code.name)
            return self._unheard(taken=code is not UNDONE)
        return heard(said)

    async def reserved(self, entries: Entries) -> str:
        """What the limiter holds, after it was asked with one descriptor; empty: nothing, or it
        cannot tell. Never raises."""
        request = rls_pb2.RateLimitRequest(domain=DOMAIN)
        described(request, entries)
        try:
            said = await self._ask(request.SerializeToString(), timeout=self._settings.timeout)
        except grpc.aio.AioRpcError as error:
            self._unmoved(error=error.code().name)
            return ""
        answer = rls_pb2.RateLimitResponse.FromString(said)
        found: str = answer.dynamic_metadata.fields[HELD].string_value
        return found

    def _unheard(self, *, taken: bool) -> Settled:
        if self._settings.on_error == "allow":
            return Settled(taken=taken)
        return Settled(taken=taken, error=Unavailable("the limits cannot be checked"))


def question(charges: Iterable[Charge]) -> bytes:
    """A serialised RateLimitRequest."""
    request = rls_pb2.RateLimitRequest(domain=DOMAIN)
    for charge in charges:
        described(request, charge.entries).hits_addend.value = charge.hits
    data: bytes = request.SerializeToString()
    return data


def described(request: Any, entries: Entries) -> Any:
    """A descriptor more in a RateLimitRequest."""
    descriptor = request.descriptors.add()
    for key, value in entries:
        descriptor.entries.add(key=key, value=value)
    return descriptor


def heard(data: bytes) -> Settled:
    """What a serialised RateLimitResponse says."""
    answer = rls_pb2.RateLimitResponse.FromString(data)
    if answer.overall_code != rls_pb2.RateLimitResponse.OVER_LIMIT:
        return Settled(taken=True)
    kind = answer.dynamic_metadata.fields["kind"].string_value
    return Settled(taken=True, error=Spent(answer.raw_body.decode(), money=kind == COST))
