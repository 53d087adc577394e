"""An exchange while one configuration takes another's place.

Envoy and this server do not change at once: for a moment, Envoy still follows the one before, or
already the next. Its first event says which one an exchange belongs to.
"""

from collections.abc import Callable, Sequence

from extproc.exchange.events import Action, Event, Heard, RequestHeaders, ResponseHeaders, Wish
from extproc.exchange.machine import KEPT, Exchange
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, CALL, seen_by, seen_in


class Choosing:
    """Becomes an exchange of one of several plans."""

    __slots__ = ("_exchange", "_new", "_plans")

    def __init__(self, plans: Sequence[Plan], new: Callable[[int], Exchange]) -> None:
        """`new` makes an exchange by the plan of this number; the first is in force."""
        self._plans = plans
        self._new = new
        self._exchange: Exchange | None = None

    def handle(self, event: Event | Heard) -> Action | Wish:
        """As an exchange does."""
        if self._exchange is None:
            self._exchange = self._new(chosen(self._plans, event))
        return self._exchange.handle(event)

    def first(self) -> Exchange:
        """That of the plan in force."""
        return self._new(0)

    def give_up(self) -> Action:
        """As an exchange does."""
        return (self._exchange or self._new(0)).give_up()


def chosen(plans: Sequence[Plan], event: Event | Heard) -> int:
    """The first plan by which the event's request goes to its backend; else the first."""
    if not isinstance(event, RequestHeaders | ResponseHeaders):
        return 0
    backend = event.attributes.get(BACKEND)
    if not backend:
        return 0
    seen = seen_by(event) if isinstance(event, RequestHeaders) else seen_in(event.attributes)
    kept = (event.attributes.get(CALL) or "").startswith(KEPT)
    model = "" if seen is None or kept else seen.model
    found = (at for at, plan in enumerate(plans) if plan.leads(model, backend))
    return next(found, 0)
