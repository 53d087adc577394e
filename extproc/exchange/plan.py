"""gateway.yaml compiled for the hot path: every decision that can be made before a request is.

A Plan never changes; a reload makes a new one, and an exchange keeps the one that it began with.
What depends on a combination (client dialect, model, backend) is decided at its first request.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import count
from os import urandom

import msgspec
import orjson

from extproc.config.shadow import SHADOW
from extproc.exchange.entrances import Entrance, Entrances, Listed, Listings
from extproc.exchange.events import Headers
from extproc.exchange.keeping import Keeping
from extproc.exchange.pace import Pace
from extproc.exchange.passing import ACCOUNT, PROTOCOLS, in_session, to_provider
from extproc.exchange.prices import Prices
from extproc.exchange.router import Router
from extproc.exchange.served import (
    MAX_CACHED,
    Route,
    Served,
    Target,
    labels_of,
    nowhere,
    path_of,
    quirks_of,
    unknown,
)
from extproc.exchange.through import target_at
from providers.bridging.bridge import bridge
from providers.bridging.dialect import Dialect
from providers.bridging.kept_ids import Ids
from providers.bridging.session import SessionDialect, interpreted
from providers.catalog import DIALECTS, ENTRANCES, SESSIONS, SHARED
from providers.errors import GatewayError, NotFound, Unavailable
from providers.neutral.listing import Model
from providers.operations import SERVED_BY, Operation
from providers.usage import Price
from providers.vendors.provider import Provider
from providers.wire.budget import BOUNDS, Bounds

GOLDEN = 0.618033988749895
"""Its multiples, without their whole parts, are spread evenly, however many there are."""
APART = "the backend {backend!r} speaks {form}, which is translated in cluster placement alone"
DATED = "deployment={model}"
"""In the path of sessions of Azure's older API versions, whose events have other names."""
DEFAULT_DIALECT = "openai.chat"
"""In whose form an error is told to a client that speaks none that is known."""


class Plan:
    """What is in force."""

    def __init__(  # noqa: PLR0913  (each is a part of what is in force)
        self,
        backends: Mapping[str, Served],
        routes: Sequence[Route],
        *,
        hash: str = "",
        created: int = 0,
        bounds: Bounds = BOUNDS,
        prices: Prices | None = None,
        keeping: Keeping | None = None,
        default: str = "",
        reserves: bool = False,
    ) -> None:
        """`created`: what the list of models says of when they began, seconds since the epoch;
        `default`: the model of who names none; `reserves`: whether budgets of USD
        hold what a request may cost."""
        self.keeping = keeping or Keeping(backends, {})
        self.prices = prices or Prices()
        self.hash = hash
        self.bounds = bounds
        self.default = default
        self.reserves = reserves
        self._backends = backends
        self._routes = routes
        self._router = Router(routes)
        self._entrances = Entrances((*DIALECTS.values(), *ENTRANCES.values()), SHARED)
        self._listings = Listings(DIALECTS)
        self._targets: dict[tuple[str, str, str, str], Target] = {}
        self._paces: dict[str, Pace] = {}
        self._created = created
        self._salt = urandom(6).hex()
        self._number = count(1)
        self._turns = count(1)

    def new_id(self) -> str:
        """An id for an answer whose provider gives none, unique to the exchange."""
        return f"{self._salt}{next(self._number):08x}"

    def entrance(self, path: str) -> Entrance:
        """The dialect that is spoken at `path`; raises NotFound."""
        return self._entrances.find(path)

    def operation(self, path: str) -> str:
        """What `path` is for; empty: nothing that has a format here."""
        return self._entrances.operation(path)

    def dialect_of(self, entrance: Entrance | None) -> Dialect:
        """The dialect in which a client that came in there understands an error."""
        return DIALECTS[DEFAULT_DIALECT] if entrance is None else entrance.dialect

    def target(self, client: Dialect, model: str, backend: str) -> Target:
        """How a client's dialect and model go to a backend; raises NotFound, Unavailable."""
        key = (client.name, client.stream_type, model, backend)
        target = self._targets.get(key)
        if target is None:
            target = self._kept(key, self._new_target(client, model, backend))
        return target

    def _new_target(self, client: Dialect, model: str, backend: str) -> Target:
        served = self._served(backend)
        route = self._leading(model, backend)
        upstream = route.called(backend, model)
        family = route.families.get(served.name) or served.family
        dialect = _spoken(served, client, family or upstream or model)
        if dialect is None and not _may_estimate(served, client):
            raise _lacks(served, client)
        target = self._asking(served, route, client, dialect, upstream)
        price = self._price(route, served, upstream or model)
        return msgspec.structs.replace(target, price=price)

    def _route(self, model: str, backend: str) -> Route | None:
        """By which a model, or a copy of its request, goes to a backend."""
        route = self._router.find(model)
        if route is not None and backend.endswith(SHADOW):
            route = route.shadow
        return route if route is not None and backend in route.upstream else None

    def _leading(self, model: str, backend: str) -> Route:
        """The same; raises NotFound."""
        return self._route(model, backend) or nowhere(model)

    def chosen(self, client: Dialect, model: str) -> str:
        """A backend for a request that nobody has brought to one: of those that serve the client's
        dialect, by priority and weight. Raises NotFound, Unavailable."""
        return self._able(model, lambda backend: self.target(client, model, backend))

    def talker(self, client: SessionDialect, model: str) -> str:
        """The same for a session, which nobody translates there."""

        def untranslated(backend: str) -> Target:
            target = self.talking(client, model, backend)
            if target.translated:
                raise NotFound(APART.format(backend=backend, form=target.dialect.name))
            return target

        return self._able(model, untranslated)

    def _able(self, model: str, tried: Callable[[str], Target]) -> str:
        route = self._router.find(model)
        if route is None:
            raise unknown(model)
        spent: GatewayError | None = None
        for backend in route.ordered(next(self._turns) * GOLDEN % 1.0):
            try:
                tried(backend)
            except GatewayError as error:
                spent = spent or error
            else:
                return backend
        raise spent or unknown(model)

    def first(self, model: str) -> str:
        """The backend of a model's route that is asked first; raises NotFound."""
        return next(iter(self.others(model, ())), "") or nowhere(model)

    def others(self, model: str, earlier: Collection[str]) -> list[str]:
        """The backends of a model's route that were not asked yet, as they are asked."""
        route = self._router.find(model)
        order = [] if route is None else route.ordered(next(self._turns) * GOLDEN % 1.0)
        return [backend for backend in order if backend not in earlier]

    def led(self, model: str, backend: str) -> str:
        """A model that a route leads to a backend: this one, or else any; raises NotFound."""
        names = (model, *dict(self._router.exact()))
        return next((name for name in names if self._route(name, backend)), "") or nowhere(model)

    def number(self, model: str, backend: str) -> str:
        """The place of a backend in a model's route, from 1."""
        route = self._router.find(model)
        return str([*(route.upstream if route else ())].index(backend) + 1)

    def leads(self, model: str, backend: str) -> bool:
        """Whether a model goes to a backend; without a model, whether there is the backend."""
        if not model:
            return backend in self._backends
        return self._route(model, backend) is not None

    def upstream_name(self, model: str, backend: str, client: str) -> str:
        """What a backend calls a client's model; raises NotFound where no route leads it there, or
        none of this client's."""
        route = self._router.find(model)
        if route is None or backend not in route.upstream or not route.is_for(client):
            raise unknown(model)
        return route.called(backend, model) or model

    def client_name(self, name: str, backend: str, client: str, said: str = "") -> str:
        """By which a client knows what a backend calls `name`: the one that was `said`, else the
        first model whose route leads it there; empty: none of this client's does."""
        first = [(said, self._router.find(said))] if said else []
        for model, route in (*first, *self._router.exact(), (name, self._router.find(name))):
            if route is None or backend not in route.upstream or not route.is_for(client):
                continue
            if (route.called(backend, model) or model) == name:
                return model
        return ""

    def price_at(self, backend: str, model: str) -> Price:
        """The price of what a backend calls `model`, by the first route that does."""
        for leads in (_exactly, _nearly):
            for route in self._routes:
                name = route.upstream.get(backend)
                if name is not None and leads(name or self._own_name(route, model), model):
                    return self._price(route, self._backends[backend], model)
        return FREE

    def _price(self, route: Route, served: Served, model: str) -> Price:
        """The route's own, the backend's, or as listed for what its provider calls `model`."""
        own = route.price or served.price
        found = own or self.prices.at(served.name, served.provider.name, model) or FREE
        if found.formula is None:
            return found
        return msgspec.structs.replace(found, names={"model": model, "backend": served.name})

    def price_of(self, model: str) -> Price:
        """The price of what clients call `model`, at the first backend of its route."""
        route = self._router.find(model)
        if route is None:
            return FREE
        backend = next(iter(route.upstream))
        return self._price(route, self._backends[backend], route.called(backend, model) or model)

    def _own_name(self, route: Route, model: str) -> str:
        return model if self._router.find(model) is route else ""

    def session_at(self, path: str) -> SessionDialect:
        """The format of the sessions at `path`; raises NotFound."""
        bare = path.partition("?")[0]
        for session in SESSIONS.values():
            if session.place.fullmatch(bare):
                return session
        raise NotFound(f"there is no session at {bare[:200]}")

    def talking(self, client: SessionDialect, model: str, backend: str) -> Target:
        """How a client's session goes to a backend; raises NotFound, Unavailable."""
        key = (client.name, "", model, backend)
        target = self._targets.get(key)
        if target is None:
            target = self._kept(key, self._new_talking(client, model, backend))
        return target

    def passing(self, backend: str) -> Target:
        """How requests for paths of its own go to a backend; raises Unavailable."""
        key = ("", "", "", backend)
        target = self._targets.get(key)
        return target or self._kept(key, target_at(self._served(backend)))

    def brought(self, backend: str) -> tuple[str, ...]:
        """The headers in which clients may bring their own keys for a backend; raises
        Unavailable."""
        return self._served(backend).client_keys

    def _served(self, backend: str) -> Served:
        served = self._backends.get(backend)
        if served is None:
            raise Unavailable(f"the backend {backend!r} is not in the configuration in force")
        return served

    def _kept(self, key: tuple[str, str, str, str], target: Target) -> Target:
        if len(self._targets) >= MAX_CACHED:
            self._targets.clear()
        self._targets[key] = target
        return target

    def _new_talking(self, client: SessionDialect, model: str, backend: str) -> Target:
        served = self._served(backend)
        route = self._leading(model, backend)
        dialect = _held(served, client)
        if dialect is None:
            raise _lacks(served, client)
        path = path_of(served, dialect, stream=False)
        if dialect.name != client.name and DATED in path:
            raise NotFound(
                f"the backend {served.name!r} holds sessions of an older form (api_version), which"
                " are not translated"
            )
        policy = served.policy.beside(route.policy)
        foreign = (client.own_headers - dialect.own_headers) | {*served.client_keys}
        if not served.client_keys:
            foreign |= ACCOUNT
        return Target(
            served=served,
            bridge=None,
            dialect=dialect,
            model=route.called(backend, model),
            paths=(path, ""),
            headers=(headers := policy.headers(served.headers)),
            defaults=(),
            translated=dialect.name != client.name,
            passing=in_session(wanted=served.passes, foreign=foreign | policy.removes),
            touched=(*dict(headers), PROTOCOLS) if len(route.upstream) > 1 else None,
            price=self._price(route, served, route.called(backend, model) or model),
            clients=route.clients,
            tolls=route.tolls,
            labels=labels_of(served, client.operation),
        )

    def _asking(
        self, served: Served, route: Route, client: Dialect, found: Dialect | None, upstream: str
    ) -> Target:
        dialect = found or client
        translated = dialect.name != client.name
        policy = served.policy.beside(route.policy)
        headers = policy.headers(served.headers)
        own = tuple(dialect.request_headers.items())
        always = own if translated else tuple(pair for pair in own if pair[0] in policy.removes)
        foreign = (client.own_headers - dialect.own_headers) | {*served.client_keys}
        if not served.client_keys:
            foreign |= ACCOUNT
        fitted = sorted(dialect.own_headers if dialect.fit_headers else dialect.told_headers)
        typed = ["content-type"] if client.form or client.either else []
        own_names = [*dict(own), *dict(headers)]
        touched = tuple(dict.fromkeys([*own_names, *fitted, *typed]))
        quirks = quirks_of(route, served, dialect)
        keeps = self.keeping.keeps(served.name)
        opens = _reached(dialect) if translated and keeps and not client.lasting else None
        return Target(
            served=served,
            bridge=bridge(client, dialect, quirks) if found else None,
            dialect=dialect,
            model=upstream,
            paths=(path_of(served, dialect, stream=False), path_of(served, dialect, stream=True)),
            headers=(*always, *headers),
            defaults=() if translated else own,
            translated=translated,
            passing=to_provider(
                translated=translated,
                own=dialect.own_headers,
                wanted=served.passes,
                foreign=foreign | policy.removes,
            ),
            clients=route.clients,
            removes=policy.removes,
            terms=policy.terms(client, dialect),
            shows=policy.shows,
            hides=policy.hides,
            touched=touched if len(route.upstream) > 1 else None,
            price=FREE,
            again=route.again,
            lossless=route.lossless,
            reserved=route.reserved,
            pace=self._paces.setdefault(served.name, Pace()) if route.by_pace else None,
            signs=client.ids is not None and keeps and opens is None,
            opens=opens,
            labels=labels_of(served, client.operation),
        )

    def models(self) -> list[Model]:
        """The models that clients can name, where a route has an exact name for them."""
        return [self._model(name, route) for name, route in self._router.exact()]

    def _models_of(self, client: str | None) -> list[Model]:
        exact = self._router.exact()
        return [self._model(name, route) for name, route in exact if route.is_for(client)]

    def listed(self, method: str, path: str, headers: Headers, model: str) -> Listed | None:
        """What a request for the list of models, or for one of them, asks for; `model`: as the
        finder has found it."""
        if method == "POST":
            return self._listings.asked(path, model)
        if method not in ("GET", "HEAD"):
            return None
        return self._listings.find(path.partition("?")[0], headers)

    def page(self, listed: Listed, client: str | None = None) -> bytes:
        """The answer to a client's `listed`; raises NotFound."""
        if listed.page is not None:
            return orjson.dumps(listed.page(self._models_of(client)))
        if listed.model is None:
            return orjson.dumps(listed.listing.many(self._models_of(client)))
        route = self._router.find(listed.model)
        if route is None or not route.is_for(client):
            raise unknown(listed.model)
        return orjson.dumps(listed.listing.one(self._model(listed.model, route)))

    def _model(self, name: str, route: Route) -> Model:
        owner = next(iter(route.upstream), "")
        return Model(id=name, created=self._created, owner=owner)


FREE = Price()
GUESSES = "with `estimate_counts: true` it gets an estimate"
"""What an operator can do about tokens that cannot be counted."""


def _exactly(name: str, model: str) -> bool:
    return name == model


def _nearly(name: str, model: str) -> bool:
    """Vendors answer with the date of a model; of a client's name the beginning counts."""
    return bool(name) and model.startswith(name.partition("$")[0])


def _spoken(served: Served, client: Dialect, model: str) -> Dialect | None:
    """The dialect in which a backend is asked: the client's own where it speaks that."""
    provider = served.provider
    offered: list[str] = []
    for operation in client.served_by or SERVED_BY.get(client.operation, (client.operation,)):
        if served.operations is not None and operation not in served.operations:
            continue
        chosen = served.dialects.get(operation)
        offered += [chosen] if chosen else _offered(provider, operation, model)
    if not offered:
        return None
    name = client.name if client.name in offered else offered[0]
    if client.alone and name != client.name:
        return None
    return provider.forms.get(name) or DIALECTS[name]


def _offered(provider: Provider, operation: Operation, model: str) -> list[str]:
    return [
        name
        for name in provider.dialects.get(operation, ())
        if name not in provider.asked_for and re.search(provider.speaks.get(name, ""), model)
    ]


def _reached(dialect: Dialect) -> Ids | None:
    """Where ids stand in a dialect that has them in URLs, which clients of all dialects send."""
    ids = None if dialect.ids is None else dialect.ids({})
    return None if ids is None or ids.elsewhere is None else ids


def _held(served: Served, client: SessionDialect) -> SessionDialect | None:
    """A backend's own form of such sessions, or one that can be told them; None: it holds none."""
    if served.operations is not None and Operation.REALTIME not in served.operations:
        return None
    forms = served.provider.sessions
    own = next((form for form in forms if form.name == client.name), None)
    return own or next((form for form in forms if interpreted(client, form)), None)


def _may_estimate(served: Served, client: Dialect) -> bool:
    allowed = served.operations is None or client.operation in served.operations
    return served.estimates and allowed and client.estimate is not None


def _lacks(served: Served, client: Dialect) -> NotFound:
    message = f"the backend {served.name!r} does not serve {client.operation.value}"
    if client.estimate is not None:
        message += f"; {GUESSES}"
    return NotFound(message)
