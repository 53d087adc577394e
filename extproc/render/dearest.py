"""What a request of a route costs at the most: so much is reserved of a budget in USD."""

from collections.abc import Iterator

from extproc.config.gateway import Gateway
from extproc.config.patterns import split
from extproc.config.price import RoutePrice
from extproc.config.route import Route


def dearest(gateway: Gateway, route: Route) -> tuple[float, float]:
    """(a million tokens of a prompt, a million of an answer), in USD, whoever serves and when."""
    prices = [route.price] if route.price else [*_others(gateway, route)]
    return (
        max((price.input for price in prices), default=0),
        max((price.output for price in prices), default=0),
    )


def _others(gateway: Gateway, route: Route) -> Iterator[RoutePrice]:
    for entry in route.backends:
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
