"""The clusters of providers: weights and priorities, TLS, DNS, health and bounds."""

from collections.abc import Collection, Iterable

from envoy_data_plane.envoy.config.cluster.v3 import (
    CircuitBreakers,
    CircuitBreakersThresholds,
    CircuitBreakersThresholdsRetryBudget,
    Cluster,
    ClusterCommonLbConfig,
    ClusterCommonLbConfigLocalityWeightedLbConfig,
    ClusterCustomClusterType,
    ClusterLbPolicy,
    ClusterTransportSocketMatch,
    LoadBalancingPolicy,
    LoadBalancingPolicyPolicy,
    OutlierDetection,
    UpstreamConnectionOptions,
)
from envoy_data_plane.envoy.config.common.mutation_rules.v3 import (
    HeaderMutation as Mutation,
)
from envoy_data_plane.envoy.config.common.mutation_rules.v3 import HeaderMutationRemoveOnMatch
from envoy_data_plane.envoy.config.core.v3 import (
    HealthStatus,
    Http1ProtocolOptions,
    Http2ProtocolOptions,
    Locality,
    TcpKeepalive,
    TransportSocket,
    TypedExtensionConfig,
)
from envoy_data_plane.envoy.config.endpoint.v3 import (
    ClusterLoadAssignment,
    Endpoint,
    LbEndpoint,
    LocalityLbEndpoints,
)
from envoy_data_plane.envoy.extensions.clusters.common.dns.v3 import DnsLookupFamily
from envoy_data_plane.envoy.extensions.clusters.dns.v3 import DnsCluster, DnsClusterRefreshRate
from envoy_data_plane.envoy.extensions.filters.http.header_mutation.v3 import (
    HeaderMutation,
    Mutations,
)
from envoy_data_plane.envoy.extensions.filters.http.upstream_codec.v3 import UpstreamCodec
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpFilter
from envoy_data_plane.envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3 import (  # noqa: E501  (its name)
    ClientSideWeightedRoundRobin,
)
from envoy_data_plane.envoy.extensions.network.dns_resolver.cares.v3 import CaresDnsResolverConfig
from envoy_data_plane.envoy.extensions.upstreams.http.v3 import (
    HttpProtocolOptions,
    HttpProtocolOptionsAutoHttpConfig,
    HttpProtocolOptionsExplicitHttpConfig,
)
from envoy_data_plane.envoy.type.matcher.v3 import StringMatcher
from envoy_data_plane.envoy.type.v3 import Percent
from envoy_data_plane.google.protobuf import Struct

from extproc import NAMESPACE
from extproc.config.backend import Backend
from extproc.config.gateway import Gateway
from extproc.config.process import Extproc, RetryBudget
from extproc.exchange.compile import fans_out, is_pooled, merges
from extproc.exchange.loading import LONGEST
from extproc.exchange.reserved import may_move
from extproc.render import proxies, tls
from extproc.render.ext_proc import before_provider
from extproc.render.typed import UNBOUNDED, http_filter, idle, metadata, packed, seconds, socket
from extproc.render.upstream import Group, Member, Place, client_keys_of, place

HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
IDLE = 60.0
"""Seconds after which an unused connection is closed, before most providers do it."""

POLICIES = {
    "weighted": ClusterLbPolicy.LEAST_REQUEST,
    "round_robin": ClusterLbPolicy.ROUND_ROBIN,
    "least_request": ClusterLbPolicy.LEAST_REQUEST,
    "random": ClusterLbPolicy.RANDOM,
    "latency": ClusterLbPolicy.ROUND_ROBIN,
    "hash": ClusterLbPolicy.RING_HASH,
}
HEARD = 2.0
"""Seconds for which an address is listened to before it gets more or fewer requests than others."""
UNMARKED = "ai.unmarked"

BY_BACKEND = frozenset({"weighted", "hash"})
"""Policies by which a backend's share is the same, however many addresses it has."""


def provider_cluster(  # noqa: PLR0913  (each is a part of what is rendered)
    gateway: Gateway,
    name: str,
    group: Group,
    *,
    ca: str,
    limited: bool,
    lacking: Collection[str] = (),
) -> Cluster:
    """One cluster with all backends of a route.

    `ca` is the file of the system's authorities; `limited`: the gateway has limits of its own;
    `lacking` are backends that are not to be asked now.
    """
    members = group.members
    backends = {member.backend: gateway.backends[member.backend] for member in members}
    places = {backend: place(settings) for backend, settings in backends.items()}
    # Envoy chooses the protocol by ALPN only where every connection of the cluster is TLS.
    # A WebSocket begins with an upgrade, which HTTP/2 knows only by an extension (RFC 8441).
    talks = name.startswith("ws/")
    secure = all(where.secure for where in places.values())
    http2 = secure and not talks
    chosen = [backends[group.only]] if group.only else [*backends.values()]
    several = len(backends) > 1
    transports = [
        _transport(gateway.extproc, backends[b], places[b], ca, http2=http2) for b in backends
    ]
    return Cluster(
        name=name,
        cluster_type=dns(gateway),
        connect_timeout=seconds(_connect_timeout(gateway, chosen)),
        per_connection_buffer_limit_bytes=gateway.envoy.max_body_bytes,
        lb_policy=POLICIES[group.policy],
        load_balancing_policy=_by_pace() if group.policy == "latency" else None,
        common_lb_config=_choice(group),
        load_assignment=ClusterLoadAssignment(
            cluster_name=name,
            endpoints=_able(
                [
                    _endpoints(
                        member, _address(gateway, member.backend), places[member.backend], group
                    )
                    for member in members
                ],
                () if group.only else lacking,
            ),
        ),
        # With several, the first one only shows Envoy that all can do ALPN.
        transport_socket=transports[0] if secure else None,
        transport_socket_matches=[*map(_socket_match, backends, transports)] if several else [],
        typed_extension_protocol_options={
            HTTP_OPTIONS: packed(
                _http_options(
                    _filters(gateway, group, limited=limited),
                    _idle(chosen),
                    secure=http2,
                )
            )
        },
        circuit_breakers=bounds(_max_in_flight(chosen), gateway.envoy.retry_budget),
        # Who is to be asked alone is, for Envoy asks nobody else where there is nobody.
        outlier_detection=None if group.only else _outliers(chosen),
        upstream_connection_options=UpstreamConnectionOptions(tcp_keepalive=_keepalive()),
    )


def proxy_clusters(gateway: Gateway, ca: str) -> list[Cluster]:
    """One for each proxy."""
    return [
        Cluster(
            name=proxies.cluster_name(code),
            cluster_type=dns(gateway),
            connect_timeout=seconds(gateway.envoy.timeouts.connect),
            load_assignment=proxies.endpoints(proxies.cluster_name(code), proxy),
            transport_socket=proxies.transport(proxy, ca),
            circuit_breakers=bounds(),
            upstream_connection_options=UpstreamConnectionOptions(tcp_keepalive=_keepalive()),
        )
        for code, (_, proxy) in proxies.proxies_of(gateway).items()
    ]


def bounds(max_requests: int = UNBOUNDED, retries: RetryBudget | None = None) -> CircuitBreakers:
    """Envoy's own are 1,024 requests and 3 retries at a time."""
    budget = CircuitBreakersThresholdsRetryBudget()
    if retries is not None:
        budget.budget_percent = Percent(value=retries.percent)
        budget.min_retry_concurrency = retries.least
    return CircuitBreakers(
        thresholds=[
            CircuitBreakersThresholds(
                max_connections=UNBOUNDED,
                max_pending_requests=max_requests,
                max_requests=max_requests,
                max_retries=UNBOUNDED,
                retry_budget=budget if retries else None,
            )
        ]
    )


def _largest(values: Iterable[float | None], default: float) -> float:
    return max((value for value in values if value is not None), default=default)


def _connect_timeout(gateway: Gateway, backends: Iterable[Backend]) -> float:
    """Envoy has one for a cluster: the most patient backend's."""
    return _largest((b.timeouts.connect for b in backends), gateway.envoy.timeouts.connect)


def _idle(backends: Iterable[Backend]) -> float:
    return _largest((b.timeouts.idle for b in backends), IDLE)


def _max_in_flight(backends: Iterable[Backend]) -> int:
    """Envoy counts requests for a cluster: the sum, if every backend in it has a bound."""
    given = [backend.max_in_flight for backend in backends]
    return sum(n for n in given if n) if all(given) else UNBOUNDED


def _choice(group: Group) -> ClusterCommonLbConfig:
    """Where localities have weights, a backend's share is its own; else its addresses'."""
    shares = ClusterCommonLbConfigLocalityWeightedLbConfig()
    return ClusterCommonLbConfig(
        healthy_panic_threshold=Percent(value=0),
        locality_weighted_lb_config=shares if group.policy in BY_BACKEND else None,
    )


def _by_pace() -> LoadBalancingPolicy:
    """Addresses by what the server says of them, in the place of `lb_policy`."""
    found = ClientSideWeightedRoundRobin(
        blackout_period=seconds(HEARD), weight_update_period=seconds(1)
    )
    extension = TypedExtensionConfig(
        name="envoy.load_balancing_policies.client_side_weighted_round_robin",
        typed_config=packed(found),
    )
    policies = [LoadBalancingPolicyPolicy(typed_extension_config=extension)]
    return LoadBalancingPolicy(policies=policies)


def _address(gateway: Gateway, name: str) -> str:
    """What Envoy resolves; a proxy resolves by itself."""
    backend = gateway.backends[name]
    return proxies.stand_in(gateway, name) if backend.proxy else place(backend).host


def _endpoints(member: Member, address: str, where: Place, group: Group) -> LocalityLbEndpoints:
    """A locality of its own for each backend: its weight holds, however many addresses it has."""
    # Envoy hashes an endpoint's address, unless its metadata say what else.
    aside = group.only not in ("", member.backend)
    key = {"envoy.lb": {"hash_key": member.backend}} if group.sticky_to == "backend" else {}
    return LocalityLbEndpoints(
        # Who is never asked there only keeps its priority, and is no address of anybody's.
        locality=Locality(zone="" if aside else group.said(member)),
        priority=member.priority,
        load_balancing_weight=member.weight,
        lb_endpoints=[
            LbEndpoint(
                health_status=HealthStatus.UNHEALTHY if aside else HealthStatus.UNKNOWN,
                endpoint=Endpoint(
                    address=socket(address, where.port), hostname=proxies.name_of(where)
                ),
                load_balancing_weight=None if group.policy in BY_BACKEND else member.weight,
                metadata=metadata(
                    {
                        NAMESPACE: {"backend": group.said(member)},
                        "envoy.transport_socket_match": {"backend": member.backend},
                        **key,
                    }
                ),
            )
        ],
    )


def _able(
    endpoints: list[LocalityLbEndpoints], lacking: Collection[str]
) -> list[LocalityLbEndpoints]:
    """All but those of `lacking`; where all are, the server says better what is amiss."""
    names = {each.locality.zone for each in endpoints if each.locality}
    for each in endpoints if names - {*lacking} else ():
        if each.locality and each.locality.zone in lacking:
            for one in each.lb_endpoints:
                one.health_status = HealthStatus.UNHEALTHY
    return endpoints


def _transport(
    settings: Extproc, backend: Backend, where: Place, ca: str, *, http2: bool
) -> TransportSocket:
    if not where.secure:
        return tls.plain_text()
    secure = tls.client_side(where, backend.tls, ca=ca, http2=http2)
    return secure if backend.proxy is None else proxies.through(secure, backend.proxy, settings)


def _socket_match(backend: str, transport: TransportSocket) -> ClusterTransportSocketMatch:
    return ClusterTransportSocketMatch(
        name=backend, match=Struct.from_dict({"backend": backend}), transport_socket=transport
    )


def _filters(gateway: Gateway, group: Group, *, limited: bool) -> list[HttpFilter]:
    """Answers pass them from the last to the first: the server still sees what is then removed."""
    backends = {member.backend for member in group.members}
    asking = before_provider(
        client_keys_of(gateway, backends),
        waiting(gateway, backends),
        several=len(backends) > 1,
        pooled=any(is_pooled(gateway.backends[name]) for name in backends),
        recorded=gateway.recorded,
        reserving=not group.shadow and may_move(gateway, backends),
    )
    limited = limited and not group.shadow
    return [
        *([http_filter("envoy.filters.http.header_mutation", _own_limits())] if limited else []),
        *([http_filter(UNMARKED, _unmarked())] if group.shadow else []),
        http_filter("envoy.filters.http.ext_proc", asking),
        http_filter("envoy.filters.http.upstream_codec", UpstreamCodec()),
    ]


def waiting(gateway: Gateway, backends: Collection[str]) -> float:
    """Seconds for which the server may wait for others before it replies."""
    settings = gateway.extproc
    listing = {name for names in merges(gateway).values() for name in names}
    parted = any(name in listing or fans_out(gateway.backends[name]) for name in backends)
    fetching = settings.fetch.timeout if settings.fetch else 0
    loading = any(gateway.backends[name].openai_batches for name in backends)
    calling = settings.side_calls.timeout if parted else 0
    return max(fetching + calling, LONGEST if loading else 0)


def _own_limits() -> HeaderMutation:
    """The provider's x-ratelimit headers would be taken for those of the gateway's limits."""
    theirs = HeaderMutationRemoveOnMatch(key_matcher=StringMatcher(prefix="x-ratelimit-"))
    return HeaderMutation(
        mutations=Mutations(response_mutations=[Mutation(remove_on_match=theirs)])
    )


def _unmarked() -> HeaderMutation:
    """Envoy says of a copy that it comes from itself, and nobody else may take that off."""
    marks = ("x-envoy-internal", "x-forwarded-for")
    return HeaderMutation(
        mutations=Mutations(request_mutations=[Mutation(remove=name) for name in marks])
    )


def _http_options(
    filters: list[HttpFilter], idle_timeout: float, *, secure: bool
) -> HttpProtocolOptions:
    options = HttpProtocolOptions(
        common_http_protocol_options=idle(idle_timeout), http_filters=filters
    )
    if secure:
        options.auto_config = HttpProtocolOptionsAutoHttpConfig(
            http_protocol_options=Http1ProtocolOptions(),
            http2_protocol_options=Http2ProtocolOptions(),
        )
    else:
        options.explicit_http_config = HttpProtocolOptionsExplicitHttpConfig(
            http_protocol_options=Http1ProtocolOptions()
        )
    return options


def _outliers(backends: Iterable[Backend]) -> OutlierDetection:
    """Envoy has them for a cluster: the most patient backend's."""
    all_of_them = [backend.ejection for backend in backends]
    return OutlierDetection(
        consecutive_gateway_failure=max(each.after for each in all_of_them),
        enforcing_consecutive_gateway_failure=100,
        interval=seconds(1),
        base_ejection_time=seconds(min(each.first for each in all_of_them)),
        max_ejection_time=seconds(min(each.most for each in all_of_them)),
        # All but one: a backend that stands alone is never put aside.
        max_ejection_percent=99,
        # Rates need traffic to mean anything; consecutive failures do not.
        enforcing_success_rate=0,
    )


def _keepalive() -> TcpKeepalive:
    """A connection that a firewall has forgotten is found before a request waits on it."""
    return TcpKeepalive(keepalive_time=60, keepalive_interval=10, keepalive_probes=3)


def dns(gateway: Gateway) -> ClusterCustomClusterType:
    """Every address that a name has is an endpoint of its own."""
    settings = gateway.envoy.dns
    # A name server that does not answer must not hold up Envoy's start for half a minute.
    resolver = CaresDnsResolverConfig(query_timeout_seconds=2, query_tries=2)
    config = DnsCluster(
        dns_lookup_family=DnsLookupFamily[settings.family.upper()],
        dns_refresh_rate=seconds(settings.refresh),
        dns_failure_refresh_rate=DnsClusterRefreshRate(
            base_interval=seconds(1), max_interval=seconds(10)
        ),
        respect_dns_ttl=True,
        typed_dns_resolver_config=TypedExtensionConfig(
            name="envoy.network.dns_resolver.cares", typed_config=packed(resolver)
        ),
    )
    return ClusterCustomClusterType(name="envoy.clusters.dns", typed_config=packed(config))
