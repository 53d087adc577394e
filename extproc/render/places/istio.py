"""Istio: a gateway workload with the server in its pods, and patches of what Istio makes for it.

Istio's own clusters cannot say which backend an endpoint is, nor ask before each attempt, nor keep
priorities of several providers: the clusters are added as they are elsewhere.
"""

from collections.abc import Iterator, Sequence

from extproc.config.gateway import Gateway
from extproc.ratelimit.limit import Limit
from extproc.render.guest import Guest, guest
from extproc.render.parts import Parts
from extproc.render.places import pod
from extproc.render.places.objects import (
    LABELS,
    NAME,
    Rendering,
    documents,
    named,
    selector,
    suffixed,
)
from extproc.render.places.pod import Source
from extproc.render.typed import Json
from extproc.render.upstream import place

HCM = "envoy.filters.network.http_connection_manager"
MANAGER = f"type.googleapis.com/envoy.extensions.{HCM.removeprefix('envoy.')}.v3"
ROUTER = "envoy.filters.http.router"
PORT = 8080
USER = 1337
"""That of Istio's proxy."""

HEAD = """\
The AI gateway on Istio. Made by `extproc render istio` from gateway.yaml: a gateway workload of its
own, whose pods have the server beside the proxy, and what must be added to Istio's configuration.
For `kubectl apply --server-side`: some objects are too large for an annotation.
"""
KEYS = """\
THIS FILE HOLDS SECRETS: the clients' keys stand in the EnvoyFilter.
"""


def render(
    source: Source, made: Parts, limits: Sequence[Limit], domains: Sequence[str]
) -> Rendering:
    """All objects; raises ConfigError, Impossible."""
    pod.fixed(source.gateway)
    found = guest(source.gateway, made, limits, domains)
    head = HEAD + (KEYS if pod.keeps_keys(source.gateway) else "")
    things = objects(source, found, domains)
    return Rendering(documents(head, things), tuple(pod.warnings(source)))


def objects(source: Source, found: Guest, domains: Sequence[str]) -> Iterator[Json]:
    """What `kubectl apply` takes."""
    namespace, gateway = source.namespace, source.gateway
    yield named("v1", "ServiceAccount", namespace)
    yield named("v1", "ConfigMap", namespace, data=pod.settings(source))
    yield named("apps/v1", "Deployment", namespace, spec=_deployment(source))
    yield named("v1", "Service", namespace, spec=_service())
    yield named("networking.istio.io/v1", "Gateway", namespace, spec=_gateway(domains))
    for number, spec in enumerate(_outside(gateway), 1):
        entry = named("networking.istio.io/v1", "ServiceEntry", namespace, spec=spec)
        yield suffixed(entry, f"provider-{number}")
    for suffix, patches in patches_of(gateway, found).items():
        spec = {"workloadSelector": {"labels": LABELS}, "configPatches": patches}
        patch = named("networking.istio.io/v1alpha3", "EnvoyFilter", namespace, spec=spec)
        yield suffixed(patch, suffix)


def patches_of(gateway: Gateway, found: Guest) -> dict[str, list[Json]]:
    """By what they are for, so that no object grows too large."""
    limit = {"per_connection_buffer_limit_bytes": gateway.envoy.max_body_bytes}
    replies = {
        "@type": f"{MANAGER}.HttpConnectionManager",
        "local_reply_config": found.replies,
        # Items of a list are added to those that are there.
        **({"access_log": found.refusals} if found.refusals else {}),
    }
    filters = [
        _patch("HTTP_FILTER", "INSERT_BEFORE", one, _before_router()) for one in found.filters
    ]
    listeners = [_patch("LISTENER", "ADD", one) for one in found.inner]
    return {
        "clusters": [_patch("CLUSTER", "ADD", one) for one in found.clusters],
        "filters": [_patch("LISTENER", "MERGE", limit), *listeners, *filters],
        "replies": [
            _patch("NETWORK_FILTER", "MERGE", {"name": HCM, "typed_config": replies}, _hcm())
        ],
        "routes": [_patch("VIRTUAL_HOST", "ADD", found.host)],
    }


def _patch(place: str, operation: str, value: Json, match: Json | None = None) -> Json:
    return {
        "applyTo": place,
        "match": {"context": "GATEWAY", **(match or {})},
        "patch": {"operation": operation, "value": value},
    }


def _hcm() -> Json:
    return {"listener": {"filterChain": {"filter": {"name": HCM}}}}


def _before_router() -> Json:
    """Each one goes there, so that they end up in their order."""
    chosen = {"name": HCM, "subFilter": {"name": ROUTER}}
    return {"listener": {"filterChain": {"filter": chosen}}}


def _deployment(source: Source) -> Json:
    # What Istio's injector makes of it:
    # https://istio.io/latest/docs/setup/additional-setup/gateway/#deploying-a-gateway
    injected = {
        "annotations": {"inject.istio.io/templates": "gateway"},
        "labels": {**LABELS, "sidecar.istio.io/inject": "true"},
    }
    return {
        "replicas": 2,
        "selector": selector(),
        "template": {"metadata": injected, "spec": _pod(source)},
    }


def _pod(source: Source) -> Json:
    proxy = {"name": "istio-proxy", "image": "auto"}
    return {
        "serviceAccountName": NAME,
        "securityContext": {"fsGroup": USER, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": 2 * pod.grace(source.gateway) + 10,
        "initContainers": [pod.server(source, USER)],
        "containers": [{**proxy, "volumeMounts": [pod.sockets_mount(source.gateway)]}],
        "volumes": pod.volumes(),
    }


def _service() -> Json:
    port = {"name": "http", "port": 80, "targetPort": PORT}
    return {"type": "LoadBalancer", "selector": LABELS, "ports": [port]}


def _gateway(domains: Sequence[str]) -> Json:
    port = {"number": 80, "name": "http", "protocol": "HTTP"}
    return {"selector": LABELS, "servers": [{"port": port, "hosts": [*domains]}]}


def _outside(gateway: Gateway) -> Iterator[Json]:
    """What the gateway talks to, for this namespace to know."""
    found = {place(one): None for one in gateway.backends.values()}
    for where in found:
        protocol = "TLS" if where.secure else "HTTP"
        yield {
            "hosts": [where.host],
            "location": "MESH_EXTERNAL",
            "resolution": "DNS",
            "ports": [{"number": where.port, "name": protocol.lower(), "protocol": protocol}],
            "exportTo": ["."],
        }
