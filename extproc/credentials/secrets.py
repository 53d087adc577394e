"""Secrets, from where configuration says they are to where a request is signed.

A reference is `env:NAME` or `file:/path`; an identity has a token, which another process keeps
fresh. All are looked up in the background and put into an immutable snapshot; the hot path only
picks from it. A value is never shown: not in a log, an error or a `repr`.
"""

import os
import time
from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import msgspec
import structlog

from extproc.config import Gateway, load_clients
from extproc.config.references import Unresolved, resolve
from extproc.config.values import SecretRef
from extproc.credentials import snapshot
from extproc.credentials.identity import Identity
from extproc.credentials.pool import Pool, Pools, Share, rest
from extproc.credentials.snapshot import Entries
from providers.signing.sign import Secret

log = structlog.get_logger()

NEVER = float("inf")


class Weighted(msgspec.Struct, frozen=True):
    """One credential of a backend: the references of its parts, and its share of requests."""

    parts: Mapping[str, str]
    """Part of the secret → reference; an API key is `{"key": reference}`."""
    weight: int = 1
    plain: Mapping[str, str] = {}
    """Parts that are no secret, such as a region."""
    identity: Identity | None = None
    """Whose token it is, instead of `parts`."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a backend's credentials stand, in numbers that may be shown."""

    keys: int
    """That can be used."""
    resting: int
    """Of these, that a provider has refused a moment ago."""
    failures: int
    """How often in a row an identity's token could not be refreshed."""
    expires: float
    """When the first token ends, seconds since the epoch; infinity: none does."""


class Credentials:
    """The secrets of all backends, as of the last refresh."""

    def __init__(
        self, wanted: Mapping[str, tuple[Weighted, ...]], tokens: Path | None = None
    ) -> None:
        """`wanted`: backend → its credentials; `tokens`: the file of the identities' tokens."""
        self._wanted = wanted
        self._tokens = tokens if any(_identities(wanted)) else None
        self._files = _files(wanted) | ({str(self._tokens)} if self._tokens else set())
        self._stamps: dict[str, object] = {}
        self._entries: Entries = {}
        self._pools: Pools = {}
        self._ends = NEVER
        """When the first token in use expires."""
        self.refresh()

    def get(self, backend: str, tried: Collection[int] = ()) -> Secret:
        """A secret of `backend`, rather none of those `tried`; raises Unavailable."""
        return self._pools[backend].next(tried)

    def refused(
        self, backend: str, secret: Secret, status: int, retry_after: str | None
    ) -> int | None:
        """Lets a key rest that a provider has refused; its number, if the backend has others."""
        pool = self._pools.get(backend)
        if pool is None:
            return None
        return pool.refused(secret, rest(status, retry_after, time.time()))

    def refresh(self) -> bool:
        """Looks everything up anew if a file has changed or a token ended; True if so."""
        stamps = {path: stamp(path) for path in self._files}
        now = time.time()
        if self._pools and stamps == self._stamps and now < self._ends:
            return False
        self._stamps = stamps
        self._entries = snapshot.read(self._tokens) if self._tokens else {}
        self._ends = self._first_end(now)
        found = {name: self._pool(name, now) for name in self._wanted}
        self._pools = {name: self._kept(name, pool) for name, pool in found.items()}
        return True

    def waits(self) -> bool:
        """Whether an identity has been asked for, and nothing has been heard of it yet."""
        return any(identity.key not in self._entries for identity in _identities(self._wanted))

    def standing(self, backend: str) -> Standing:
        """How the credentials of `backend` stand."""
        pool = self._pools[backend]
        of_ours = _identities({backend: self._wanted[backend]})
        entries = [self._entries.get(one.key, snapshot.Entry()) for one in of_ours]
        return Standing(
            keys=len(pool.shares),
            resting=pool.resting,
            failures=max((entry.failures for entry in entries), default=0),
            expires=min((entry.expires or NEVER for entry in entries), default=NEVER),
        )

    def _first_end(self, now: float) -> float:
        ends = (entry.expires for entry in self._entries.values() if entry.valid(now))
        return min((end for end in ends if end is not None), default=NEVER)

    def _kept(self, name: str, pool: Pool) -> Pool:
        """The pool as it was where nothing has changed: it knows which keys rest."""
        old = self._pools.get(name)
        if old is not None and old.same(pool):
            return old
        if pool.problems:
            problem = "; ".join(pool.problems)
            log.warning("a credential does not resolve", backend=name, problem=problem)
        return pool

    def _pool(self, backend: str, now: float) -> Pool:
        shares: list[Share] = []
        problems: list[str] = []
        absent: list[str] = []
        for number, entry in enumerate(self._wanted[backend]):
            try:
                secret = self._secret(entry, now)
            except Unresolved as error:
                (absent if entry.identity else problems).append(str(error))
            else:
                shares.append(Share(number, {**secret, **entry.plain}, entry.weight))
        return Pool(backend, shares, problems, absent)

    def _secret(self, entry: Weighted, now: float) -> Secret:
        if entry.identity is None:
            return {part: _line(reference) for part, reference in entry.parts.items()}
        found = self._entries.get(entry.identity.key)
        if found is None or not found.valid(now):
            raise Unresolved(f"the identity ({entry.identity.kind}) has no token")
        return found.parts


def _identities(wanted: Mapping[str, tuple[Weighted, ...]]) -> Iterable[Identity]:
    entries = (entry for entries in wanted.values() for entry in entries)
    return (entry.identity for entry in entries if entry.identity is not None)


def _files(wanted: Mapping[str, tuple[Weighted, ...]]) -> frozenset[str]:
    entries = (entry for entries in wanted.values() for entry in entries)
    return files(reference for entry in entries for reference in entry.parts.values())


def files(references: Iterable[str]) -> frozenset[str]:
    """The files among `references`."""
    return frozenset(
        reference.removeprefix("file:") for reference in references if reference.startswith("file:")
    )


def stamp(path: str) -> object:
    """What changes when a file does."""
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _line(reference: str) -> str:
    """The secret, which will stand in a header and so must be one line of text."""
    value = resolve(SecretRef(reference), os.environ)
    if not value.isprintable() or not value.isascii():
        raise Unresolved(f"the secret {reference} is not one line of ASCII text")
    return value


def authorizations(gateway: Gateway, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Backend → what its proxy is told of who asks (RFC 7617); raises Unresolved."""
    found = {}
    for name, backend in gateway.backends.items():
        proxy = backend.proxy
        if proxy is not None and proxy.username and proxy.password:
            said = f"{proxy.username}:{resolve(proxy.password, environ)}"
            found[name] = f"Basic {b64encode(said.encode()).decode()}"
    return found


def client_keys(
    gateway: Gateway, path: Path, environ: Mapping[str, str] = os.environ
) -> dict[str, list[str]] | None:
    """Client → its keys; None where everybody may call. Raises ConfigError, Unresolved.

    `path` is where the configuration stands, beside which the clients' file is looked for.
    """
    if gateway.clients is None:
        return None
    references = load_clients(gateway.clients, path)
    return {name: [resolve(key, environ) for key in keys] for name, keys in references.items()}
