"""What must hold between the parts of a configuration; each rule yields every flaw that it finds.

They see a draft: the parts that are sound by themselves.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations

from extproc.config.backend_rules import of_backend
from extproc.config.draft import Draft
from extproc.config.edit_rules import edits
from extproc.config.expressions import compiled
from extproc.config.limit import UNITS
from extproc.config.patterns import split, unfilled
from extproc.config.problem import Flaw, Location, guess
from extproc.config.redaction import shown
from extproc.config.resources import must_sign, offers
from extproc.config.retries import settled
from extproc.config.shadow_rules import shadows
from extproc.config.values import GROUP
from providers.catalog import RESOURCES
from providers.operations import Operation
from providers.vendors.provider import Provider

Rule = Callable[[Draft], Iterator[Flaw]]


def _visible(names: Iterable[str]) -> tuple[str, ...]:
    """The words of a person that may be shown, in alphabetical order."""
    return tuple(sorted(name for name in names if shown(name) == name))


def known_backends(draft: Draft) -> Iterator[Flaw]:
    """A route's backends exist."""
    names = _visible(draft.names)
    for number, route in draft.routes.items():
        for index, target in enumerate(route.backends):
            if target.backend not in draft.names:
                at = ("routes", number, "backends", index, "backend")
                message = guess("there is no such backend", target.backend, names)
                yield Flaw(at, message, names)


def different_backends(draft: Draft) -> Iterator[Flaw]:
    """A route names a backend once: Envoy tells the server the backend of an attempt, no more."""
    for number, route in draft.routes.items():
        seen: dict[str, int] = {}
        for index, target in enumerate(route.backends):
            first = seen.setdefault(target.backend, index)
            if first != index:
                message = f"the same as backends[{first}]; a second one needs a name of its own"
                yield Flaw(("routes", number, "backends", index, "backend"), message)


def priorities(draft: Draft) -> Iterator[Flaw]:
    """Envoy skips nothing: priorities begin with 0 and have no gap."""
    for number, route in draft.routes.items():
        given = {target.priority for target in route.backends}
        for index, target in enumerate(route.backends):
            if target.priority and target.priority - 1 not in given:
                at = ("routes", number, "backends", index, "priority")
                yield Flaw(at, f"no backend has priority {target.priority - 1}; they begin with 0")


def parts_of_names(draft: Draft) -> Iterator[Flaw]:
    """What a backend's name for a model takes of the client's is there in each pattern."""
    for number, route in draft.routes.items():
        for index, target in enumerate(route.backends):
            if place := unfilled(target.model, route.models):
                at = ("routes", number, "backends", index, "model")
                yield Flaw(at, f"{place} stands for nothing in some of `models`")


def known_default(draft: Draft) -> Iterator[Flaw]:
    """The model of who names none is served."""
    default = draft.gateway.default_model if draft.gateway else None
    if default is not None and default not in Served(draft):
        yield Flaw(("default_model",), "no route serves it")


def balances(draft: Draft) -> Iterator[Flaw]:
    """What is said of balancing has an effect."""
    for number, route in draft.routes.items():
        balance, at = route.balance, ("routes", number)
        for key in ("hash_on", "sticky_to") if balance.policy != "hash" else ():
            if getattr(balance, key):
                yield Flaw((*at, "balance", key), "has no effect without the policy hash")
        if balance.client_order and len(route.backends) == 1:
            yield Flaw((*at, "balance", "client_order"), "has no effect with a single backend")
        elif balance.client_order and route.lossless:
            # Each of them says who is next.
            yield Flaw((*at, "balance", "client_order"), "cannot stand beside retry.lossless")
        # Envoy's random choice knows no weights, and its weighted one makes its own.
        weightless = balance.policy in ("random", "latency")
        weights = [target.weight for target in route.backends if weightless]
        for index, weight in enumerate(weights):
            if weight != 1:
                message = f"has no effect with the policy {balance.policy}"
                yield Flaw((*at, "backends", index, "weight"), message)


def different_models(draft: Draft) -> Iterator[Flaw]:
    """A pattern stands once in all routes."""
    seen: dict[str, tuple[int, int]] = {}
    for number, route in draft.routes.items():
        for index, model in enumerate(route.models):
            first = seen.setdefault(model, (number, index))
            if first != (number, index):
                at = ("routes", number, "models", index)
                yield Flaw(at, f"the same as routes[{first[0]}].models[{first[1]}]")


def one_amount(draft: Draft) -> Iterator[Flaw]:
    """A limit has exactly one amount."""
    for number, limit in draft.limits.items():
        if len(limit.amounts) != 1:
            message = f"has {len(limit.amounts) or 'no'} amounts; exactly one is given"
            yield Flaw(("limits", number), message, UNITS)


def different_limits(draft: Draft) -> Iterator[Flaw]:
    """No two limits are of the same thing in the same window."""
    seen: dict[object, int] = {}
    for number, limit in draft.limits.items():
        subjects, models = frozenset(limit.per), frozenset(limit.models)
        if len(subjects) < len(limit.per):
            yield Flaw(("limits", number, "per"), "names something twice")
        kind = subjects, tuple(limit.amounts), limit.every, models, limit.shadow
        first = seen.setdefault(kind, number)
        if first != number:
            yield Flaw(("limits", number), f"limits the same as limits[{first}]")


def known_clients(draft: Draft) -> Iterator[Flaw]:
    """Who limits clients must know them."""
    for number, limit in draft.limits.items():
        if "client" in limit.per and not draft.has_clients:
            yield Flaw(("limits", number, "per"), "a limit per client needs `clients`")


def known_claims(draft: Draft) -> Iterator[Flaw]:
    """A limit's claims are those that are taken of a token."""
    jwt = draft.clients.jwt if draft.clients else None
    claims = _visible(jwt.claims) if jwt else ()
    for number, limit in draft.limits.items():
        for part in limit.per:
            name = part.removeprefix("claim:")
            if name != part and name not in claims:
                message = guess(f"{part} is not among clients.jwt.claims", name, claims)
                yield Flaw(("limits", number, "per"), message, claims)


def one_proof(draft: Draft) -> Iterator[Flaw]:
    """Clients show keys or tokens, and tokens are signed by keys that are somewhere."""
    if draft.clients is None:
        return
    jwt = draft.clients.jwt
    if (draft.clients.api_keys is None) == (jwt is None):
        yield Flaw(("clients",), "needs either api_keys or jwt")
    if jwt is not None and (jwt.jwks.file is None) == (jwt.jwks.uri is None):
        yield Flaw(("clients", "jwt", "jwks"), "needs either file or uri")


def allowed_clients(draft: Draft) -> Iterator[Flaw]:
    """Who lets some clients use a model must know them, and the groups that they are in."""
    groups = _visible(draft.clients.groups) if draft.clients else ()
    for number, route in draft.routes.items():
        at = ("routes", number, "clients")
        if route.clients is not None and not draft.has_clients:
            yield Flaw(at, "needs `clients`, or nobody is any of them")
        for index, name in enumerate(route.clients or ()):
            group = name.removeprefix(GROUP)
            if draft.clients and group != name and group not in draft.clients.groups:
                yield Flaw((*at, index), guess("there is no such group", group, groups), groups)


def forwarded_keys(draft: Draft) -> Iterator[Flaw]:
    """Envoy takes a key that tells who the client is off the request: it cannot go on, too."""
    for name, backend in draft.backends.items() if draft.has_clients else ():
        if backend.credential == "forward":
            message = "with `clients`, a key in these headers says who calls; use {header: NAME}"
            yield Flaw(("backends", name, "credential"), message)


class Served:
    """Which model names some route serves."""

    def __init__(self, draft: Draft) -> None:
        patterns = [split(model) for route in draft.routes.values() for model in route.models]
        self.exact = {pattern.text for pattern in patterns if pattern.kind == "exact"}
        self._prefixes = tuple(pattern.text for pattern in patterns if pattern.kind == "prefix")
        self._regexes = [compiled(item.text) for item in patterns if item.kind == "regex"]

    def __contains__(self, model: str) -> bool:
        if model in self.exact or model.startswith(self._prefixes):
            return True
        return any(regex.fullmatch(model) for regex in self._regexes)


def served_models(draft: Draft) -> Iterator[Flaw]:
    """A limit's models are served by some route."""
    served = Served(draft) if draft.all_routes else None
    for number, limit in draft.limits.items() if served else ():
        for index, model in enumerate(limit.models):
            if served is not None and model not in served:
                allowed = _visible(served.exact)[:50]
                at = ("limits", number, "models", index)
                yield Flaw(at, guess("no route serves it", model, allowed), allowed)


def priced_models(draft: Draft) -> Iterator[Flaw]:
    """A cost limit needs a price somewhere."""
    own = [route.price for route in draft.routes.values()]
    own += [backend.price for backend in draft.backends.values()]
    if draft.all_routes and draft.prices is None and not any(own):
        for number, limit in draft.limits.items():
            if limit.cost_usd is not None:
                yield Flaw(
                    ("limits", number, "cost_usd"),
                    "no route has a `price`, nor a backend, and there are no `prices`",
                )


def different_ports(draft: Draft) -> Iterator[Flaw]:
    """Envoy's listener, its admin interface and the server listen on different ports."""
    tcp = draft.extproc.tcp if draft.extproc else None
    ports = [
        (("listen", "port"), draft.listen),
        (("extproc", "tcp", "port"), tcp),
        (("extproc", "xds", "port"), draft.extproc.xds if draft.extproc else None),
        (("admin", "port"), draft.admin),
        (("telemetry", "prometheus", "port"), draft.telemetry and draft.telemetry.prometheus),
        # Last, for it is seldom written, and so has no line of its own.
        (("envoy", "admin_port"), draft.envoy),
    ]
    taken = [(at, getattr(part, at[-1])) for at, part in ports if part is not None]
    for (first, port), (second, other) in combinations(taken, 2):
        if port == other != 0:
            yield Flaw(first, f"the same port as {'.'.join(second)}")


def rising_waits(draft: Draft) -> Iterator[Flaw]:
    """Envoy refuses waits between attempts that could only fall."""
    for number, route in draft.routes.items():
        waits = settled(route, draft.backends).retry
        if waits.backoff > waits.max_backoff:
            at = ("routes", number, "retry", "backoff")
            yield Flaw(at, f"is more than max_backoff, {waits.max_backoff:g}s")


def tls_of_our_own(draft: Draft) -> Iterator[Flaw]:
    """Only the lean transport takes the certificates of a TCP port."""
    settings = draft.extproc
    if settings and settings.tcp and settings.tcp.tls and settings.transport != "lean":
        yield Flaw(("extproc", "tcp", "tls"), "needs the transport lean")


def signed_ids(draft: Draft) -> Iterator[Flaw]:
    """Who says how things are kept says what ids are signed with, where that is needed."""
    settings = draft.resources
    if settings is None or settings.secret:
        return
    if must_sign(offers(draft.backends), has_clients=draft.has_clients):
        message = "is needed: several backends keep such things, or there are `clients`"
        yield Flaw(("resources", "secret"), message)


def default_keepers(draft: Draft) -> Iterator[Flaw]:
    """A default exists, and keeps what it is the default of."""
    default = draft.resources.default if draft.resources else None
    at = ("resources", "default")
    if isinstance(default, str):
        yield from _known(default, draft, at)
    for operation, name in default.items() if isinstance(default, dict) else ():
        place = (*at, str(operation))
        yield from _known(name, draft, place)
        keepers = _keepers(draft, operation)
        if name in draft.backends and name not in keepers:
            yield Flaw(place, f"the backend {shown(name)} keeps none", _visible(keepers))


def _known(name: str, draft: Draft, at: Location) -> Iterator[Flaw]:
    if name not in draft.names:
        names = _visible(draft.names)
        yield Flaw(at, guess("there is no such backend", name, names), names)


def _keepers(draft: Draft, operation: Operation) -> set[str]:
    offered = offers(draft.backends).items()
    return {
        name for kind, names in offered if RESOURCES[kind].operation is operation for name in names
    }


def somewhere_to_store(draft: Draft) -> Iterator[Flaw]:
    """Bodies are kept where records are."""
    if draft.gateway is None or draft.usage is not None:
        return
    for name, backend in draft.backends.items():
        if backend.store_raw:
            yield Flaw(("backends", name, "store_raw"), "say where: usage: {store: …}")


def spans_of_envoy(draft: Draft) -> Iterator[Flaw]:
    """Secrets of ours reach no collector by way of Envoy."""
    traces = draft.telemetry.traces if draft.telemetry else None
    if traces is not None and traces.envoy and traces.headers:
        at = ("telemetry", "traces", "envoy")
        yield Flaw(at, "Envoy sends no `headers`: name a collector that needs none")


RULES: tuple[Rule, ...] = (
    known_backends,
    different_backends,
    priorities,
    parts_of_names,
    shadows,
    known_default,
    balances,
    different_models,
    edits,
    one_amount,
    different_limits,
    known_clients,
    allowed_clients,
    known_claims,
    one_proof,
    served_models,
    priced_models,
    different_ports,
    rising_waits,
    tls_of_our_own,
    spans_of_envoy,
    somewhere_to_store,
    forwarded_keys,
    signed_ids,
    default_keepers,
)


def broken(draft: Draft, catalog: Mapping[str, Provider]) -> Iterator[Flaw]:
    """Everything that is wrong between the parts, and between a backend and its provider."""
    for name, backend in draft.backends.items():
        yield from of_backend(backend, catalog, ("backends", name))
    for rule in RULES:
        yield from rule(draft)
