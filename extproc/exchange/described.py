"""An exchange of which Envoy's own metadata say who serves it, instead of gateway.yaml.

What they say is in attributes, as far as the filter is told to send these; no client can write
there. Found out by the exchange's first event, as is everything else of it.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from extproc.exchange.choosing import Choosing
from extproc.exchange.events import Action, Event, Heard, RequestHeaders, ResponseHeaders, Wish
from extproc.exchange.machine import Exchange
from extproc.exchange.placing import CHOSEN
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, CALL, Secrets, keys_in
from providers.errors import GatewayError

PLACES = (
    "xds.upstream_host_metadata",
    "xds.cluster_metadata",
    "xds.route_metadata",
    "xds.virtual_host_metadata",
)
"""Attributes in whose text they stand, the nearest to the provider first; an endpoint's come only
where the filter is one of its cluster."""


class Found(NamedTuple):
    """By what an exchange goes on."""

    plan: Plan
    secrets: Secrets
    backend: str
    """Which one Envoy has chosen; empty: the server is to."""


Texts = tuple[str, ...]
"""Of PLACES, in their order; empty where the attribute did not come."""
Find = Callable[[Texts], Found | None]


class Describing:
    """Becomes an exchange by what the metadata say, or another where they say nothing."""

    __slots__ = ("_exchange", "_find", "_new", "_other")

    def __init__(
        self,
        find: Find,
        new: Callable[[Found], Exchange],
        other: Callable[[], Exchange | Choosing],
    ) -> None:
        """`find`: None where nothing is said; raises GatewayError for what cannot be used. `other`
        makes an exchange by gateway.yaml."""
        self._find = find
        self._new = new
        self._other = other
        self._exchange: Exchange | Choosing | None = None

    def handle(self, event: Event | Heard) -> Action | Wish:
        """As an exchange does."""
        if self._exchange is not None:
            return self._exchange.handle(event)
        said = _texts(event)
        if not any(said):
            return self._begun().handle(event)
        try:
            found = self._find(said)
        except GatewayError as error:
            return self._refused(event, error)
        if found is None:
            return self._begun().handle(event)
        self._exchange = self._new(found)
        return self._exchange.handle(_told(event, found))

    def _begun(self) -> Exchange | Choosing:
        self._exchange = exchange = self._other()
        return exchange

    def _refused(self, event: Event | Heard, error: GatewayError) -> Action:
        exchange = self._begun()
        if isinstance(exchange, Choosing):
            exchange = self._exchange = exchange.first()
        return exchange.refuse(event, error)

    def give_up(self) -> Action:
        """As an exchange does."""
        return (self._exchange or self._begun()).give_up()


def _texts(event: Event | Heard) -> Texts:
    if not isinstance(event, RequestHeaders | ResponseHeaders):
        return ()
    attributes = event.attributes
    return tuple([attributes.get(place) or "" for place in PLACES])


def _told(event: Event | Heard, found: Found) -> Event | Heard:
    """The event as it comes where gateway.yaml has named the backend; where no model finder has
    read the request, that is still to be done."""
    backend = found.backend
    if not backend or not isinstance(event, RequestHeaders | ResponseHeaders):
        return event
    known = event.attributes.get(CALL) is not None
    keys = keys_in(event.headers, found.plan.brought(backend)) if known else {}
    name = BACKEND if known else CHOSEN
    attributes: Mapping[str, str] = {**keys, **event.attributes, name: backend}
    return msgspec.structs.replace(event, attributes=attributes)
