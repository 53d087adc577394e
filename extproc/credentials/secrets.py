"""Secrets, from where configuration says they are to where a request is signed.

A reference is `env:NAME` or `file:/path`. References are resolved in the background into an
immutable snapshot; the hot path only picks from it. A value is never shown: not in a log, an error
or a `repr`.
"""

import os
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import msgspec
import structlog

from extproc.config import Gateway, load_clients
from extproc.config.references import Unresolved, resolve
from extproc.config.values import SecretRef
from providers.errors import Unavailable
from providers.signing.sign import Secret

log = structlog.get_logger()

QUIET = 60.0
"""Seconds in which a backend without a credential is told of once."""


class Weighted(msgspec.Struct, frozen=True):
    """One credential of a backend: the references of its parts, and its share of requests."""

    parts: Mapping[str, str]
    """Part of the secret → reference; an API key is `{"key": reference}`."""
    weight: int = 1
    plain: Mapping[str, str] = {}
    """Parts that are no secret, such as a region."""


class Pool:
    """The credentials of one backend, taken in turn; one that does not resolve is passed over."""

    def __init__(self, backend: str, secrets: tuple[Secret, ...], problems: list[str]) -> None:
        """`problems`: why others did not resolve; for the log, since they name files."""
        self._backend = backend
        self._secrets = secrets
        self._problems = problems
        self._turn = count()
        self._told = float("-inf")

    def next(self) -> Secret:
        """The credential whose turn it is; raises Unavailable."""
        if not self._secrets:
            self._tell()
            raise Unavailable(f"the backend {self._backend!r} has no credential now")
        return self._secrets[next(self._turn) % len(self._secrets)]

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._told >= QUIET:
            self._told = now
            log.error("no credential", backend=self._backend, problem="; ".join(self._problems))

    def __repr__(self) -> str:
        return f"Pool({len(self._secrets)} secrets)"


class Credentials:
    """The secrets of all backends, as of the last refresh."""

    def __init__(self, wanted: Mapping[str, tuple[Weighted, ...]]) -> None:
        """`wanted`: backend → its credentials."""
        self._wanted = wanted
        self._files = _files(wanted)
        self._stamps: dict[str, object] = {}
        self._pools: Mapping[str, Pool] = {}
        self.refresh()

    def get(self, backend: str) -> Secret:
        """A secret of `backend`; raises Unavailable."""
        return self._pools[backend].next()

    def refresh(self) -> bool:
        """Resolves all references anew if a file has changed; True if it did."""
        stamps = {path: _stamp(path) for path in self._files}
        if self._pools and stamps == self._stamps:
            return False
        self._stamps = stamps
        self._pools = {name: _pool(name, entries) for name, entries in self._wanted.items()}
        return True


def _files(wanted: Mapping[str, tuple[Weighted, ...]]) -> frozenset[str]:
    return frozenset(
        reference.removeprefix("file:")
        for entries in wanted.values()
        for entry in entries
        for reference in entry.parts.values()
        if reference.startswith("file:")
    )


def _stamp(path: str) -> object:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _pool(backend: str, entries: tuple[Weighted, ...]) -> Pool:
    shares: list[list[Secret]] = []
    problems = []
    for entry in entries:
        if not entry.parts:
            problems.append("only static identities are supported")
            continue
        try:
            secret = {part: _line(reference) for part, reference in entry.parts.items()}
            secret.update(entry.plain)
        except Unresolved as error:
            problems.append(str(error))
        else:
            shares.append([secret] * entry.weight)
    if problems:
        log.warning("a credential does not resolve", backend=backend, problem="; ".join(problems))
    return Pool(backend, tuple(_interleave(shares)), problems)


def _line(reference: str) -> str:
    """The secret, which will stand in a header and so must be one line of text."""
    value = resolve(SecretRef(reference), os.environ)
    if not value.isprintable() or not value.isascii():
        raise Unresolved(f"the secret {reference} is not one line of ASCII text")
    return value


def _interleave(shares: list[list[Secret]]) -> list[Secret]:
    """All entries of all shares, each share spread evenly."""
    placed = [
        ((number + 0.5) / len(share), order, secret)
        for order, share in enumerate(shares)
        for number, secret in enumerate(share)
    ]
    return [secret for _, _, secret in sorted(placed, key=lambda entry: entry[:2])]


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
