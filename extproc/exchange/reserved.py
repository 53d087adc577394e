"""What a request of a route may cost: so much is reserved of a budget in USD."""

from collections.abc import Collection, Iterable, Iterator

from extproc.config.gateway import Gateway
from extproc.config.patterns import split
from extproc.config.price import RoutePrice
from extproc.config.route import Route, RouteBackend
from extproc.ratelimit.descriptors import HELD, SERVICE_NAMESPACE
from providers.usage import Price

Tokens = tuple[float, float]
"""(a million tokens of a prompt, a million of an answer), in USD."""

RESERVED = f"metadata.filter_metadata['{SERVICE_NAMESPACE}']['{HELD}']"
"""Attribute: what the limiter has reserved for a request; only asked for where that may move."""


def said(price: Tokens) -> str:
    """A price as the limiter is told it."""
    return f"{price[0]:g} {price[1]:g}"


def of(price: Price) -> Tokens:
    """What the tokens of a backend cost."""
    return price.input, price.output


def usual(gateway: Gateway, route: Route) -> Tokens:
    """The dearest of the backends that are asked first, whichever of them serves and when."""
    first = min(entry.priority for entry in route.backends)
    return _dearest(gateway, route, [one for one in route.backends if one.priority == first])


def differs(gateway: Gateway, route: Route) -> bool:
    """Whether some backend of a route has another price than what is reserved at first."""
    if route.price or len(route.backends) == 1:
        return False
    alone = {_dearest(gateway, route, [entry]) for entry in route.backends}
    return len(alone) > 1


def moves(gateway: Gateway, route: Route) -> bool:
    """Whether what is reserved on a route depends on who is asked."""
    priced = any(limit.cost_usd is not None for limit in gateway.limits)
    return priced and gateway.limiter.reserve and differs(gateway, route)


def may_move(gateway: Gateway, backends: Collection[str]) -> bool:
    """Whether it does so on some route to these backends, as far as they tell."""
    priced = any(limit.cost_usd is not None for limit in gateway.limits)
    if not (priced and gateway.limiter.reserve and len(backends) > 1):
        return False
    return bool(gateway.listed) or len({repr(gateway.backends[b].price) for b in backends}) > 1


def at_first(gateway: Gateway, route: Route) -> Tokens | None:
    """The prices at which budgets reserve at first; None where nobody asks for others."""
    return usual(gateway, route) if moves(gateway, route) else None


def _dearest(gateway: Gateway, route: Route, entries: Iterable[RouteBackend]) -> Tokens:
    prices = [route.price] if route.price else [*_others(gateway, route, entries)]
    return (
        max((price.input for price in prices), default=0),
        max((price.output for price in prices), default=0),
    )


def _others(
    gateway: Gateway, route: Route, entries: Iterable[RouteBackend]
) -> Iterator[RoutePrice]:
    for entry in entries:
        backend = gateway.backends[entry.backend]
        if backend.price is not None:
            yield backend.price
            continue
        names = [entry.model] if entry.model else [*route.models]
        for listed in gateway.listed:
            there = listed.backend in (None, entry.backend)
            there = there and listed.provider in (None, backend.provider)
            if there and any(_may_be(name, model) for name in names for model in listed.models):
                yield listed.price


def _may_be(name: str, listed: str) -> bool:
    """Whether a name, or a pattern of them, may be among what is listed."""
    pattern, wanted = split(name), split(listed)
    if "$" in name or pattern.kind == "regex":
        return True
    if pattern.kind == wanted.kind == "exact":
        return pattern.text == wanted.text
    one, other = sorted((pattern.text, wanted.text), key=len)
    shorter = pattern if pattern.text is one else wanted
    return other.startswith(one) and (shorter.kind == "prefix" or one == other)
