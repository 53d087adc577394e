"""Which of the listed prices are in force."""

from collections.abc import Iterable
from math import inf

from extproc.config.formula import TOKENS, formula
from extproc.config.listed_price import ListedPrice
from extproc.config.price import RoutePrice
from providers.usage import Price

Key = tuple[str, str, str]
"""(backend, provider, model); empty: any."""


def price_of(price: RoutePrice) -> Price:
    """A price as it is reckoned with."""
    told = None if price.cel is None else formula(price.cel)
    return Price(**price.model_dump(exclude={"cel"}), formula=told, numbers=TOKENS)


class Prices:
    """Those of one moment."""

    def __init__(self, listed: Iterable[ListedPrice] = (), now: float = inf) -> None:
        """`now`: seconds since the epoch; default: when all that is listed has begun."""
        self.until = inf
        """When others are in force."""
        self._exact: dict[Key, Price] = {}
        self._prefixes: dict[Key, Price] = {}
        for entry in sorted(listed, key=lambda one: one.begins):
            if entry.begins > now:
                self.until = min(self.until, entry.begins)
                continue
            price = price_of(entry.price)
            for model in entry.models:
                known = self._prefixes if model.endswith("*") else self._exact
                place = entry.backend or "", entry.provider or "", model.removesuffix("*")
                known[place] = price
        self._lengths = sorted({len(model) for *_, model in self._prefixes}, reverse=True)

    def at(self, backend: str, provider: str, model: str) -> Price | None:
        """What a backend takes for what its provider calls `model`: as listed for the backend, the
        provider, or all; by the whole name, or the longest beginning of it."""
        for place in ((backend, ""), ("", provider), ("", "")):
            found = self._exact.get((*place, model)) or self._beginning(place, model)
            if found is not None:
                return found
        return None

    def _beginning(self, place: tuple[str, str], model: str) -> Price | None:
        found = (self._prefixes.get((*place, model[:length])) for length in self._lengths)
        return next(filter(None, found), None)
