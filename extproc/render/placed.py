"""The gateway as one filter of somebody's listener: the server chooses the backend by itself.

So each backend has a cluster of its own, which asks nobody, and a header leads there.
"""

from collections.abc import Sequence

from envoy_data_plane.envoy.config.route.v3 import (
    DirectResponseAction,
    HeaderMatcher,
    Route,
    RouteAction,
    RouteMatch,
)

from extproc.config.gateway import Gateway
from extproc.exchange.placing import MODEL_HEADER, SCHEME
from extproc.exchange.side import CLUSTER_HEADER
from extproc.render.clusters import HTTP_OPTIONS, provider_cluster, proxy_clusters, waiting
from extproc.render.ext_proc import choosing
from extproc.render.filters import EXT_PROC
from extproc.render.parts import Parts
from extproc.render.services import server_cluster
from extproc.render.tls import system_ca
from extproc.render.typed import Json, http_filter, plain, seconds
from extproc.render.upstream import Group, Member, asked_aside, cluster_name


def placed(gateway: Gateway, made: Parts, domains: Sequence[str]) -> Json:
    """The filter, the clusters and the routes, in the words of Envoy's bootstrap."""
    filter = http_filter(EXT_PROC, choosing(waiting(gateway, gateway.backends)))
    # The first one is for requests of the server's own, of which there are none here.
    inner = made.inner[bool(asked_aside(gateway)) :]
    return {
        "http_filters": [plain(filter)],
        "virtual_hosts": [_host(gateway, domains)],
        "clusters": [
            plain(server_cluster(gateway.extproc)),
            *(_cluster(gateway, *one) for one in alone(gateway).items()),
            *map(plain, proxy_clusters(gateway, system_ca())),
        ],
        **({"listeners": [*map(plain, inner)]} if inner else {}),
    }


def alone(gateway: Gateway) -> dict[str, Group]:
    """The clusters of the backends, by name."""
    groups = [Group((Member(0, backend, 1),)) for backend in gateway.backends]
    return {cluster_name(group): group for group in groups}


def _cluster(gateway: Gateway, name: str, group: Group) -> Json:
    """Of one backend, without the filter that asks the server there."""
    found = plain(provider_cluster(gateway, name, group, ca=system_ca(), limited=False))
    del found["typed_extension_protocol_options"][HTTP_OPTIONS]["http_filters"]
    return found


def _host(gateway: Gateway, domains: Sequence[str]) -> Json:
    """Envoy finds a route twice: before the filter, where any will do, and after it."""
    timeouts = gateway.envoy.timeouts
    to_backend = RouteAction(
        cluster_header=CLUSTER_HEADER,
        timeout=seconds(timeouts.request),
        idle_timeout=seconds(timeouts.stream_idle),
    )
    chosen = HeaderMatcher(name=CLUSTER_HEADER, present_match=True)
    found = [
        Route(
            match=RouteMatch(prefix="/", headers=[chosen]),
            route=to_backend,
            request_headers_to_remove=[CLUSTER_HEADER, MODEL_HEADER, SCHEME],
            request_body_buffer_limit=gateway.envoy.max_body_bytes,
        ),
        Route(match=RouteMatch(prefix="/"), direct_response=DirectResponseAction(status=404)),
    ]
    return {"name": "ai-gateway", "domains": [*domains], "routes": [plain(one) for one in found]}
