"""Which keys of a pool an exchange has tried in vain, so that its next attempt takes another.

That attempt may be another worker's, so Envoy carries it there in the dynamic metadata: numbers of
keys, no more.
"""

from extproc import NAMESPACE
from extproc.exchange.events import Metadata

KEY = "tried_keys"
ATTRIBUTE = f"metadata.filter_metadata['{NAMESPACE}']['{KEY}']"
"""Only asked for where a backend has several keys."""


def numbers(said: str, backend: str) -> tuple[int, ...]:
    """The numbers of the keys of `backend` in `said`."""
    pairs = (pair.rpartition(":") for pair in said.split())
    return tuple(int(number) for name, _, number in pairs if name == backend and number.isdecimal())


def told(said: str, backend: str, number: int) -> Metadata:
    """What the next attempt must know."""
    return {KEY: f"{said} {backend}:{number}".strip()}
