"""Clients' tokens, which Envoy checks: the filters, and the cluster of whoever issues them."""

from collections.abc import Iterator

from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.config.core.v3 import DataSource, HttpUri
from envoy_data_plane.envoy.config.endpoint.v3 import (
    ClusterLoadAssignment,
    Endpoint,
    LbEndpoint,
    LocalityLbEndpoints,
)
from envoy_data_plane.envoy.config.rbac.v3 import Permission, Policy, Principal
from envoy_data_plane.envoy.config.rbac.v3 import Rbac as Rules
from envoy_data_plane.envoy.config.route.v3 import FilterConfig, HeaderMatcher, RouteMatch
from envoy_data_plane.envoy.extensions.filters.http.jwt_authn.v3 import (
    JwksAsyncFetch,
    JwtAuthentication,
    JwtClaimToHeader,
    JwtHeader,
    JwtProvider,
    JwtRequirement,
    RemoteJwks,
    RequirementRule,
)
from envoy_data_plane.envoy.extensions.filters.http.rbac.v3 import Rbac
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpFilter
from envoy_data_plane.google.protobuf import Any

from extproc.config.backend import BackendTls
from extproc.config.gateway import Gateway
from extproc.config.process import Clients
from extproc.config.tokens import Jwt
from extproc.exchange.compile import KEY_HEADERS
from extproc.exchange.proof import CLIENT
from extproc.ratelimit.descriptors import CLAIM_HEADER
from extproc.render import tls
from extproc.render.clusters import dns
from extproc.render.typed import http_filter, packed, seconds, socket
from extproc.render.upstream import place_of

API_KEY_AUTH = "envoy.filters.http.api_key_auth"
JWT_AUTHN = "envoy.filters.http.jwt_authn"
NAMED = "envoy.filters.http.rbac"
ISSUER = "issuer"
JWKS_CLUSTER = "jwks"
SCHEMES = ("Bearer ", "bearer ", "BEARER ")
PATIENCE = 5.0
"""Seconds for which the issuer's keys are waited for."""
ALL = RouteMatch(prefix="/")


def filters(jwt: Jwt) -> Iterator[HttpFilter]:
    """A token that its issuer has signed, and that names a client."""
    requires = JwtRequirement(provider_name=ISSUER)
    rule = RequirementRule(match=ALL, requires=requires)
    yield http_filter(JWT_AUTHN, JwtAuthentication(providers={ISSUER: _issuer(jwt)}, rules=[rule]))
    there = HeaderMatcher(name=CLIENT, present_match=True)
    named = Policy(permissions=[Permission(any=True)], principals=[Principal(header=there)])
    yield http_filter(NAMED, Rbac(rules=Rules(policies={"named": named})))


def _issuer(jwt: Jwt) -> JwtProvider:
    provider = JwtProvider(
        issuer=jwt.issuer,
        audiences=[*jwt.audiences],
        require_expiration=True,
        from_headers=[
            *(JwtHeader(name="authorization", value_prefix=scheme) for scheme in SCHEMES),
            *(JwtHeader(name=name) for name in KEY_HEADERS[1:]),
        ],
        claim_to_headers=[
            JwtClaimToHeader(header_name=header, claim_name=claim)
            for header, claim in _headers(jwt).items()
        ],
    )
    if jwt.jwks.uri is None:
        provider.local_jwks = DataSource(filename=jwt.jwks.file)
    else:
        uri = HttpUri(uri=jwt.jwks.uri, cluster=JWKS_CLUSTER, timeout=seconds(PATIENCE))
        provider.remote_jwks = RemoteJwks(
            http_uri=uri, async_fetch=JwksAsyncFetch(fast_listener=True)
        )
    return provider


def _headers(jwt: Jwt) -> dict[str, str]:
    return {CLIENT: jwt.name, **{CLAIM_HEADER + name: claim for name, claim in jwt.claims.items()}}


def own_headers(clients: Clients | None) -> tuple[str, ...]:
    """Headers that only a token's claims may set."""
    return () if clients is None or clients.jwt is None else tuple(_headers(clients.jwt))


def shows_tokens(gateway: Gateway) -> bool:
    """Whether clients show tokens instead of keys."""
    return gateway.clients is not None and gateway.clients.jwt is not None


AUTHENTICATING = (API_KEY_AUTH, JWT_AUTHN, NAMED)
"""The filters that let nobody unknown pass."""


def opened(gateway: Gateway) -> dict[str, Any]:
    """What a route says that is open to everybody."""
    names = AUTHENTICATING[1:] if shows_tokens(gateway) else AUTHENTICATING[:1]
    return {name: packed(FilterConfig(disabled=True)) for name in names}


def issuers(gateway: Gateway, *, ca: str) -> Iterator[Cluster]:
    """Where keys of issuers are fetched, if they are."""
    jwt = gateway.clients.jwt if gateway.clients else None
    if jwt is None or jwt.jwks.uri is None:
        return
    where = place_of(jwt.jwks.uri)
    endpoint = Endpoint(address=socket(where.host, where.port), hostname=where.host)
    trust = tls.client_side(where, BackendTls(), ca=ca, http2=False) if where.secure else None
    yield Cluster(
        name=JWKS_CLUSTER,
        cluster_type=dns(gateway),
        connect_timeout=seconds(PATIENCE),
        load_assignment=ClusterLoadAssignment(
            cluster_name=JWKS_CLUSTER,
            endpoints=[LocalityLbEndpoints(lb_endpoints=[LbEndpoint(endpoint=endpoint)])],
        ),
        transport_socket=trust,
    )
