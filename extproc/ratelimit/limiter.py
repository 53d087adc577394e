"""The embedded rate limit service: Envoy's questions, answered from counters."""

import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Literal

from extproc.ratelimit import wire
from extproc.ratelimit.ask import Ask, Kind, Rule, ask
from extproc.ratelimit.counters import Counters, Slot
from extproc.ratelimit.descriptors import DOMAIN
from extproc.ratelimit.limit import Limit
from extproc.ratelimit.reply import answer
from extproc.transport import Abort, Reply, Status

OnError = Literal["allow", "deny"]


class Limiter:
    """ShouldRateLimit over counters; what no limit holds for is allowed.

    `on_error` is the answer where the store cannot tell.
    """

    def __init__(
        self,
        limits: Iterable[Limit],
        counters: Counters,
        *,
        clock: Callable[[], float] = time.time,
        on_error: OnError = "allow",
    ) -> None:
        self._counters = counters
        self._clock = clock
        self._deny = on_error == "deny"
        self.reload(limits)

    def reload(self, limits: Iterable[Limit]) -> None:
        """Puts other limits in force; what was counted under the same names stays counted."""
        self._rules = {limit.name.encode(): Rule.of(limit) for limit in limits}

    async def close(self) -> None:
        """To be called after the last question: what is being charged still is."""
        await self._counters.close()

    def should_rate_limit(self, message: bytes) -> Reply:
        """The serialised RateLimitResponse to a serialised RateLimitRequest."""
        coming = self._answer(message)
        return coming if self._counters.waits else _finish(coming)

    async def _answer(self, message: bytes) -> bytes:
        try:
            query = wire.decode(message)
        except wire.WireError as error:
            raise Abort(Status.INVALID_ARGUMENT, str(error)) from error
        now = self._clock()
        rules = self._rules if query.domain == DOMAIN else {}
        asks = [ask(rules, descriptor, query.hits, now) for descriptor in query.descriptors]
        held = [one for one in asks if one is not None]
        await self._add([one for one in held if one.kind is Kind.CHARGE])
        await self._check([one for one in held if one.kind is not Kind.CHARGE])
        if not any(one.over for one in held):
            await self._add([one for one in held if one.kind is Kind.COUNT])
        return wire.encode(answer(asks, now))

    async def _add(self, asks: Sequence[Ask]) -> None:
        """Charges always; a request whose count comes out above the budget lost a race."""
        if asks:
            counts = await self._counters.add([(one.slots[0], one.hits) for one in asks])
            for one, count in zip(asks, counts, strict=True):
                one.settle(count, 0, deny=self._deny)

    async def _check(self, asks: Sequence[Ask]) -> None:
        """A limit is over when all the backends that could be chosen are."""
        slots: list[Slot] = [slot for one in asks for slot in one.slots]
        counts = iter(await self._counters.read(slots) if slots else ())
        for one in asks:
            found = [next(counts) for _ in one.slots]
            known = [count for count in found if count is not None]
            least = min(known) if len(known) == len(found) else None
            one.settle(least, max(1, one.hits), deny=self._deny)


def _finish(coming: Coroutine[Any, Any, bytes]) -> bytes:
    """The result of a coroutine that never waits."""
    try:
        coming.send(None)
    except StopIteration as done:
        result: bytes = done.value
        return result
    coming.close()
    raise AssertionError("counters that do not wait have waited")
