"""What is measured through an Envoy: gateways of ours, and an Envoy that only passes on."""

import json
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from extproc.lab.bench import proc
from extproc.lab.local import START, Local, NotReady, Process, free_port
from extproc.process.envoy import binary

ENV = {**os.environ, "BENCH_KEY": "made-up"}
LEAN, GRPCIO, ALONE = "lean", "grpcio", "alone"
MODELS = {"openai.chat": "gpt", "anthropic.messages": "claude"}
"""Provider dialect → the model that leads to a provider which speaks it."""
OWNERS = {"gpt": "openai", "claude": "anthropic"}
"""Model → provider; its backend has the model's name."""

RENAMED = "upload"
"""The model that a provider knows by another name."""


class Subject(Protocol):
    """Something that answers clients and uses CPU for it."""

    name: str
    port: int

    def server_cpu(self) -> float: ...

    def envoy_cpu(self) -> float: ...


class Gateway:
    """Envoy with our server."""

    def __init__(self, name: str, local: Local) -> None:
        self.name = name
        self.local = local
        self.port = local.port

    @property
    def workers(self) -> list[int]:
        """The processes that answer Envoy."""
        return proc.children(self.local.server.popen.pid)

    def server_cpu(self) -> float:
        """µs of all workers so far."""
        return proc.cpu(self.workers)

    def envoy_cpu(self) -> float:
        """µs so far."""
        return proc.cpu([self.local.envoy.popen.pid])

    def messages(self) -> int:
        """Messages that Envoy has sent to the server."""
        return self.local.counter(r".*ext_proc.*stream_msgs_sent")

    def shares(self) -> list[int]:
        """Streams that each worker has got."""
        clusters = json.loads(self.local.admin("/clusters?format=json"))["cluster_statuses"]
        hosts = next(c["host_statuses"] for c in clusters if c["name"] == "extproc")
        return [
            int(stat.get("value", 0))
            for host in hosts
            for stat in host["stats"]
            if stat["name"] == "rq_total"
        ]


class Alone:
    """An Envoy that has the router and nothing else."""

    name = ALONE

    def __init__(self, process: Process, port: int) -> None:
        self._process = process
        self.port = port

    def server_cpu(self) -> float:
        """There is no server."""
        return 0.0

    def envoy_cpu(self) -> float:
        """µs so far."""
        return proc.cpu([self._process.popen.pid])


def config(
    upstream: str, transport: str, *, workers: int = 1, routes: int = 1, backends: int = 1
) -> dict[str, Any]:
    """gateway.yaml with a provider of each dialect, and as many routes and backends as are wanted;
    those that are asked are the last."""

    def served(provider: str) -> dict[str, Any]:
        key = {"api_key": "env:BENCH_KEY"}
        return {"provider": provider, "base_url": upstream, "credential": key}

    def route(model: str, backend: str) -> dict[str, Any]:
        return {"models": [model], "backends": [{"backend": backend}]}

    spare = [f"backend-{number:05}" for number in range(backends - 1)]
    others = [route(f"model-{number:05}", "gpt") for number in range(routes - 1)]
    others += [route(f"model-of-{name}", name) for name in spare]
    renamed = {"models": [RENAMED], "backends": [{"backend": "gpt", "model": "gpt-4o-transcribe"}]}
    return {
        "backends": {
            **{name: served("openai") for name in spare},
            **{model: served(provider) for model, provider in OWNERS.items()},
        },
        "routes": [*others, *(route(model, model) for model in MODELS.values()), renamed],
        "extproc": {"transport": transport, "workers": workers},
    }


@contextmanager
def gateway(name: str, settings: Mapping[str, Any]) -> Iterator[Gateway]:
    """A running gateway."""
    with Local(settings, ENV) as local:
        yield Gateway(name, local)


@contextmanager
def upstream() -> Iterator[str]:
    """A running provider; its URL."""
    port = free_port()
    with _running(
        "upstream", [*_module("upstream"), str(port)], f"http://127.0.0.1:{port}/healthz"
    ):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def alone(provider: str) -> Iterator[Alone]:
    """A running Envoy that passes everything to `provider`."""
    port, admin = free_port(), free_port()
    bootstrap = json.dumps(_bootstrap(port, admin, int(provider.rpartition(":")[2])))
    command = [binary(), "--config-yaml", bootstrap, "--concurrency", "1"]
    command += ["--disable-hot-restart", "--log-level", "warning"]
    with _running("envoy", command, f"http://127.0.0.1:{admin}/ready") as process:
        yield Alone(process, port)


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", f"extproc.lab.bench.{name}"]


@contextmanager
def _running(name: str, command: list[str], url: str) -> Iterator[Process]:
    with tempfile.TemporaryDirectory(prefix="extproc-bench-") as directory:
        process = Process(name, command, Path(directory) / "log", ENV)
        try:
            _await(process, url)
            yield process
        finally:
            process.stop()


def _await(process: Process, url: str) -> None:
    deadline = time.monotonic() + START
    while not _answers(url):
        process.check()
        if time.monotonic() > deadline:
            raise NotReady(f"waited {START} s for {process.name}:\n{process.tail()}")
        time.sleep(0.02)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  (our own)
            return bool(answer.status == 200)
    except OSError:
        return False


def _bootstrap(port: int, admin: int, provider: int) -> dict[str, Any]:
    return {
        "admin": {"address": _address(admin)},
        "static_resources": {
            "listeners": [
                {
                    "address": _address(port),
                    "filter_chains": [{"filters": [_manager()]}],
                }
            ],
            "clusters": [
                {
                    "name": "provider",
                    "load_assignment": {
                        "cluster_name": "provider",
                        "endpoints": [
                            {"lb_endpoints": [{"endpoint": {"address": _address(provider)}}]}
                        ],
                    },
                    "circuit_breakers": {
                        "thresholds": [
                            {"max_connections": 10_000, "max_requests": 10_000}
                            | {"max_pending_requests": 10_000}
                        ]
                    },
                }
            ],
        },
    }


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _manager() -> dict[str, Any]:
    types = "type.googleapis.com/envoy.extensions.filters"
    route = {"match": {"prefix": "/"}, "route": {"cluster": "provider", "timeout": "0s"}}
    return {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": f"{types}.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "alone",
            "route_config": {
                "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]
            },
            "http_filters": [
                {
                    "name": "envoy.filters.http.router",
                    "typed_config": {"@type": f"{types}.http.router.v3.Router"},
                }
            ],
        },
    }
