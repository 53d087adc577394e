"""Copies of a route's requests, which Envoy sends to another cluster and whose answers it drops."""

from envoy_data_plane.envoy.config.core.v3 import RuntimeFractionalPercent
from envoy_data_plane.envoy.config.route.v3 import RouteActionRequestMirrorPolicy
from envoy_data_plane.envoy.type.v3 import FractionalPercent, FractionalPercentDenominatorType

from extproc.config.route import Route
from extproc.render.upstream import cluster_name, copied

WHOLE = 1_000_000
"""A hundred percent."""


def mirrors(route: Route) -> list[RouteActionRequestMirrorPolicy]:
    """Who gets copies of the route's requests, and of how many."""
    shadow = route.shadow
    if shadow is None:
        return []
    share = FractionalPercent(
        numerator=round(shadow.percent / 100 * WHOLE),
        denominator=FractionalPercentDenominatorType.MILLION,
    )
    return [
        RouteActionRequestMirrorPolicy(
            cluster=cluster_name(copied(shadow)),
            runtime_fraction=RuntimeFractionalPercent(default_value=share),
            disable_shadow_host_suffix_append=True,
        )
    ]
