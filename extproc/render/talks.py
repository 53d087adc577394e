"""The routes of sessions: WebSockets, which need connections of HTTP/1.1 and have no timeout."""

from collections.abc import Iterator, Sequence

import msgspec
from envoy_data_plane.envoy.config.route.v3 import (
    FilterConfig,
    HeaderMatcher,
    RouteAction,
    RouteActionClusterNotFoundResponseCode,
    RouteActionUpgradeConfig,
    RouteMatch,
)
from envoy_data_plane.envoy.config.route.v3 import Route as EnvoyRoute
from envoy_data_plane.envoy.extensions.filters.http.ext_proc.v3 import (
    ExtProcOverrides,
    ExtProcPerRoute,
)
from envoy_data_plane.envoy.type.matcher.v3 import RegexMatcher, StringMatcher
from envoy_data_plane.google.protobuf import Any

from extproc.config.gateway import Gateway
from extproc.config.route import Route
from extproc.exchange.compile import holds_sessions
from extproc.exchange.side import CLUSTER_HEADER, SESSION_HEADER
from extproc.render import sticky
from extproc.render.filters import HEARING
from extproc.render.matching import header_is
from extproc.render.retry import retry_policy
from extproc.render.typed import Json, packed, seconds
from extproc.render.unpacking import told
from extproc.render.upstream import Group, cluster_name, group

SILENCE = 3600.0
"""Seconds for which neither side need say anything; no vendor's sessions last longer."""

PLACES = r"(?:/openai)?(?:/v1)?/realtime/?|(?:/v1(?:beta)?)?/+ws/google\..*BidiGenerateContent.*"
"""RE2 expression of the paths where sessions may begin, near misses too."""


def talking(gateway: Gateway, route: Route) -> Group | None:
    """The backends of a route that hold sessions, if any do."""
    all_of_it = group(route)
    talks = [one for one in all_of_it.members if holds_sessions(gateway.backends[one.backend])]
    return msgspec.structs.replace(all_of_it, members=tuple(talks)) if talks else None


def session_cluster(group: Group) -> str:
    """The name of a cluster whose connections are HTTP/1.1."""
    return cluster_name(group).replace("ai/", "ws/", 1)


def session_clusters(gateway: Gateway) -> Iterator[tuple[str, Group]]:
    """Every cluster that sessions need."""
    for route in gateway.routes:
        talks = talking(gateway, route)
        if talks is not None:
            yield session_cluster(talks), talks


def session_route(gateway: Gateway, route: Route, limits: dict[str, Any]) -> list[EnvoyRoute]:
    """Where a route's sessions go, if it has any; `limits` are those of its filter."""
    talks = talking(gateway, route)
    if talks is None:
        return []
    action = RouteAction(
        cluster=session_cluster(talks),
        timeout=seconds(0),
        idle_timeout=seconds(max(gateway.envoy.timeouts.stream_idle, SILENCE)),
        retry_policy=retry_policy(gateway, route, marked=False),
        hash_policy=sticky.hashed(route.balance),
        upgrade_configs=WEBSOCKET,
    )
    there = HeaderMatcher(name=SESSION_HEADER, present_match=True)
    return [
        EnvoyRoute(
            match=RouteMatch(prefix="/", headers=[there]),
            route=action,
            metadata=told(sticky.asked(route.balance)),
            typed_per_filter_config={**limits, **HEARD},
        )
    ]


HEARD = {
    HEARING: packed(FilterConfig(config=packed(ExtProcPerRoute(overrides=ExtProcOverrides()))))
}
"""Switches the filter on that hears what providers say."""
WEBSOCKET = [RouteActionUpgradeConfig(upgrade_type="websocket")]


def door(before: str) -> EnvoyRoute:
    """Lets WebSockets in, and nothing else anywhere: Envoy decides that by the route that is first,
    before the finder has looked for another, and this one leads nowhere."""
    places = RegexMatcher(regex=f"{before}(?:{PLACES})")
    upgrade = StringMatcher(exact="websocket", ignore_case=True)
    return EnvoyRoute(
        match=RouteMatch(
            safe_regex=places, headers=[HeaderMatcher(name="upgrade", string_match=upgrade)]
        ),
        route=RouteAction(
            cluster_header=CLUSTER_HEADER,
            cluster_not_found_response_code=RouteActionClusterNotFoundResponseCode.NOT_FOUND,
            upgrade_configs=WEBSOCKET,
        ),
        typed_per_filter_config=HEARD,
    )


def apart(methods: Sequence[str], own: Json, otherwise: Json) -> Json:
    """`own` for these methods, unless the finder has found a session."""
    asked = {"or_matcher": {"predicate": [header_is(":method", method) for method in methods]}}
    none = {"not_matcher": header_is(SESSION_HEADER, "1")}
    predicate = {"and_matcher": {"predicate": [asked, none]}}
    matchers = [{"predicate": predicate, "on_match": own}]
    return {"matcher_list": {"matchers": matchers}, "on_no_match": otherwise}
