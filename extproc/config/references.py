"""Do the secrets that a configuration names exist? Their values are looked at, and never kept."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from extproc.config import bounded
from extproc.config.base import Model
from extproc.config.problem import Flaw, Location
from extproc.config.redaction import masked, shown
from extproc.config.values import SecretRef

MAX_BYTES = 1024 * 1024
PATIENCE = 0.2
"""Seconds that a pipe may take to give a secret: who reads it serves at the same time."""

Environment = Mapping[str, str]
ClientKeys = Mapping[str, tuple[SecretRef, ...]]
"""Client name → where its keys are."""


class Unresolved(Exception):
    """A reference behind which there is no secret; the message says why, without the secret."""


def named(value: Any, at: Location = ()) -> Iterator[tuple[Location, SecretRef]]:
    """Every secret reference in a model, a mapping or a tuple, with its place."""
    if isinstance(value, SecretRef):
        yield at, value
    elif isinstance(value, Model):
        for name in type(value).model_fields:
            yield from named(getattr(value, name), (*at, name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from named(item, (*at, str(key)))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from named(item, (*at, index))


def resolve(reference: SecretRef, environment: Environment) -> str:
    """The secret without white space around it; raises Unresolved."""
    kind, _, name = reference.partition(":")
    found = _variable(name, environment) if kind == "env" else _file(name)
    secret = found.strip()
    if not secret:
        raise Unresolved(f"{shown(reference)} is empty")
    return secret


def _variable(name: str, environment: Environment) -> str:
    if name not in environment:
        raise Unresolved(f"the environment variable {shown(name)} is not set")
    return environment[name]


def _file(name: str) -> str:
    try:
        data = bounded.read(Path(name), MAX_BYTES, PATIENCE)
        if len(data) > MAX_BYTES:
            raise Unresolved(f"the file {masked(name)} is larger than {MAX_BYTES} bytes")
        return data.decode()
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise Unresolved(f"the file {masked(name)} cannot be read: {reason}") from None
    except UnicodeDecodeError:
        raise Unresolved(f"the file {masked(name)} is not UTF-8") from None


def unresolved(value: Any, environment: Environment) -> Iterator[Flaw]:
    """A flaw for each reference in `value` that does not resolve."""
    for at, reference in named(value):
        try:
            resolve(reference, environment)
        except Unresolved as error:
            yield Flaw(at, str(error))


def shared(clients: ClientKeys, environment: Environment) -> Iterator[Flaw]:
    """A flaw for each key that two clients have, or one client twice: it would tell nobody."""
    seen: dict[bytes, Location] = {}
    for at, reference in named(clients):
        try:
            secret = resolve(reference, environment)
        except Unresolved:
            continue
        first = seen.setdefault(hashlib.sha256(secret.encode()).digest(), at)
        if first != at:
            yield Flaw(at, f"the same key as one of the client {shown(str(first[0]))}")
