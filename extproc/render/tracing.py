"""Envoy's own spans: one for each request, above those of its attempts."""

from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.config.core.v3 import HttpService, HttpUri
from envoy_data_plane.envoy.config.endpoint.v3 import (
    ClusterLoadAssignment,
    Endpoint,
    LbEndpoint,
    LocalityLbEndpoints,
)
from envoy_data_plane.envoy.config.trace.v3 import OpenTelemetryConfig, TracingHttp
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    HttpConnectionManagerTracing,
)
from envoy_data_plane.envoy.type.tracing.v3 import CustomTag
from envoy_data_plane.envoy.type.v3 import Percent

from extproc.config.backend import BackendTls
from extproc.config.gateway import Gateway
from extproc.config.telemetry import Traces
from extproc.render import tls
from extproc.render.clusters import dns
from extproc.render.typed import packed, seconds, socket
from extproc.render.upstream import place_of

CLUSTER = "traces"
SERVICE = "envoy"
"""`service.name` of its spans."""
URL = "%REQ(:SCHEME)%://%REQ(:AUTHORITY)%%PATH(NQ)%"
"""Without its query, in which some clients put keys."""
PATIENCE = 5.0


def wanted(gateway: Gateway) -> Traces | None:
    """What is said of Envoy's spans; None: it makes none."""
    settings = gateway.telemetry.traces if gateway.telemetry else None
    return settings if settings is not None and settings.envoy else None


def tracing(gateway: Gateway) -> HttpConnectionManagerTracing | None:
    """What the connection manager is told of it.

    A request that names a trace decides by itself, as with the server's spans.
    """
    settings = wanted(gateway)
    if settings is None:
        return None
    uri = HttpUri(uri=settings.endpoint, cluster=CLUSTER, timeout=seconds(PATIENCE))
    tracer = OpenTelemetryConfig(http_service=HttpService(http_uri=uri), service_name=SERVICE)
    return HttpConnectionManagerTracing(
        provider=TracingHttp(name="envoy.tracers.opentelemetry", typed_config=packed(tracer)),
        custom_tags=[CustomTag(tag="http.url", value=URL)],
        random_sampling=Percent(value=settings.ratio * 100),
    )


def collector(gateway: Gateway, *, ca: str) -> Cluster | None:
    """Who takes them; `ca` is the file of the authorities that Envoy's machine trusts."""
    settings = wanted(gateway)
    if settings is None:
        return None
    place = place_of(settings.endpoint)
    endpoint = LbEndpoint(endpoint=Endpoint(address=socket(place.host, place.port)))
    return Cluster(
        name=CLUSTER,
        cluster_type=dns(gateway),
        connect_timeout=seconds(PATIENCE),
        load_assignment=ClusterLoadAssignment(
            cluster_name=CLUSTER, endpoints=[LocalityLbEndpoints(lb_endpoints=[endpoint])]
        ),
        transport_socket=(
            tls.client_side(place, BackendTls(), ca=ca, http2=False) if place.secure else None
        ),
    )
