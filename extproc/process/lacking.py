"""Which backends have no token now: where a route has others, Envoy need not ask them."""

from pathlib import Path

from extproc.config import Gateway
from extproc.config.credential import FromRequest
from extproc.credentials import snapshot
from extproc.credentials.snapshot import Entry
from extproc.exchange.compile import wanted_identities

NOBODY: frozenset[str] = frozenset()


def lacking(gateway: Gateway, tokens: Path, now: float) -> frozenset[str]:
    """The backends whose token has ended, or was asked for in vain; `tokens` is the file in which
    all are. Those to which clients may bring a key of their own are not among them."""
    wanted = wanted_identities(gateway)
    if not wanted:
        return NOBODY
    entries = snapshot.read(tokens)
    return frozenset(
        name
        for key, one in wanted.items()
        for name in one.backends
        if _is_gone(entries.get(key, Entry()), now)
        and not isinstance(gateway.backends[name].credential, FromRequest)
    )


def _is_gone(entry: Entry, now: float) -> bool:
    """One that was never asked for yet may come at any moment."""
    return not entry.valid(now) and bool(entry.failures or entry.parts)
