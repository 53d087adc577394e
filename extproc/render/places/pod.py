"""The server as a container beside an Envoy: one pod, Unix sockets between the two.

Answers to Envoy hold the providers' keys, so that they stay within the pod.
"""

import math
import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from pathlib import Path

import msgspec

from extproc.config.clients import load_clients
from extproc.config.gateway import Gateway
from extproc.config.references import named as references
from extproc.render.places.objects import NAME, Impossible
from extproc.render.typed import Json

CONFIG = "/etc/extproc"
SECRET = f"{NAME}-secrets"
"""Holds what `env:NAME` names, each under its name."""
SOCKETS, SETTINGS, BOOTSTRAP = "sockets", "settings", "bootstrap"
USER = 10001
METRICS = 9464
LARGEST = 1024 * 1024

LOCKED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
}
RESOURCES = {
    "requests": {"cpu": "500m", "memory": "256Mi"},
    "limits": {"memory": "1Gi"},
}
KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,252}")
"""Of a ConfigMap: what may be the name of a file in its directory."""
CONNECT = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"


class Source(msgspec.Struct, frozen=True):
    """A gateway.yaml, and where its objects go."""

    gateway: Gateway
    path: Path
    namespace: str
    image: str
    """Of the server."""


def server(source: Source, user: int | None = USER) -> Json:
    """The server, which starts before Envoy and ends after it: a sidecar in Kubernetes' own sense
    (https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/).

    `user`: as whom it runs; Envoy must be the same, for nobody else opens its sockets.
    """
    alive = ["python3", "-c", CONNECT, f"{source.gateway.extproc.sockets}/worker-0.sock"]
    return {
        "name": "extproc",
        "image": source.image,
        "restartPolicy": "Always",
        "args": ["serve", "--config", f"{CONFIG}/gateway.yaml"],
        "env": environment(source),
        "ports": [{"name": "metrics", "containerPort": METRICS}],
        "startupProbe": {"exec": {"command": alive}, "periodSeconds": 1, "failureThreshold": 60},
        "livenessProbe": {"exec": {"command": alive}, "periodSeconds": 10, "timeoutSeconds": 5},
        "resources": RESOURCES,
        "securityContext": {**LOCKED, "runAsUser": user, "runAsGroup": user},
        "volumeMounts": [settings_mount(), sockets_mount(source.gateway), *_scratch()],
    }


def settings_mount() -> Json:
    """gateway.yaml; a directory, so that changes of the ConfigMap reach it."""
    return {"name": SETTINGS, "mountPath": CONFIG, "readOnly": True}


def sockets_mount(gateway: Gateway) -> Json:
    """Where the sockets are, for both containers."""
    return {"name": SOCKETS, "mountPath": gateway.extproc.sockets}


def _scratch() -> Iterator[Json]:
    yield {"name": "tmp", "mountPath": "/tmp"}  # noqa: S108  (a volume of the pod's own)


def volumes() -> list[Json]:
    """Of the pod."""
    return [
        {"name": SETTINGS, "configMap": {"name": NAME}},
        {"name": SOCKETS, "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "256Mi"}},
    ]


def grace(gateway: Gateway) -> int:
    """Seconds for which requests may go on after a pod is to end."""
    return math.ceil(gateway.extproc.drain)


def settings(source: Source) -> Json:
    """The data of the ConfigMap: the file as it is, and the clients' beside it."""
    files = {"gateway.yaml": source.path.read_text("utf-8")}
    clients = _clients_file(source)
    listed = prices_file(source)
    if listed is not None:
        files[listed.name] = (source.path.parent / listed).read_text("utf-8")
    if clients is not None:
        files[clients.name] = (source.path.parent / clients).read_text("utf-8")
    return files


def prices_file(source: Source) -> Path | None:
    """The file of prices, where a ConfigMap can hold it beside gateway.yaml."""
    name = source.gateway.prices
    fits = name is not None and KEY.fullmatch(name) and name != "gateway.yaml"
    return Path(name) if name is not None and fits else None


def keeps_keys(gateway: Gateway) -> bool:
    """Whether Envoy's configuration holds clients' keys."""
    return gateway.clients is not None and gateway.clients.api_keys is not None


def _clients_file(source: Source) -> Path | None:
    clients = source.gateway.clients
    if clients is None or clients.api_keys is None:
        return None
    name = clients.api_keys.file
    alone = KEY.fullmatch(name) and name != "gateway.yaml"
    return Path(name) if alone and not (source.path.parent / name).is_dir() else None


def environment(source: Source) -> list[Json]:
    """A variable for each `env:NAME`, from the Secret of the gateway."""
    return [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": SECRET, "key": name}}}
        for name in variables(source)
    ]


def variables(source: Source) -> list[str]:
    """The variables that gateway.yaml and the clients' file name."""
    return sorted({name for kind, name in _references(source) if kind == "env"})


def _references(source: Source) -> Iterator[tuple[str, str]]:
    clients = load_clients(source.gateway.clients, source.path)
    for found in (source.gateway, clients):
        for _, reference in references(found):
            kind, _, name = reference.partition(":")
            yield kind, name


def check(source: Source) -> None:
    """Raises Impossible where nobody could reach the container."""
    listen = source.gateway.listen
    if not listen.port:
        raise Impossible("listen.port: others must know the port")
    if ip_address(listen.address).is_loopback:
        raise Impossible(f"listen.address: only the container itself reaches {listen.address}")
    mountable(source.gateway)


def mountable(gateway: Gateway) -> None:
    """Raises Impossible where Kubernetes would not take the path, or would see variables in it."""
    if not re.fullmatch(r"/[A-Za-z0-9._/-]+", gateway.extproc.sockets):
        raise Impossible("extproc.sockets: only letters, digits, '.', '_', '-' and '/'")


def fixed(gateway: Gateway) -> None:
    """Raises Impossible where sockets are not known before the server runs."""
    mountable(gateway)
    if not gateway.extproc.workers:
        raise Impossible(
            "extproc.workers: say how many; `auto` counts the CPUs of the machine that renders"
        )


def warnings(source: Source) -> Iterator[str]:
    """What somebody must still do."""
    gateway = source.gateway
    names = variables(source)
    if names:
        yield f"the Secret {SECRET} must have: {', '.join(names)}"
    yield from files(source)
    if sum(map(len, settings(source).values())) > LARGEST:
        yield "gateway.yaml: a ConfigMap holds no more than 1 MiB"
    if not gateway.extproc.workers:
        yield "extproc.workers: `auto` is one for each CPU of the node, whatever the pod's share is"
    if gateway.limits and gateway.limiter.storage == "memory":
        yield "limiter.storage: `memory` counts in each pod by itself; name a Redis"


def files(source: Source) -> Iterator[str]:
    """Files that no volume holds."""
    clients, tls = source.gateway.clients, source.gateway.listen.tls
    wanted = {name for kind, name in _references(source) if kind == "file"}
    if clients is not None and clients.api_keys is not None and _clients_file(source) is None:
        wanted.add(clients.api_keys.file)
    if source.gateway.prices is not None and prices_file(source) is None:
        wanted.add(source.gateway.prices)
    if clients is not None and clients.jwt is not None and clients.jwt.jwks.file:
        wanted.add(clients.jwt.jwks.file)
    wanted |= set(_paths(tls.model_dump().values() if tls else ()))
    for backend in source.gateway.backends.values():
        wanted |= set(_paths((backend.tls.ca, backend.tls.certificate, backend.tls.key)))
    for name in sorted(wanted):
        yield f"mount the file that is named: {name}"


def _paths(values: Iterable[object]) -> Iterator[str]:
    yield from (value for value in values if isinstance(value, str))
