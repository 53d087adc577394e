"""Which route serves a model."""

from collections.abc import ItemsView, Sequence

from extproc.config.expressions import Expression, compiled
from extproc.exchange.served import LONGEST_NAME, Route


class Router:
    """Which route serves a model: an exact name, the longest prefix, the first expression."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._exact: dict[str, Route] = {}
        self._prefixes: dict[str, Route] = {}
        self._expressions: list[tuple[Expression, Route]] = []
        for route in routes:
            for model in route.models:
                self._add(model, route)
        self._lengths = sorted({len(prefix) for prefix in self._prefixes}, reverse=True)

    def _add(self, model: str, route: Route) -> None:
        if len(model) > 2 and model.startswith("/") and model.endswith("/"):
            self._expressions.append((compiled(model[1:-1]), route))
        elif model.endswith("*"):
            self._prefixes.setdefault(model[:-1], route)
        else:
            self._exact.setdefault(model, route)

    def find(self, model: str) -> Route | None:
        """The route of `model`."""
        if len(model) > LONGEST_NAME:
            return None
        route = self._exact.get(model)
        if route is not None:
            return route
        for length in self._lengths:
            route = self._prefixes.get(model[:length])
            if route is not None and len(model) >= length:
                return route
        return next((r for pattern, r in self._expressions if pattern.fullmatch(model)), None)

    def exact(self) -> ItemsView[str, Route]:
        """The exact names, in order, and their routes."""
        return self._exact.items()
