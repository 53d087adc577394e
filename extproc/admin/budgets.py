"""The limits, and what is left of each: as the limiter says when it is only asked."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice, product
from pathlib import Path

import grpc
from envoy.service.ratelimit.v3 import rls_pb2

from extproc.admin import answers
from extproc.admin.looking import exact
from extproc.config import ConfigError, Gateway, load_clients
from extproc.config.sockets import limiter_socket
from extproc.exchange import compile
from extproc.ratelimit.descriptors import BACKEND, DOMAIN, HEADER, LIMIT, MODEL
from extproc.ratelimit.limit import MICROUSD, Limit
from extproc.ratelimit.reply import terms
from extproc.ratelimit.window import window
from extproc.ratelimit.wire import SHOULD_RATE_LIMIT

CLIENT = "client"
PATIENCE = 1.0
"""Seconds that the limiter may take to answer."""
MOST = 100
"""Of those whom one limit is for, as many are told."""
FAR = 10_000
"""Names of one kind that are looked at."""

Whom = dict[str, str]


class Budgets:
    """Asks the limiter beside the workers."""

    def __init__(
        self, gateway: Callable[[], Gateway], config: Path, clock: Callable[[], float] = time.time
    ) -> None:
        self._gateway = gateway
        self._config = config
        self._clock = clock

    def all(self, of: str = "") -> answers.Budgets:
        """All limits; `of`: the value of a header for which one is asked."""
        gateway = self._gateway()
        limits = compile.limits(gateway)
        if not limits:
            return answers.Budgets(limits=[])
        known = self._known(gateway)
        # Connected anew each time: the limiter may be another process by now.
        with grpc.insecure_channel(f"unix:{limiter_socket(gateway.extproc)}") as channel:
            ask: Ask = channel.unary_unary(SHOULD_RATE_LIMIT)
            return answers.Budgets(limits=[self._told(one, known, of, ask) for one in limits])

    def _known(self, gateway: Gateway) -> Mapping[str, list[str]]:
        """Subject → the names that it can have."""
        clients: list[str] = []
        with suppress(ConfigError):
            clients = list(load_clients(gateway.clients, self._config))
        return {CLIENT: clients, MODEL: exact(gateway), BACKEND: list(gateway.backends)}

    def _told(
        self, limit: Limit, known: Mapping[str, list[str]], of: str, ask: "Ask"
    ) -> answers.Budget:
        whom = list(islice(_whom(limit, known, of), MOST + 1))
        left = _left(limit, whom[:MOST], ask)
        now = self._clock()
        return answers.Budget(
            terms=terms(limit),
            per=[*limit.per],
            unit=limit.unit,
            amount=limit.amount,
            every=limit.every,
            models=[*limit.models],
            resets_in=max(0, int(window(limit.every, now)[1] - now)),
            left=[
                answers.Left(whom=one, left=amount)
                for one, amount in zip(whom[:MOST], left, strict=True)
            ],
            open=[part for part in limit.per if part.startswith(HEADER)],
            cut=len(whom) > MOST,
        )


Ask = Callable[..., bytes]


def _whom(limit: Limit, known: Mapping[str, list[str]], of: str) -> Iterator[Whom]:
    """Each of those whom the limit is for and whose names are known."""
    names = [_names(part, limit, known, of)[:FAR] for part in limit.per]
    return (dict(zip(limit.per, one, strict=True)) for one in product(*names))


def _names(part: str, limit: Limit, known: Mapping[str, list[str]], of: str) -> list[str]:
    if part.startswith(HEADER):
        return [of] if of else []
    if part == MODEL and limit.models:
        return [*limit.models]
    return known[part]


def _left(limit: Limit, whom: list[Whom], ask: Ask) -> list[float | None]:
    """In the limit's unit; None where the limiter does not say."""
    if not whom:
        return []
    request = rls_pb2.RateLimitRequest(domain=DOMAIN, hits_addend=1)
    for one in whom:
        descriptor = request.descriptors.add()
        descriptor.entries.add(key=LIMIT, value=limit.name)
        for part, name in one.items():
            descriptor.entries.add(key=part, value=name)
        # Asks, and counts nothing.
        descriptor.hits_addend.value = 0
    try:
        data = ask(request.SerializeToString(), timeout=PATIENCE)
    except grpc.RpcError:
        return [None] * len(whom)
    scale = MICROUSD if limit.unit == "cost_usd" else 1
    return [
        status.limit_remaining / scale if status.HasField("current_limit") else None
        for status in rls_pb2.RateLimitResponse.FromString(data).statuses
    ]
