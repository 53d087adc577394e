"""What one Envoy knows, and what it is to be told; sans-I/O.

https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol, in both of its forms: the whole
of a type each time (state of the world), or what has changed (delta).
"""

from collections.abc import Mapping
from itertools import count

import msgspec

from extproc.xds.snapshot import CLUSTERS, LISTENERS, ROUTES, Resource, Resources, Snapshot

EVERYTHING = "*"
COMPLETE = frozenset({CLUSTERS, LISTENERS})
"""Types of which an Envoy that names nothing wants all."""
NOTHING: Resources = {}


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A request of either form."""

    kind: str
    nonce: str = ""
    """Of the answer that is acknowledged; empty: of none."""
    error: str = ""
    """Why that answer is refused."""
    names: tuple[str, ...] = ()
    """What is wanted: in delta what is wanted from now on, too, else all."""
    dropped: tuple[str, ...] = ()
    """Delta: no longer wanted."""
    known: Mapping[str, str] = {}
    """Delta: what Envoy has from earlier; name → version."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of either form."""

    kind: str
    version: str
    nonce: str
    resources: Resources
    removed: tuple[str, ...]
    """Delta: no longer there."""


class Peer:
    """One Envoy's side of one stream."""

    def __init__(self, snapshot: Snapshot, *, whole: bool) -> None:
        """`whole`: it wants state of the world."""
        self.snapshot = snapshot
        """What it shall have."""
        self._whole = whole
        self._told: dict[str, dict[str, Resource]] = {}
        self._wanted: dict[str, set[str]] = {}
        self._nonces: dict[str, str] = {}
        self._numbers = count(1)
        self.open: dict[str, str] = {}
        """Type → the nonce of an answer that Envoy has said nothing to yet."""

    def hear(self, ask: Ask) -> Answer | None:
        """What there is to say at once: to who has not asked before, or wants something more."""
        kind = ask.kind
        if ask.nonce and ask.nonce == self.open.get(kind):
            del self.open[kind]
        if self._whole and ask.nonce != self._nonces.get(kind, ask.nonce):
            return None  # an answer to it is under way already
        first = kind not in self._wanted
        before = frozenset(self._wanted.get(kind, ()))
        wanted = self._wanting(ask, first)
        self._wanted[kind] = wanted
        told = self._told.setdefault(kind, {})
        if first:
            told |= {name: Resource(version, b"") for name, version in ask.known.items()}
        for name in before - wanted:
            told.pop(name, None)
        if first or wanted - before:
            return self._answer(kind, keep=True, forced=True, missing=wanted - before)
        return None

    def _wanting(self, ask: Ask, first: bool) -> set[str]:
        named = set(ask.names)
        if first and not named and ask.kind in COMPLETE:
            named = {EVERYTHING}
        if self._whole:
            everything = EVERYTHING in self._wanted.get(ask.kind, ()) and not named
            return {EVERYTHING} if everything else named
        return (self._wanted.get(ask.kind, set()) | named) - set(ask.dropped)

    def grown(self, kind: str) -> Answer | None:
        """What is new or has changed; what shall go, stays for now."""
        return self._answer(kind, keep=True)

    def exact(self, kind: str) -> Answer | None:
        """What is new, has changed or is gone."""
        return self._answer(kind, keep=False)

    def complete(self) -> bool:
        """Whether Envoy has asked for everything, and has taken it."""
        return not self.open and self._wanted.keys() >= {CLUSTERS, LISTENERS, ROUTES}

    def changed(self, kind: str) -> set[str]:
        """The names that `grown` would tell."""
        told, shall = self._told.get(kind, {}), self._shall(kind)
        return {name for name, one in shall.items() if _version(told, name) != one.version}

    def _shall(self, kind: str) -> Resources:
        wanted = self._wanted.get(kind, set())
        there = self.snapshot.kinds.get(kind, NOTHING)
        if EVERYTHING in wanted:
            return there
        return {name: there[name] for name in wanted if name in there}

    def _answer(
        self, kind: str, *, keep: bool, forced: bool = False, missing: set[str] | None = None
    ) -> Answer | None:
        if kind not in self._wanted:
            return None
        told, shall = self._told[kind], self._shall(kind)
        fresh = {name: shall[name] for name in self.changed(kind)}
        gone = () if keep else tuple(name for name in told if name not in shall)
        if not (fresh or gone or forced):
            return None
        for name in gone:
            del told[name]
        told |= fresh
        # Who asks for something by its name must hear that it is not there.
        absent = (missing or set()) - shall.keys() - {EVERYTHING}
        nonce = str(next(self._numbers))
        self._nonces[kind] = self.open[kind] = nonce
        return Answer(
            kind=kind,
            version=self.snapshot.version,
            nonce=nonce,
            resources=dict(told) if self._whole else fresh,
            removed=(*gone, *sorted(absent)),
        )


def _version(told: Mapping[str, Resource], name: str) -> str:
    known = told.get(name)
    return "" if known is None else known.version
