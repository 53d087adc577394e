"""Kubernetes without a mesh: pods of Envoy and server, which ask each other by Unix sockets."""

from collections.abc import Iterator
from typing import Any

from extproc.config.gateway import Gateway
from extproc.render.places import pod
from extproc.render.places.objects import (
    LABELS,
    NAME,
    Rendering,
    documents,
    named,
    selector,
)
from extproc.render.places.pod import BOOTSTRAP, CONFIG, LOCKED, RESOURCES, USER, Source
from extproc.render.routes import HEALTH
from extproc.render.typed import Json
from extproc.render.upstream import place

ENVOY = "envoyproxy/envoy:distroless-v1.40-latest"
HTTP, DNS, REDIS, PRIVILEGED = "http", 53, 6379, 1024

HEAD = """\
The AI gateway for Kubernetes 1.30 or newer. Made by `extproc render kubernetes` from gateway.yaml.

Each pod is an Envoy and, beside it, the server that it asks for its configuration, by Unix sockets:
the providers' keys leave the pod in requests to providers alone. A changed ConfigMap reaches both
without a restart, a changed Secret only new pods.
"""


def render(source: Source) -> Rendering:
    """All objects; raises ConfigError, Impossible."""
    pod.check(source)
    return Rendering(documents(HEAD, objects(source)), tuple(pod.warnings(source)))


def objects(source: Source) -> Iterator[Json]:
    """What `kubectl apply` takes."""
    namespace, gateway = source.namespace, source.gateway
    yield named("v1", "ServiceAccount", namespace, automountServiceAccountToken=False)
    yield named("v1", "ConfigMap", namespace, data=pod.settings(source))
    yield named("apps/v1", "Deployment", namespace, spec=_deployment(source))
    yield named("v1", "Service", namespace, spec=_service(gateway))
    yield named("autoscaling/v2", "HorizontalPodAutoscaler", namespace, spec=_scaling())
    yield named(
        "policy/v1",
        "PodDisruptionBudget",
        namespace,
        spec={"maxUnavailable": 1, "selector": selector()},
    )
    yield named("networking.k8s.io/v1", "NetworkPolicy", namespace, spec=_network(gateway))


def _deployment(source: Source) -> Json:
    return {
        "selector": selector(),
        "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": {"metadata": {"labels": LABELS}, "spec": _pod(source)},
    }


def _pod(source: Source) -> Json:
    gateway = source.gateway
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": selector(),
    }
    return {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 2 * pod.grace(gateway) + 10,
        "securityContext": _pod_security(gateway),
        "topologySpreadConstraints": [spread],
        "initContainers": [_bootstrap(source), pod.server(source)],
        "containers": [_envoy(gateway)],
        "volumes": [
            *pod.volumes(),
            {"name": BOOTSTRAP, "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
        ],
    }


def _pod_security(gateway: Gateway) -> Json:
    security: Json = {
        "runAsNonRoot": True,
        "fsGroup": USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    if gateway.listen.port < PRIVILEGED:
        # One of the sysctls that every pod may set
        # (https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/#safe-and-unsafe-sysctls).
        allowed = {"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}
        security["sysctls"] = [allowed]
    return security


def _bootstrap(source: Source) -> Json:
    """Where the server runs: its CPUs are counted there."""
    output = ["--output", "/bootstrap/envoy.yaml"]
    return {
        "name": "render",
        "image": source.image,
        "args": ["render", "envoy", "--config", f"{CONFIG}/gateway.yaml", *output],
        "resources": RESOURCES,
        "securityContext": LOCKED,
        "volumeMounts": [
            pod.settings_mount(),
            {"name": BOOTSTRAP, "mountPath": "/bootstrap"},
        ],
    }


def _envoy(gateway: Gateway) -> Json:
    ready = _ready(gateway)
    return {
        "name": "envoy",
        "image": ENVOY,
        "args": ["-c", "/bootstrap/envoy.yaml", "--disable-hot-restart"],
        "ports": [{"name": HTTP, "containerPort": gateway.listen.port}],
        "startupProbe": {**ready, "periodSeconds": 1, "failureThreshold": 60},
        "readinessProbe": {**ready, "periodSeconds": 5},
        "livenessProbe": {**ready, "periodSeconds": 10, "failureThreshold": 6},
        # Envoy ends at once when it is told to; until then, what it has begun goes on.
        "lifecycle": {"preStop": {"sleep": {"seconds": max(pod.grace(gateway), 1)}}},
        "resources": RESOURCES,
        "securityContext": LOCKED,
        "volumeMounts": [
            pod.sockets_mount(gateway),
            {"name": BOOTSTRAP, "mountPath": "/bootstrap", "readOnly": True},
        ],
    }


def _ready(gateway: Gateway) -> Json:
    """A kubelet has no certificate to show."""
    tls = gateway.listen.tls
    if tls is not None and tls.client_ca:
        return {"tcpSocket": {"port": HTTP}}
    scheme = {"scheme": "HTTPS"} if tls else {}
    return {"httpGet": {"path": HEALTH, "port": HTTP, **scheme}}


def _service(gateway: Gateway) -> Json:
    port = {"name": HTTP, "port": service_port(gateway), "targetPort": HTTP}
    return {"selector": LABELS, "ports": [port]}


def service_port(gateway: Gateway) -> int:
    """At which others in the cluster find it."""
    return 443 if gateway.listen.tls else 80


def _scaling() -> Json:
    busy = {"type": "Utilization", "averageUtilization": 70}
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME},
        "minReplicas": 2,
        "maxReplicas": 10,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": busy}}],
    }


def _network(gateway: Gateway) -> Json:
    dns: list[dict[str, Any]] = [{"protocol": one, "port": DNS} for one in ("UDP", "TCP")]
    return {
        "podSelector": selector(),
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"ports": _tcp(gateway.listen.port, pod.METRICS)}],
        "egress": [{"ports": [*dns, *_tcp(*_outside(gateway))]}],
    }


def _outside(gateway: Gateway) -> list[int]:
    """Where providers, the identities of clouds and a Redis are; its URL is a secret."""
    ports = {place(backend).port for backend in gateway.backends.values()} | {443}
    return sorted(ports if gateway.limiter.storage == "memory" else ports | {REDIS})


def _tcp(*ports: int) -> list[Json]:
    return [{"protocol": "TCP", "port": port} for port in ports]
