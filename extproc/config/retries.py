"""What backends say of further attempts, for the routes that say nothing of them."""

from collections.abc import Iterable, Mapping
from typing import Any

from extproc.config.backend import Backend
from extproc.config.gateway import Gateway
from extproc.config.route import Route


def patient(gateway: Gateway) -> Gateway:
    """The same, where each route says how often and after which waits it tries."""
    routes = tuple(settled(route, gateway.backends) for route in gateway.routes)
    if all(one is other for one, other in zip(routes, gateway.routes, strict=True)):
        return gateway
    return gateway.model_copy(update={"routes": routes})


def settled(route: Route, backends: Mapping[str, Backend]) -> Route:
    """A route with what its backends say; itself, where they or it leave nothing to say.

    Envoy has one policy for a route: of several backends the most patient one's holds.
    """
    asked = [backends[one.backend].retry for one in route.backends if one.backend in backends]
    said = [one for one in asked if one.model_fields_set]
    if not said:
        return route
    found: dict[str, Any] = {
        "attempts": _most(one.attempts for one in said),
        "backoff": _most(one.backoff for one in said),
        "max_backoff": _most(one.max_backoff for one in said),
    }
    if found["attempts"] is not None:
        # Whoever is to be asked next is asked, in any case.
        found["attempts"] = max(found["attempts"], route.levels)
    own = {name for name in route.retry.model_fields_set if getattr(route.retry, name) is not None}
    fresh = {name: value for name, value in found.items() if value is not None and name not in own}
    if not fresh:
        return route
    return route.model_copy(update={"retry": route.retry.model_copy(update=fresh)})


def _most(said: Iterable[float | None]) -> float | None:
    return max((value for value in said if value is not None), default=None)
