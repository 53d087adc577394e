"""Where the server's processes listen, as the server and Envoy's configuration must agree."""

import os
from pathlib import Path

from extproc.config.process import Extproc


def worker_sockets(settings: Extproc) -> list[str]:
    """One socket for each worker; `auto` is one for each CPU that this process may use."""
    count = settings.workers or len(os.sched_getaffinity(0))
    return [str(Path(settings.sockets) / f"worker-{index}.sock") for index in range(count)]


def side_socket(settings: Extproc) -> str:
    """That of Envoy's loopback listener, for requests of our own."""
    return str(Path(settings.sockets) / "loopback.sock")


def proxy_socket(settings: Extproc, code: str) -> str:
    """That of Envoy's listener for connections by a proxy."""
    return str(Path(settings.sockets) / f"proxy-{code}.sock")


def xds_socket(settings: Extproc) -> str:
    """That of Envoy's configuration."""
    return str(Path(settings.sockets) / "xds.sock")


def refusal_file(settings: Extproc) -> str:
    """Where it stands that an Envoy has refused a configuration."""
    return str(Path(settings.sockets) / "refused")


def limiter_socket(settings: Extproc) -> str:
    """That of the embedded rate limit service."""
    return str(Path(settings.sockets) / "ratelimit.sock")
