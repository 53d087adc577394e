"""Values of labels: each one is a time series, and clients can think of any number."""

OTHER = "_OTHER"
"""Beyond the bound (https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/)."""
LONGEST = 100


class Bounded:
    """The first values of one label, as they are."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[str] = set()

    def __call__(self, value: str) -> str:
        """`value`, or OTHER."""
        if value in self._known:
            return value
        if len(self._known) >= self._most or len(value) > LONGEST:
            return OTHER
        self._known.add(value)
        return value
