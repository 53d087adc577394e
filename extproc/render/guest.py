"""The gateway as a guest in an Envoy that serves others, too: a virtual host, and filters for it.

Every filter is off but for requests to that host. They have names of their own, for what a route
says of a filter holds for all of the name.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from envoy_data_plane.envoy.config.accesslog.v3 import AccessLogFilter
from envoy_data_plane.envoy.config.common.mutation_rules.v3 import HeaderMutation as Mutation
from envoy_data_plane.envoy.config.route.v3 import FilterConfig
from envoy_data_plane.envoy.extensions.filters.http.header_mutation.v3 import (
    HeaderMutation,
    Mutations,
)
from envoy_data_plane.envoy.extensions.filters.http.set_metadata.v3 import (
    Config as SetMetadata,
)
from envoy_data_plane.envoy.extensions.filters.http.set_metadata.v3 import (
    Metadata as Values,
)
from envoy_data_plane.envoy.type.matcher.v3 import ValueMatcher

from extproc.config.gateway import Gateway
from extproc.exchange.side import CLUSTER_HEADER, SESSION_HEADER
from extproc.ratelimit.limit import Limit
from extproc.render.cors import NO_HEADER
from extproc.render.filters import ROUTER
from extproc.render.listener import own_headers
from extproc.render.parts import Parts, manager_of
from extproc.render.replies import metadata_is
from extproc.render.services import limiter_cluster, server_cluster
from extproc.render.typed import Json, http_filter, packed, plain, struct
from extproc.render.unasked import unasked

DOMAIN = "ai.example.com"
"""What an example is called (RFC 2606)."""

THEIRS, OURS = "envoy.filters.http.", "ai."
CLEANED = "ai.cleaned"
HERE = "ai.here"
GUEST_NAMESPACE = "ai.gateway"
"""Dynamic metadata that say whose a request is."""

ON: Json = {**plain(packed(FilterConfig())), "config": {}}
"""An Any without a type turns a filter on as it is; typed messages cannot hold one."""


class Guest(msgspec.Struct, frozen=True, eq=False):
    """Plain data, of which parts may be the same object."""

    filters: list[Json]
    """To stand before the router, in this order."""
    host: Json
    """The virtual host."""
    clusters: list[Json]
    replies: Json
    """`local_reply_config`."""
    anchors: dict[int, str]
    """Names for the parts of `replies` that stand in several places."""
    inner: list[Json]
    """Listeners that are nobody's but the gateway's, if there are any."""
    refusals: list[Json]
    """Access logs by which the server learns what Envoy answers by itself, if it wants to know."""


def guest(
    gateway: Gateway, made: Parts, limits: Sequence[Limit], domains: Sequence[str] = (DOMAIN,)
) -> Guest:
    """What an Envoy takes in that has `domains` served by the gateway."""
    filters = [*_first(own_headers(gateway)), *_own_filters(made)]
    replies, anchors = replies_of(made, _is_here())
    return Guest(
        filters=[{**one, "disabled": True} for one in filters],
        host=_host(made, filters, domains),
        clusters=[plain(one) for one in clusters(gateway, made, limits)],
        replies=replies,
        anchors=anchors,
        inner=[*map(plain, made.inner)],
        refusals=[plain(unasked(_is_here()))] if gateway.recorded else [],
    )


def clusters(gateway: Gateway, made: Parts, limits: Sequence[Limit]) -> Iterator[Any]:
    """The server's and the providers'."""
    yield server_cluster(gateway.extproc)
    if limits:
        yield limiter_cluster(gateway.extproc)
    yield from made.clusters


def _is_here() -> AccessLogFilter:
    return metadata_is(GUEST_NAMESPACE, "here", ValueMatcher(bool_match=True))


def ours(name: str) -> str:
    """The name of one of our filters where there may be others of its kind."""
    return f"{OURS}{name.removeprefix(THEIRS).removeprefix(OURS)}"


def _first(own: Sequence[str]) -> Iterator[Json]:
    """What a client says of itself is nothing, and from here on the request is known as ours."""
    removed = Mutations(request_mutations=[Mutation(remove=name) for name in own])
    yield plain(http_filter(CLEANED, HeaderMutation(mutations=removed)))
    here = Values(metadata_namespace=GUEST_NAMESPACE, value=struct({"here": True}))
    yield plain(http_filter(HERE, SetMetadata(metadata=[here])))


def _own_filters(made: Parts) -> Iterator[Json]:
    for one in manager_of(plain(made.listener))["http_filters"]:
        if one["name"] != ROUTER:
            yield {**one, "name": ours(one["name"])}


def _host(made: Parts, filters: Sequence[Json], domains: Sequence[str]) -> Json:
    """The host turns on what its listener would not have off."""
    (host,) = made.routes["virtual_hosts"]
    guarded: Json = _copied(host, _guarded)
    on = {one["name"]: ON for one in filters if not one.get("disabled")}
    own = guarded.get("typed_per_filter_config", {})
    return {
        **guarded,
        "name": "ai-gateway",
        "domains": [*domains],
        "typed_per_filter_config": {**on, **own},
    }


def _copied(value: Any, change: Callable[[Json], Json]) -> Any:
    """`value` with each object in it changed; what is one object in several places stays one."""
    known: dict[int, Any] = {}

    def copy(value: Any, change: Callable[[Json], Json]) -> Any:
        if not isinstance(value, dict | list):
            return value
        if id(value) not in known:
            known[id(value)] = (
                change({name: copy(child, within(name, change)) for name, child in value.items()})
                if isinstance(value, dict)
                else [copy(child, change) for child in value]
            )
        return known[id(value)]

    # The keys there are models, whatever they are called.
    def within(name: str, parent: Callable[[Json], Json]) -> Callable[[Json], Json]:
        return _as_it_is if name in ("map", "filter_context") and parent is change else change

    return copy(value, change)


def _as_it_is(value: Json) -> Json:
    return value


SET_HERE = {CLUSTER_HEADER, SESSION_HEADER}
"""Headers that only the finder sets; a listener of our own removes a client's before all else."""
FOUND: Json = {
    "filter": "ai.finder",
    "path": [{"key": "call"}],
    "value": {"present_match": True},
}


def _guarded(value: Json) -> Json:
    """A route that such a header leads to needs more: Envoy chooses the first before any filter."""
    if "match" in value:
        value = _route(value)
    for field in ("typed_per_filter_config", "filter_metadata"):
        if field in value:
            value = {**value, field: {ours(name): one for name, one in value[field].items()}}
    return value


def _route(route: Json) -> Json:
    match = route["match"]
    wanted = {one["name"] for one in match.get("headers", ())}
    if wanted & SET_HERE:
        return {**route, "match": {**match, "dynamic_metadata": [FOUND]}}
    names = route.get("route", {}).get("cluster_header")
    if names in (CLUSTER_HEADER, NO_HEADER):
        absent = {"name": names, "present_match": True, "invert_match": True}
        return {**route, "match": {**match, "headers": [*match.get("headers", ()), absent]}}
    return route


def replies_of(made: Parts, is_ours: AccessLogFilter) -> tuple[Json, dict[int, str]]:
    """Each says that it is for our requests alone; and the names of what they share."""
    here = plain(is_ours)
    mappers = [
        {**one, "filter": {"and_filter": {"filters": [here, one["filter"]]}}}
        for one in made.replies.config["mappers"]
    ]
    return {"mappers": mappers}, {id(here): "here", **made.replies.anchors}
