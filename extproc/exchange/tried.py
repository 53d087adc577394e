"""What earlier attempts of an exchange have tried in vain: keys of a pool, and backends.

The next attempt may be another worker's, so Envoy carries it there in the dynamic metadata: numbers
of keys, names of backends, no more.
"""

from extproc import NAMESPACE
from extproc.exchange.events import Metadata

KEY = "tried_keys"
ATTRIBUTE = f"metadata.filter_metadata['{NAMESPACE}']['{KEY}']"
"""Only asked for where a backend has several keys."""

BACKENDS = "backends"
EARLIER = f"metadata.filter_metadata['{NAMESPACE}']['{BACKENDS}']"
"""Only asked for where a route has several backends."""


def numbers(said: str, backend: str) -> tuple[int, ...]:
    """The numbers of the keys of `backend` in `said`."""
    pairs = (pair.rpartition(":") for pair in said.split())
    return tuple(int(number) for name, _, number in pairs if name == backend and number.isdecimal())


def told(said: str, backend: str, number: int) -> Metadata:
    """What the next attempt must know."""
    return {KEY: f"{said} {backend}:{number}".strip()}


def names(said: str) -> tuple[str, ...]:
    """The backends that have been asked, of all that was told of them."""
    return tuple(one.partition(":")[0] for one in said.split())


def with_backend(earlier: str, backend: str) -> str:
    """The backends so far, the newest last; behind each that has refused, why."""
    return f"{earlier} {backend}" if earlier else backend
