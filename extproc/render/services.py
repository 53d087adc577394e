"""The clusters of our own server: the ext_proc workers and the rate limit service."""

from collections.abc import Iterable

import msgspec
from envoy_data_plane.envoy.config.cluster.v3 import (
    Cluster,
    ClusterDiscoveryType,
    ClusterLbPolicy,
    OutlierDetection,
)
from envoy_data_plane.envoy.config.core.v3 import (
    Address,
    HealthCheck,
    HealthCheckGrpcHealthCheck,
    Http2ProtocolOptions,
    KeepaliveSettings,
    TransportSocket,
)
from envoy_data_plane.envoy.config.endpoint.v3 import (
    ClusterLoadAssignment,
    Endpoint,
    LbEndpoint,
    LocalityLbEndpoints,
)
from envoy_data_plane.envoy.extensions.upstreams.http.v3 import (
    HttpProtocolOptions,
    HttpProtocolOptionsExplicitHttpConfig,
)

from extproc.config.backend import BackendTls
from extproc.config.process import Extproc
from extproc.config.sockets import limiter_socket, worker_sockets, xds_socket
from extproc.render import tls
from extproc.render.clusters import HTTP_OPTIONS, bounds
from extproc.render.ext_proc import SERVER_CLUSTER
from extproc.render.typed import UNBOUNDED, packed, pipe, seconds, socket
from extproc.render.upstream import Place

LIMITER_CLUSTER = "ratelimit"
XDS_CLUSTER = "xds"

LARGEST_WINDOW = 2**31 - 1
"""RFC 9113, section 6.9.1."""


def server_cluster(settings: Extproc) -> Cluster:
    """The ext_proc workers, one socket each."""
    return _cluster(SERVER_CLUSTER, worker_sockets(settings))


def limiter_cluster(settings: Extproc) -> Cluster:
    """The rate limit service in the same server."""
    return _cluster(LIMITER_CLUSTER, [limiter_socket(settings)])


class Elsewhere(msgspec.Struct, frozen=True):
    """A server on another machine, which tells Envoy its configuration."""

    host: str
    port: int
    ca: str = ""
    """A file of the authorities of its certificate, on Envoy's machine; empty: no TLS."""
    certificate: str = ""
    key: str = ""
    """Files by which Envoy shows who it is."""


def xds_cluster(settings: Extproc, elsewhere: Elsewhere | None = None) -> Cluster:
    """Who tells Envoy its configuration; asked again and again while nobody answers."""
    cluster = Cluster(
        name=XDS_CLUSTER,
        type=ClusterDiscoveryType.STATIC,
        connect_timeout=seconds(0.5),
        load_assignment=_assigned(XDS_CLUSTER, [pipe(xds_socket(settings))]),
        typed_extension_protocol_options={HTTP_OPTIONS: packed(_http2())},
    )
    if elsewhere is not None:
        address = socket(elsewhere.host, elsewhere.port)
        cluster.type = ClusterDiscoveryType.STRICT_DNS
        cluster.connect_timeout = seconds(5)
        cluster.load_assignment = _assigned(XDS_CLUSTER, [address])
        cluster.transport_socket = _secured(elsewhere) if elsewhere.ca else None
    return cluster


def _secured(elsewhere: Elsewhere) -> TransportSocket:
    said = BackendTls(
        ca=elsewhere.ca, certificate=elsewhere.certificate or None, key=elsewhere.key or None
    )
    where = Place(host=elsewhere.host, port=elsewhere.port, secure=True)
    return tls.client_side(where, said, ca=elsewhere.ca, http2=True)


def _assigned(name: str, addresses: Iterable[Address]) -> ClusterLoadAssignment:
    endpoints = [LbEndpoint(endpoint=Endpoint(address=one)) for one in addresses]
    return ClusterLoadAssignment(
        cluster_name=name, endpoints=[LocalityLbEndpoints(lb_endpoints=endpoints)]
    )


def _cluster(name: str, paths: list[str]) -> Cluster:
    return Cluster(
        name=name,
        type=ClusterDiscoveryType.STATIC,
        connect_timeout=seconds(0.5),
        per_connection_buffer_limit_bytes=UNBOUNDED,
        lb_policy=ClusterLbPolicy.LEAST_REQUEST,
        load_assignment=_assigned(name, map(pipe, paths)),
        health_checks=[_health_check()],
        outlier_detection=_refused(),
        circuit_breakers=bounds(),
        typed_extension_protocol_options={HTTP_OPTIONS: packed(_http2())},
    )


def _health_check() -> HealthCheck:
    """A worker that died or drains gets no more streams within a second, a new one at once."""
    return HealthCheck(
        timeout=seconds(1),
        interval=seconds(1),
        no_traffic_interval=seconds(1),
        unhealthy_interval=seconds(0.25),
        unhealthy_threshold=1,
        healthy_threshold=1,
        grpc_health_check=HealthCheckGrpcHealthCheck(),
    )


def _refused() -> OutlierDetection:
    """A worker that takes no connection is asked again a second later, and no sooner."""
    return OutlierDetection(
        split_external_local_origin_errors=True,
        consecutive_local_origin_failure=1,
        enforcing_consecutive_local_origin_failure=100,
        enforcing_local_origin_success_rate=0,
        consecutive_gateway_failure=0,
        enforcing_success_rate=0,
        interval=seconds(0.25),
        base_ejection_time=seconds(0.5),
        max_ejection_time=seconds(1),
        max_ejection_percent=99,
    )


def _http2() -> HttpProtocolOptions:
    """HTTP/2 whose send buffers never report that they are full.

    A body that fills them while the provider's connection is still being made ends Envoy 1.40: the
    ext_proc filter before a provider passes the report on to an upstream that does not exist yet
    (segmentation fault, tried with 40 MB). The bodies are in Envoy's memory anyway.
    """
    return HttpProtocolOptions(
        explicit_http_config=HttpProtocolOptionsExplicitHttpConfig(
            http2_protocol_options=Http2ProtocolOptions(
                initial_stream_window_size=LARGEST_WINDOW,
                initial_connection_window_size=LARGEST_WINDOW,
                # By default, 10,000 frames that wait for a slow worker end all of its streams.
                max_outbound_frames=LARGEST_WINDOW,
                connection_keepalive=KeepaliveSettings(interval=seconds(30), timeout=seconds(20)),
            )
        )
    )
