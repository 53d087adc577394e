"""Containers on one machine, for `docker compose up`: all of it, and something to look at."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from extproc.config.gateway import Gateway
from extproc.render.places import pod
from extproc.render.places.alerts import alerts
from extproc.render.places.dashboard import SOURCE, dashboard
from extproc.render.places.objects import SILENT, Rendering
from extproc.render.places.pod import CONFIG, CONNECT, METRICS, USER, Source
from extproc.render.routes import HEALTH
from extproc.render.text import Writer, comment
from extproc.render.typed import Json
from extproc.render.upstream import place

HEAD = """\
The AI gateway in containers: `docker compose up`, of version 2.24 or newer. Made by
`extproc render compose` from gateway.yaml. Secrets that it names as env:NAME stand in a file `.env`
beside this one. Grafana is at http://localhost:3000, Prometheus at http://localhost:9090.
"""

ENVOY = "envoyproxy/envoy:v1.40-latest"
REDIS = "redis:7-alpine"
PROMETHEUS = "prom/prometheus:v3.1.0"
GRAFANA = "grafana/grafana:11.4.0"

BUILT = "extproc"
"""The image that is made here, of the Dockerfile; every other one is fetched."""
SIMULATOR = "simulator"
"""A provider that pretends, where a backend's base_url has this host."""
ALERTS = "/etc/prometheus/alerts.yaml"
PROVISIONING = "/etc/grafana/provisioning"

LOCKED: Json = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "restart": "unless-stopped",
}
AS_NOBODY: Json = {**LOCKED, "user": f"{USER}:{USER}", "tmpfs": ["/tmp"]}  # noqa: S108  (its own)


def render(source: Source) -> Rendering:
    """The whole file; raises ConfigError, Impossible."""
    pod.check(source)
    text = "".join(f"{line}\n" for line in comment(HEAD))
    text += Writer(SILENT, {}).write(_literal(document(source)))
    return Rendering(text, tuple(_warnings(source)))


def document(source: Source) -> Json:
    """https://docs.docker.com/reference/compose-file/"""
    return {
        "name": "ai-gateway",
        "services": dict(_services(source)),
        "configs": _configs(source.gateway),
        "volumes": {"sockets": {}, "bootstrap": {}, "measured": {}},
    }


def _literal(value: Any) -> Any:
    """Compose puts variables where it sees a dollar; two of them are one."""
    if isinstance(value, dict):
        return {name: _literal(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_literal(child) for child in value]
    return value.replace("$", "$$") if isinstance(value, str) else value


def _warnings(source: Source) -> Iterator[str]:
    names = [name for name in pod.variables(source) if name not in _own(source.gateway)]
    if names:
        yield f"the file .env must have: {', '.join(names)}"
    yield from pod.files(source)


def _services(source: Source) -> Iterator[tuple[str, Json]]:
    gateway = source.gateway
    yield "volumes", _volumes(source)
    yield "render", _render(source)
    yield "extproc", _extproc(source)
    yield "envoy", _envoy(gateway)
    if _own(gateway):
        yield "redis", _redis()
    if any(place(one).host == SIMULATOR for one in gateway.backends.values()):
        yield SIMULATOR, _simulator(source)
    yield "prometheus", _prometheus()
    yield "grafana", _grafana()


def _image(source: Source) -> Json:
    return {"image": source.image, **({"build": "."} if source.image == BUILT else {})}


def _mounts(source: Source) -> list[Json | str]:
    files = {"gateway.yaml": source.path}
    clients = source.gateway.clients
    if clients is not None and clients.api_keys is not None:
        name = clients.api_keys.file
        files[name] = source.path.parent / name
    if source.gateway.prices is not None:
        files[source.gateway.prices] = source.path.parent / source.gateway.prices
    bound = [_bound(path, PurePosixPath(CONFIG) / name) for name, path in files.items()]
    return [*bound, f"sockets:{source.gateway.extproc.sockets}"]


def _bound(path: Path, inside: PurePosixPath) -> Json:
    """Docker takes a path that begins with neither for the name of a volume."""
    there = str(path) if path.is_absolute() else f"./{path}"
    return {"type": "bind", "source": there, "target": str(inside), "read_only": True}


def _own(gateway: Gateway) -> Json:
    """The variable that names the Redis here, if gateway.yaml wants one."""
    storage = gateway.limiter.storage
    kind, _, name = str(storage).partition(":")
    return {name: "redis://redis:6379/0"} if kind == "env" else {}


def _volumes(source: Source) -> Json:
    """New volumes belong to root."""
    sockets = source.gateway.extproc.sockets
    return {
        **_image(source),
        "user": "0:0",
        "network_mode": "none",
        "entrypoint": ["chown", f"{USER}:{USER}", sockets, "/bootstrap"],
        "volumes": [f"sockets:{sockets}", "bootstrap:/bootstrap"],
    }


def _render(source: Source) -> Json:
    """Where the server runs: its CPUs are counted there."""
    return {
        **_image(source),
        **AS_NOBODY,
        "restart": "no",
        "command": [
            *("render", "envoy", "--config", f"{CONFIG}/gateway.yaml"),
            *("--output", "/bootstrap/envoy.yaml"),
        ],
        "volumes": [*_mounts(source), "bootstrap:/bootstrap"],
        "depends_on": {"volumes": {"condition": "service_completed_successfully"}},
    }


def _extproc(source: Source) -> Json:
    gateway = source.gateway
    before = {"render": {"condition": "service_completed_successfully"}}
    if _own(gateway):
        before["redis"] = {"condition": "service_healthy"}
    worker = f"{gateway.extproc.sockets}/worker-0.sock"
    return {
        **_image(source),
        **AS_NOBODY,
        "command": ["serve", "--config", f"{CONFIG}/gateway.yaml"],
        "env_file": [{"path": ".env", "required": False}],
        "environment": _own(gateway),
        "volumes": _mounts(source),
        "expose": [str(METRICS)],
        "depends_on": before,
        "healthcheck": _healthy("python3", "-c", CONNECT, worker),
        "init": True,
        "stop_grace_period": f"{pod.grace(gateway) + 10}s",
    }


def _envoy(gateway: Gateway) -> Json:
    port = gateway.listen.port
    # Prometheus is in this one's network: nobody else reaches the admin interface.
    return {
        "image": ENVOY,
        **AS_NOBODY,
        "command": ["envoy", "-c", "/bootstrap/envoy.yaml", "--disable-hot-restart"],
        "ports": [f"{port}:{port}", "127.0.0.1:9090:9090"],
        "volumes": [f"sockets:{gateway.extproc.sockets}", "bootstrap:/bootstrap:ro"],
        "depends_on": {"extproc": {"condition": "service_healthy"}},
        "healthcheck": _healthy("bash", "-c", _asks(port, tls=gateway.listen.tls is not None)),
    }


def _asks(port: int, *, tls: bool) -> str:
    """Envoy's image has a shell, and nothing that speaks HTTP."""
    opened = f"exec 3<>/dev/tcp/127.0.0.1/{port}"
    if tls:
        return opened
    asked = f"GET {HEALTH} HTTP/1.1\\r\\nhost: envoy\\r\\nconnection: close\\r\\n\\r\\n"
    return f"{opened} && printf '{asked}' >&3 && grep -q '200 OK' <&3"


def _redis() -> Json:
    return {
        "image": REDIS,
        **LOCKED,
        "user": "999:1000",
        "command": ["redis-server", "--save", "", "--maxmemory-policy", "noeviction"],
        "healthcheck": _healthy("redis-cli", "ping"),
    }


def _simulator(source: Source) -> Json:
    alive = "import socket; socket.create_connection(('127.0.0.1', 8000), 2)"
    return {
        **_image(source),
        **AS_NOBODY,
        "command": ["simulate", "--host", "0.0.0.0"],  # noqa: S104  (nobody else's network)
        "healthcheck": _healthy("python3", "-c", alive),
    }


def _prometheus() -> Json:
    ready = "http://127.0.0.1:9090/-/ready"
    return {
        "image": PROMETHEUS,
        **LOCKED,
        "network_mode": "service:envoy",
        "configs": [
            {"source": "prometheus", "target": "/etc/prometheus/prometheus.yml"},
            {"source": "alerts", "target": ALERTS},
        ],
        "volumes": ["measured:/prometheus"],
        "depends_on": {"envoy": {"condition": "service_healthy"}},
        "healthcheck": _healthy("wget", "-q", "-O", "-", ready),
    }


def _grafana() -> Json:
    target = {
        "datasource": f"{PROVISIONING}/datasources/prometheus.yaml",
        "dashboards": f"{PROVISIONING}/dashboards/gateway.yaml",
        "dashboard": "/var/lib/dashboards/gateway.json",
    }
    return {
        "image": GRAFANA,
        **LOCKED,
        "ports": ["127.0.0.1:3000:3000"],
        "environment": {
            "GF_AUTH_ANONYMOUS_ENABLED": "true",
            "GF_ANALYTICS_REPORTING_ENABLED": "false",
        },
        "tmpfs": ["/tmp", "/var/lib/grafana:uid=472,gid=0"],  # noqa: S108  (its own)
        "configs": [{"source": name, "target": path} for name, path in target.items()],
        "depends_on": {"prometheus": {"condition": "service_healthy"}},
        "healthcheck": _healthy("wget", "-q", "-O", "-", "http://127.0.0.1:3000/api/health"),
    }


def _healthy(*command: str) -> Json:
    return {
        "test": ["CMD", *command],
        "interval": "5s",
        "timeout": "5s",
        "retries": 5,
        "start_period": "30s",
    }


def _configs(gateway: Gateway) -> Json:
    """Files whose text stands here."""
    source = {"name": "Prometheus", "type": "prometheus", "uid": SOURCE["uid"]}
    source["url"] = "http://envoy:9090"
    board = {"name": "gateway", "type": "file", "options": {"path": "/var/lib/dashboards"}}
    files: dict[str, Json] = {
        "prometheus": _scraped(gateway),
        "alerts": alerts(),
        "datasource": {"apiVersion": 1, "datasources": [source]},
        "dashboards": {"apiVersion": 1, "providers": [board]},
    }
    texts = {name: Writer(SILENT, {}).write(one) for name, one in files.items()}
    page = orjson.dumps(dashboard(), option=orjson.OPT_INDENT_2).decode() + "\n"
    return {name: {"content": text} for name, text in {**texts, "dashboard": page}.items()}


def _scraped(gateway: Gateway) -> Json:
    envoy = f"127.0.0.1:{gateway.envoy.admin_port}"
    return {
        "global": {"scrape_interval": "5s"},
        "rule_files": [ALERTS],
        "scrape_configs": [
            {
                "job_name": "envoy",
                "metrics_path": "/stats/prometheus",
                "static_configs": [{"targets": [envoy]}],
            },
            {"job_name": "extproc", "static_configs": [{"targets": [f"extproc:{METRICS}"]}]},
        ],
    }
