"""What must hold between a route and the backend that gets copies of its requests."""

from collections.abc import Iterator

from extproc.config.backend import Backend
from extproc.config.backend_rules import spoken
from extproc.config.credential import FromRequest
from extproc.config.draft import Draft
from extproc.config.patterns import unfilled
from extproc.config.problem import Flaw, guess
from extproc.config.redaction import shown
from extproc.config.route import Route
from providers.catalog import PROVIDERS
from providers.operations import SERVED_BY, Operation


def shadows(draft: Draft) -> Iterator[Flaw]:
    """Copies of requests can be sent to their backend."""
    names = tuple(sorted(name for name in draft.names if shown(name) == name))
    for number, route in draft.routes.items():
        shadow, at = route.shadow, ("routes", number, "shadow")
        if shadow is None:
            continue
        if shadow.backend not in draft.names:
            message = guess("there is no such backend", shadow.backend, names)
            yield Flaw((*at, "backend"), message, names)
        if place := unfilled(shadow.model, route.models):
            yield Flaw((*at, "model"), f"{place} stands for nothing in some of `models`")
        backend = draft.backends.get(shadow.backend)
        if backend is not None:
            yield from (Flaw((*at, "backend"), flaw) for flaw in _credential(backend))
            yield from (Flaw((*at, "backend"), flaw) for flaw in _operations(backend, route, draft))


def _credential(backend: Backend) -> Iterator[str]:
    """Envoy copies headers when clients' keys for providers are off them."""
    credential = backend.credential
    brought = isinstance(credential, FromRequest) and credential.fallback is None
    if credential == "forward" or brought:
        yield "its credential comes with requests, and a client's reaches no copy: give it its own"


def _operations(backend: Backend, route: Route, draft: Draft) -> Iterator[str]:
    sound = [draft.backends.get(entry.backend) for entry in route.backends]
    ours = set().union(*(_served(one) for one in sound if one is not None))
    if route.backends and None not in sound and not ours & _served(backend):
        yield "serves no operation that the route's backends serve"


def _served(backend: Backend) -> frozenset[Operation]:
    """What clients can ask it for, in one request that names a model."""
    provider = PROVIDERS.get(backend.provider)
    known = frozenset(spoken(provider)) if provider else frozenset()
    if backend.operations is not None:
        known &= frozenset(backend.operations)
    return frozenset(each for each in Operation if known.intersection(SERVED_BY.get(each, (each,))))
