"""The embedded rate limit service: Envoy's questions, answered from counters."""

import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from typing import Any, Literal

from extproc.ratelimit import reservation, wire
from extproc.ratelimit.ask import ENDLESS, Ask, Kind, Rule, ask
from extproc.ratelimit.counters import Change, Counters, Want
from extproc.ratelimit.descriptors import DOMAIN
from extproc.ratelimit.limit import Limit
from extproc.ratelimit.notice import Notice
from extproc.ratelimit.reply import answer, settled
from extproc.ratelimit.reservation import Held, Hold, Wish
from extproc.ratelimit.usual import Usual, first
from extproc.transport import Abort, Reply, Status

OnError = Literal["allow", "deny"]


class Limiter:
    """ShouldRateLimit over counters; what no limit holds for is allowed.

    A request passes while anything is left, what is reserved for others counted as gone. Where the
    store cannot tell, the call fails, and Envoy's filter does what the configuration says.
    """

    def __init__(  # noqa: PLR0913  (each is a part of what it counts with)
        self,
        limits: Iterable[Limit],
        counters: Counters,
        *,
        clock: Callable[[], float] = time.time,
        on_error: OnError = "allow",
        reserves: bool = True,
        exceeded: Callable[[str], object] | None = None,
    ) -> None:
        """`on_error`: what becomes of a request of which only some counters are known; `exceeded`
        hears the name of a limit in shadow for each request that it would have refused."""
        self._counters = counters
        self._clock = clock
        self._deny = on_error == "deny"
        self._reserves = reserves
        self._usual = Usual()
        self._exceeded = exceeded
        self._above = Notice("a limit in shadow is exceeded")
        self._scarce = Notice("a budget is nearly used")
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

    def untaken(self, reply: bytes) -> None:
        """Gives back what `reply` has reserved: the client had left before Envoy heard of it."""
        changes = list(self._released(reservation.read(wire.held(reply)).holds))
        if changes:
            self._counters.give_back(changes)

    async def _answer(self, message: bytes) -> bytes:
        try:
            query = wire.decode(message)
        except wire.WireError as error:
            raise Abort(Status.INVALID_ARGUMENT, str(error)) from error
        now = self._clock()
        rules = self._rules if query.domain == DOMAIN else {}
        asks = [ask(rules, descriptor, query.hits, now) for descriptor in query.descriptors]
        held = reservation.returned(query.descriptors)
        charges = [one for one in asks if one is not None and one.kind is Kind.CHARGE]
        if charges or held is not None:
            await self._settle(charges, held)
        if held is not None:
            return wire.encode(settled(asks))
        moving = reservation.moved(query.descriptors)
        if moving is not None:
            return wire.encode(answer(asks, now, await self._move(moving, now)))
        checks = [one for one in asks if one is not None and one.kind is not Kind.CHARGE]
        wish = reservation.wish(query.descriptors) if self._reserves else None
        await self._check(checks, wish)
        return wire.encode(answer(asks, now, _told(checks, wish)))

    async def _check(self, asks: Sequence[Ask], wish: Wish | None) -> None:
        """Counts and reserves for all, or, if one refuses, for none."""
        if wish is not None:
            for one in asks:
                one.hold = self._hold(one, wish)
        watching = [one for one in asks if one.rule.limit.shadow]
        if watching:
            asks = [one for one in asks if not one.rule.limit.shadow]
        if (not asks or await self._take(asks)) and watching:
            await self._watch(watching)

    async def _take(self, asks: Sequence[Ask]) -> bool:
        """Whether none of them refuses, and all are counted."""
        wants = [one.want() for one in asks]
        found = await self._counters.take(wants, strict=self._deny)
        for one, state, want in zip(asks, found, wants, strict=True):
            one.decide(state, want)
        if any(one.over for one in asks):
            return False
        unknown = found.count(None)
        if unknown and (self._deny or unknown == len(found)):
            raise Abort(Status.UNAVAILABLE, "the store of the counters cannot tell")
        for one in asks:
            one.taken = one.found is not None
        return True

    async def _watch(self, asks: Sequence[Ask]) -> None:
        """Counts for limits that refuse nobody, whatever the store can tell."""
        found = await self._counters.take([one.endless() for one in asks], strict=False)
        for one, state in zip(asks, found, strict=True):
            one.watch(state)
            if one.above:
                self._above(limit=one.rule.limit.name)
                if self._exceeded is not None:
                    self._exceeded(one.rule.limit.name)

    def _hold(self, one: Ask, wish: Wish) -> int:
        """What the request will probably use."""
        limit = one.rule.limit
        if one.kind is Kind.COUNT:
            return 0
        if limit.unit == "requests":
            return 1
        expected = self._usual.expect(limit.name, wish.kind)
        if expected is not None:
            return expected
        return first(wish.size, wish.weights(limit.unit), one.rule.budget)

    async def _move(self, held: Held, now: float) -> str:
        """Reserves what a request costs more at a dearer backend, whatever is left; to be given
        back when the attempt there is over."""
        wants = [
            Want([hold.slot], ENDLESS, hold=more)
            for hold in held.holds
            if hold.slot[0] > now and (more := self._more(hold, held)) > 0
        ]
        if not wants:
            return ""
        found = await self._counters.take(wants, strict=False)
        holds = [
            Hold(want.slots[0], want.hold, one.since)
            for want, one in zip(wants, found, strict=True)
            if one is not None
        ]
        return reservation.told(Held(held.kind, holds)) if holds else ""

    def _more(self, hold: Hold, held: Held) -> int:
        """What one limit needs beyond what is reserved of it."""
        rule = self._rules.get(hold.limit.encode())
        if rule is None or rule.limit.unit != "cost_usd" or held.price is None:
            return 0
        usual = self._usual.expect(hold.limit, held.kind)
        if usual:
            return round(usual * held.factor) - hold.amount
        return first(held.size, held.price, rule.budget) - hold.amount

    async def _settle(self, charges: Sequence[Ask], held: Held | None) -> None:
        """Charges what was used, whatever is left, and gives back what was reserved for it."""
        holds = held.holds if held is not None else ()
        changes = [Change(one.slots[0], one.rule.budget, spend=one.hits) for one in charges]
        changes += self._released(holds)
        found = await self._counters.add(changes) if changes else []
        for one, state in zip(charges, found, strict=False):
            one.found = state
            one.over = one.is_spent
            if state is not None and one.rule.nears_its_end(state.spent, one.hits):
                self._scarce(limit=one.rule.limit.name)
        if held is None:
            return
        reserved = {hold.limit for hold in holds}
        for one in charges:
            if one.rule.limit.name in reserved:
                by = held.factor if one.rule.limit.unit == "cost_usd" else 1.0
                self._usual.learn(one.rule.limit.name, held.kind, round(one.hits / by))

    def _released(self, holds: Iterable[Hold]) -> Iterator[Change]:
        now = self._clock()
        for hold in holds:
            rule = self._rules.get(hold.limit.encode())
            if rule is not None and hold.slot[0] > now:
                yield Change(hold.slot, rule.budget, release=hold.amount, since=hold.since)


def _told(asks: Sequence[Ask], wish: Wish | None) -> str:
    """What was reserved, for Envoy to bring back."""
    if wish is None:
        return ""
    holds = [
        Hold(one.slots[one.found.index], one.hold, one.found.since)
        for one in asks
        if one.hold and one.taken and one.found is not None
    ]
    return reservation.told(Held(wish.kind, holds)) if holds else ""


def _finish(coming: Coroutine[Any, Any, bytes]) -> bytes:
    """The result of a coroutine that never waits."""
    try:
        coming.send(None)
    except StopIteration as done:
        result: bytes = done.value
        return result
    coming.close()
    raise AssertionError("counters that do not wait have waited")
