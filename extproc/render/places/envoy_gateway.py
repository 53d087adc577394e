"""Envoy Gateway: a Gateway whose pods have the server, and one patch of what is made for it.

An EnvoyExtensionPolicy puts its filter before the router: nobody is asked once per attempt then, so
there is no other provider after one that fails. A Backend cannot say which of ours it is.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from extproc.ratelimit.limit import Limit
from extproc.render.guest import Guest, guest
from extproc.render.parts import Parts
from extproc.render.places import pod
from extproc.render.places.istio import KEYS
from extproc.render.places.objects import NAME, Rendering, documents, named
from extproc.render.places.pod import Source
from extproc.render.typed import Json

API, OURS = "gateway.networking.k8s.io", "gateway.envoyproxy.io"
TYPES = "type.googleapis.com/envoy.config"
CLUSTER = f"{TYPES}.cluster.v3.Cluster"
LISTENER = f"{TYPES}.listener.v3.Listener"
ROUTES = f"{TYPES}.route.v3.RouteConfiguration"
MANAGER = "/default_filter_chain/filters/0/typed_config"
HTTP = "http"
USER = 65532
"""That of Envoy in its pods."""

HEAD = """\
The AI gateway on Envoy Gateway. Made by `extproc render envoy-gateway` from gateway.yaml: a Gateway
of its own, whose pods have the server beside Envoy, and an EnvoyPatchPolicy. Allow those in the
configuration of Envoy Gateway: `extensionApis: {enableEnvoyPatchPolicy: true}`.
For `kubectl apply --server-side`: some objects are too large for an annotation. The ConfigMap and
the Secret must be where Envoy's pods are: in Envoy Gateway's own namespace, unless it deploys them
into that of the Gateway.
"""


def render(
    source: Source, made: Parts, limits: Sequence[Limit], domains: Sequence[str]
) -> Rendering:
    """All objects; raises ConfigError, Impossible."""
    pod.fixed(source.gateway)
    found = guest(source.gateway, made, limits, domains)
    head = HEAD + (KEYS if pod.keeps_keys(source.gateway) else "")
    things = objects(source, found)
    return Rendering(documents(head, things), tuple(pod.warnings(source)))


def objects(source: Source, found: Guest) -> Iterator[Json]:
    """What `kubectl apply` takes."""
    namespace = source.namespace
    class_ = {"controllerName": f"{OURS}/gatewayclass-controller"}
    parameters = {"group": OURS, "kind": "EnvoyProxy", "name": NAME}
    listener = {"name": HTTP, "protocol": "HTTP", "port": 80}
    yield {
        "apiVersion": f"{API}/v1",
        "kind": "GatewayClass",
        "metadata": {"name": NAME},
        "spec": class_,
    }
    yield named("v1", "ConfigMap", namespace, data=pod.settings(source))
    yield named(f"{OURS}/v1alpha1", "EnvoyProxy", namespace, spec=_proxy(source))
    spec = {
        "gatewayClassName": NAME,
        "infrastructure": {"parametersRef": parameters},
        "listeners": [listener],
    }
    yield named(f"{API}/v1", "Gateway", namespace, spec=spec)
    bound = {
        "targetRefs": [_target()],
        "connection": {"bufferLimit": source.gateway.envoy.max_body_bytes},
        # A model's name in a path may hold %2F.
        "path": {"escapedSlashesAction": "KeepUnchanged"},
    }
    yield named(f"{OURS}/v1alpha1", "ClientTrafficPolicy", namespace, spec=bound)
    policy = {
        "targetRef": _target(),
        "type": "JSONPatch",
        "jsonPatches": patches_of(source.namespace, found),
    }
    yield named(f"{OURS}/v1alpha1", "EnvoyPatchPolicy", namespace, spec=policy)


def _target() -> Json:
    return {"group": API, "kind": "Gateway", "name": NAME}


def _proxy(source: Source) -> Json:
    deployment = {
        "replicas": 2,
        "initContainers": [pod.server(source, USER)],
        "container": {"volumeMounts": [pod.sockets_mount(source.gateway)]},
        "pod": {"securityContext": {"fsGroup": USER}, "volumes": pod.volumes()},
    }
    return {
        "provider": {"type": "Kubernetes", "kubernetes": {"envoyDeployment": deployment}},
        "shutdown": {"drainTimeout": f"{pod.grace(source.gateway)}s"},
    }


def patches_of(namespace: str, found: Guest) -> list[Json]:
    """JSON patches (RFC 6902) of the resources as Envoy Gateway calls them."""
    name = f"{namespace}/{NAME}/{HTTP}"
    filters = [
        _add(LISTENER, name, f"{MANAGER}/http_filters/{index}", one)
        for index, one in enumerate(found.filters)
    ]
    return [
        *(_add(CLUSTER, one["name"], "", one) for one in found.clusters),
        *(_add(LISTENER, one["name"], "", one) for one in found.inner),
        *filters,
        _add(LISTENER, name, f"{MANAGER}/local_reply_config", found.replies),
        # The Gateway has no routes of its own, so that there is no list to add to.
        _add(ROUTES, name, "/virtual_hosts", [found.host]),
    ]


def _add(kind: str, name: str, path: str, value: Any) -> Json:
    operation = {"op": "add", "path": path, "value": value}
    return {"type": kind, "name": name, "operation": operation}
