"""Where a failed attempt is followed by one at the backend that the server has named."""

from typing import Any

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
from extproc.render.typed import packed
from extproc.render.upstream import cluster_name, each, group

NOWHERE = "ai/nobody"
"""There is no such cluster, and so a 503."""


def counts(gateway: Gateway) -> bool:
    """Whether the server must know which attempt it sees."""
    return any(route.lossless for route in gateway.routes)


def leading(route: Route) -> dict[str, Any]:
    """How a route says where requests go; by number, Envoy looks anew each time."""
    usual = cluster_name(group(route))
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
    plugin = TypedExtensionConfig(
        name=NEXT, typed_config=packed(MatcherClusterSpecifier(cluster_matcher=matcher))
    )
    return {"inline_cluster_specifier_plugin": ClusterSpecifierPlugin(extension=plugin)}


def _to(cluster: str) -> MatcherOnMatch:
    action = ClusterAction(cluster=cluster)
    return MatcherOnMatch(action=Extension(name=cluster, typed_config=packed(action)))
