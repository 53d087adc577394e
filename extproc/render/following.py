"""Where each attempt of a request may have a cluster of its own.

After a failure it is that of the backend which the server has named (`retry.lossless`), or which
the client has (`balance.client_order`): Envoy looks anew for each attempt.
"""

from typing import Any

from betterproto2 import Message
from envoy_data_plane.envoy.config.core.v3 import TypedExtensionConfig
from envoy_data_plane.envoy.config.route.v3 import ClusterSpecifierPlugin
from envoy_data_plane.envoy.extensions.router.cluster_specifiers.matcher.v3 import (
    ClusterAction,
    MatcherClusterSpecifier,
)
from envoy_data_plane.envoy.type.matcher.v3 import HttpRequestHeaderMatchInput
from envoy_data_plane.xds.core.v3 import TypedExtensionConfig as Extension
from envoy_data_plane.xds.type.matcher.v3 import (
    Matcher,
    MatcherMatcherTree,
    MatcherMatcherTreeMatchMap,
    MatcherOnMatch,
)

from extproc.config.gateway import Gateway
from extproc.config.route import Route
from extproc.exchange.lossless import NEXT
from extproc.render.priority_group import (
    ClusterWeight,
    PriorityGroup,
    PriorityGroupClusterSpecifier,
)
from extproc.render.typed import Json, packed
from extproc.render.upstream import cluster_name, each, group

NOWHERE = "ai/nobody"
"""There is no such cluster, and so a 503."""
ORDER = "ai.order"
"""Dynamic metadata in which the finder says whom the client has named."""
ORDERED = "order"
"""Metadata of a route, for the finder: whom a client may name; how many at the most beside it."""
MOST = "most"
LONGEST = 10
"""Names in a client's order: as many as a route may have attempts."""


def counts(gateway: Gateway) -> bool:
    """Whether the server must know which attempt it sees."""
    return any(route.lossless for route in gateway.routes)


def leading(route: Route) -> dict[str, Any]:
    """How a route says where requests go; by number, Envoy looks anew each time."""
    usual = cluster_name(group(route))
    if route.ordered:
        return _plugin(ORDER, _groups(route, usual))
    if not route.lossless:
        return {"cluster": usual}
    places = [NOWHERE, *map(cluster_name, each(route))]
    numbers = {str(number): _to(name) for number, name in enumerate(places)}
    matcher = Matcher(
        matcher_tree=MatcherMatcherTree(
            input=Extension(
                name=NEXT, typed_config=packed(HttpRequestHeaderMatchInput(header_name=NEXT))
            ),
            exact_match_map=MatcherMatcherTreeMatchMap(map=numbers),
        ),
        on_no_match=_to(usual),
    )
    return _plugin(NEXT, MatcherClusterSpecifier(cluster_matcher=matcher))


def ordered(gateway: Gateway) -> bool:
    """Whether any route heeds a client's order; the finder does not look for one otherwise."""
    return any(route.ordered for route in gateway.routes)


def nameable(route: Route) -> Json:
    """What a route tells the finder of that."""
    if not route.ordered:
        return {}
    most = LONGEST if route.retry.attempts is None else route.attempts
    return {ORDERED: [entry.backend for entry in route.backends], MOST: most}


def _groups(route: Route, usual: str) -> PriorityGroupClusterSpecifier:
    """Without a client's order all attempts are the usual cluster's, for whom it names, theirs."""
    found = [_named(usual, usual)] * route.attempts
    entries = zip(route.backends, each(route), strict=True)
    found += [_named(entry.backend, cluster_name(one)) for entry, one in entries]
    return PriorityGroupClusterSpecifier(priority_groups=found, override_metadata_namespace=ORDER)


def _named(name: str, cluster: str) -> PriorityGroup:
    return PriorityGroup(name=name, clusters=[ClusterWeight(cluster_name=cluster, weight=1)])


def _plugin(name: str, config: Message) -> dict[str, Any]:
    plugin = TypedExtensionConfig(name=name, typed_config=packed(config))
    return {"inline_cluster_specifier_plugin": ClusterSpecifierPlugin(extension=plugin)}


def _to(cluster: str) -> MatcherOnMatch:
    action = ClusterAction(cluster=cluster)
    return MatcherOnMatch(action=Extension(name=cluster, typed_config=packed(action)))
