"""Envoy's bootstrap, put together from all that it takes."""

import os
from collections.abc import Mapping
from pathlib import Path

from extproc.config import Gateway
from extproc.credentials.secrets import client_keys
from extproc.exchange.compile import limits
from extproc.render import render


def bootstrap(gateway: Gateway, path: Path, environ: Mapping[str, str] = os.environ) -> str:
    """The bootstrap, with the keys of the clients; raises ConfigError, Unresolved.

    `path` is where the configuration stands.
    """
    keys = client_keys(gateway, path, environ)
    prefix = gateway.listen.prefix
    return render(gateway, client_keys=keys, limits=limits(gateway), prefix=prefix)
