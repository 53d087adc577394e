"""Google Cloud: the pods of `kubernetes` on GKE, behind Google's own load balancer.

No callout of that load balancer: it sends bodies piece by piece alone, and a provider's path, host
and credentials are known when the whole body is (BodySendMode in
https://cloud.google.com/php/docs/reference/cloud-networkservices/latest, checked 2026-11).
"""

import math
from collections.abc import Iterator, Sequence

from extproc.config.gateway import Gateway
from extproc.render.places import kubernetes, pod
from extproc.render.places.objects import NAME, Rendering, documents, named
from extproc.render.places.pod import Source
from extproc.render.routes import HEALTH
from extproc.render.typed import Json

API, POLICIES = "gateway.networking.k8s.io/v1", "networking.gke.io/v1"
CLASS = "gke-l7-regional-external-managed"
"""An Envoy; the classic one is none."""
LONGEST = 2_147_483_647

HEAD = """\
The AI gateway on GKE, behind Google's load balancer. Made by `extproc render gcp` from
gateway.yaml. The Gateway takes plain HTTP: give its listener a certificate
(https://cloud.google.com/kubernetes-engine/docs/how-to/secure-gateway).
"""


def render(source: Source, domains: Sequence[str]) -> Rendering:
    """All objects; raises ConfigError, Impossible."""
    pod.check(source)
    things = [*kubernetes.objects(source), *_in_front(source, domains)]
    return Rendering(documents(HEAD, things), tuple(pod.warnings(source)))


def _in_front(source: Source, domains: Sequence[str]) -> Iterator[Json]:
    namespace, gateway = source.namespace, source.gateway
    listener = {"name": "http", "protocol": "HTTP", "port": 80}
    spec = {"gatewayClassName": CLASS, "listeners": [listener]}
    yield named(API, "Gateway", namespace, spec=spec)
    backend = {"name": NAME, "port": kubernetes.service_port(gateway)}
    route = {
        "parentRefs": [{"name": NAME}],
        "hostnames": [*domains],
        "rules": [{"backendRefs": [backend]}],
    }
    yield named(API, "HTTPRoute", namespace, spec=route)
    target = {"group": "", "kind": "Service", "name": NAME}
    policies = {"GCPBackendPolicy": _patient(gateway), "HealthCheckPolicy": _asked(gateway)}
    for kind, default in policies.items():
        yield named(POLICIES, kind, namespace, spec={"default": default, "targetRef": target})


def _patient(gateway: Gateway) -> Json:
    """Google's own patience ends after 30 s, in the middle of an answer."""
    longest = [route.timeouts.request or 0 for route in gateway.routes]
    seconds = math.ceil(max(gateway.envoy.timeouts.request, *longest, 0))
    draining = {"drainingTimeoutSec": min(pod.grace(gateway), 3_600)}
    return {"timeoutSec": min(seconds, LONGEST), "connectionDraining": draining}


def _asked(gateway: Gateway) -> Json:
    kind = "HTTPS" if gateway.listen.tls else "HTTP"
    check = {"port": gateway.listen.port, "requestPath": HEALTH}
    config = {"type": kind, f"{kind.lower()}HealthCheck": check}
    return {"checkIntervalSec": 5, "timeoutSec": 5, "config": config}
