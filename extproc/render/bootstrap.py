"""Envoy's bootstrap, or a part of it, put together from all that it takes."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from extproc.config import Gateway
from extproc.credentials.secrets import authorizations, client_keys
from extproc.exchange.compile import limits
from extproc.render import render
from extproc.render.guest import DOMAIN
from extproc.render.parts import parts
from extproc.render.pieces import piece


def bootstrap(gateway: Gateway, path: Path, environ: Mapping[str, str] = os.environ) -> str:
    """The bootstrap, with the keys of the clients; raises ConfigError, Unresolved.

    `path` is where the configuration stands.
    """
    keys = client_keys(gateway, path, environ)
    prefix = gateway.listen.prefix
    return render(
        gateway,
        client_keys=keys,
        limits=limits(gateway),
        prefix=prefix,
        authorizations=authorizations(gateway, environ),
    )


def part(
    kind: str,
    gateway: Gateway,
    path: Path,
    domains: Sequence[str] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> str:
    """A part for an Envoy that runs already; as `bootstrap`."""
    bounds = limits(gateway)
    made = parts(
        gateway,
        client_keys=client_keys(gateway, path, environ),
        limits=bounds,
        prefix=gateway.listen.prefix,
        authorizations=authorizations(gateway, environ),
    )
    return piece(kind, gateway, made, bounds, domains or (DOMAIN,))
