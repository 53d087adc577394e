"""The gateway as one filter of somebody's listener: the server chooses the backend by itself.

So each backend has a cluster of its own, which asks nobody, and a header leads there. All filters
are off but for the routes of `virtual_hosts`.
"""

from collections.abc import Iterator, Mapping, Sequence

from envoy_data_plane.envoy.config.listener.v3 import Listener
from envoy_data_plane.envoy.config.route.v3 import (
    DirectResponseAction,
    HeaderMatcher,
    QueryParameterMatcher,
    Route,
    RouteAction,
    RouteMatch,
)
from envoy_data_plane.envoy.extensions.filters.http.header_to_metadata.v3 import (
    Config as HeaderToMetadata,
)
from envoy_data_plane.envoy.extensions.filters.http.ratelimit.v3 import RateLimitPerRoute
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpFilter
from envoy_data_plane.envoy.type.matcher.v3 import RegexMatcher, StringMatcher, ValueMatcher

from extproc.config.gateway import Gateway
from extproc.exchange.compile import holds_sessions
from extproc.exchange.placing import MODEL_HEADER
from extproc.exchange.side import CLUSTER_HEADER, SCHEME, SESSION_HEADER, SESSIONS
from extproc.ratelimit.descriptors import DUE, KIND, USED, placed_limits
from extproc.ratelimit.limit import Limit
from extproc.render.clusters import HTTP_OPTIONS, provider_cluster, proxy_clusters, waiting
from extproc.render.ext_proc import choosing, hearing
from extproc.render.filters import (
    EXT_PROC,
    HEARING,
    MODEL_FINDER,
    RATELIMIT,
    limiting,
    noted,
    nothing_used,
    placed_finder,
)
from extproc.render.guest import CLEANED, GUEST_NAMESPACE, ON, ours, replies_of
from extproc.render.kept import keepers, signed_urls
from extproc.render.listener import own_headers
from extproc.render.parts import Parts, manager_of
from extproc.render.replies import metadata_is
from extproc.render.routes import health_route
from extproc.render.services import limiter_cluster, server_cluster
from extproc.render.side import loopback
from extproc.render.talks import SILENCE, WEBSOCKET, door
from extproc.render.tls import system_ca
from extproc.render.tokens import AUTHENTICATING, issuers
from extproc.render.typed import Json, http_filter, packed, plain, seconds
from extproc.render.upstream import Group, Member, asked_aside, cluster_name

KEY = "cleaned"
"""Of the metadata that say that a request is the gateway's."""
LOOKING = StringMatcher(safe_regex=RegexMatcher(regex="GET|HEAD"))
NO_LOOK = HeaderMatcher(name=":method", string_match=LOOKING, invert_match=True)


def placed(
    gateway: Gateway, made: Parts, limits: Sequence[Limit], domains: Sequence[str]
) -> tuple[Json, Mapping[int, str]]:
    """The filters, the clusters, the routes and the replies, in the words of Envoy's bootstrap; and
    names for what stands in several places of it."""
    replies, anchors = _replies(made, limits)
    filters = [{**one, "disabled": True} for one in _filters(gateway, made, limits)]
    aside = bool(asked_aside(gateway))
    # The first one has no filter that asks the server, for clusters do that elsewhere.
    inner = [*([_loopback(gateway, limits)] if aside else []), *made.inner[aside:]]
    document = {
        "http_filters": filters,
        "virtual_hosts": [_host(gateway, limits, domains, [one["name"] for one in filters])],
        "local_reply_config": replies,
        "clusters": [
            plain(server_cluster(gateway.extproc)),
            *([plain(limiter_cluster(gateway.extproc))] if limits else []),
            *(_cluster(gateway, *one) for one in alone(gateway).items()),
            *map(plain, proxy_clusters(gateway, system_ca())),
            *map(plain, issuers(gateway, ca=system_ca())),
        ],
        **({"listeners": [*map(plain, inner)]} if inner else {}),
    }
    return document, anchors


def unheeded(gateway: Gateway) -> Iterator[str]:
    """What gateway.yaml says and nobody heeds where the filter stands in somebody's listener."""
    for index, route in enumerate(gateway.routes):
        several = len(route.backends) > 1
        if several and route.balance.policy != "weighted":
            yield f"routes[{index}].balance: backends get requests by priority and weight alone"
        if "timeouts" in route.model_fields_set:
            yield f"routes[{index}].timeouts: those of envoy.timeouts hold for all"
        if "retry" in route.model_fields_set:
            yield f"routes[{index}].retry: no other backend is asked; your own routes may ask again"
        if route.shadow is not None:
            yield f"routes[{index}].shadow: nobody gets copies"
    for name in ("tls", "cors", "prefix"):
        if getattr(gateway.listen, name):
            yield f"listen.{name}: the listener is yours"


def alone(gateway: Gateway) -> dict[str, Group]:
    """The clusters of the backends, by name; those for sessions come last."""
    groups = {name: Group((Member(0, name, 1),)) for name in gateway.backends}
    talks = {SESSIONS + name: groups[name] for name in _talkers(gateway)}
    return {**{cluster_name(group): group for group in groups.values()}, **talks}


def _talkers(gateway: Gateway) -> list[str]:
    return [name for name, one in gateway.backends.items() if holds_sessions(one)]


def _filters(gateway: Gateway, made: Parts, limits: Sequence[Limit]) -> Iterator[Json]:
    """What the server changes in a request's headers is noted before; limits are asked behind it,
    when it has said where the request goes."""
    talks = bool(_talkers(gateway))
    owed = limits if gateway.limiter.sessions else ()
    yield plain(http_filter(CLEANED, _cleaned(gateway)))
    yield from map(_renamed, _authenticating(made))
    if limits:
        yield _own(nothing_used(talks=bool(talks and owed)))
    if keepers(gateway) or talks:
        yield plain(http_filter(ours(MODEL_FINDER), placed_finder(gateway)))
    if limits or gateway.recorded:
        yield _own(noted(limits))
    patience = waiting(gateway, gateway.backends)
    asking = choosing(patience, limited=bool(limits), recorded=gateway.recorded)
    yield plain(http_filter(ours(EXT_PROC), asking))
    if talks:
        heard = hearing(
            recorded=gateway.recorded,
            traced=gateway.traced,
            owed=owed,
            waiting=gateway.limiter.timeout if owed else 0,
        )
        yield plain(http_filter(HEARING, heard))
    if limits:
        yield _own(limiting(gateway.limiter, limits))


def _loopback(gateway: Gateway, limits: Sequence[Limit]) -> Listener:
    """Where requests of the server's own come in, which limits hold for as for any other."""
    fetching = gateway.extproc.fetch.timeout if gateway.extproc.fetch else 0
    asking = http_filter(EXT_PROC, choosing(fetching, limited=bool(limits)))
    if not limits:
        return loopback(gateway, [asking])
    own = [nothing_used(talks=False), noted(limits), asking, limiting(gateway.limiter, limits)]
    asked = placed_limits(limits, reserves=gateway.limiter.reserve, used=USED)
    per_route = packed(RateLimitPerRoute.from_dict({"rate_limits": asked}))
    return loopback(gateway, own, {RATELIMIT: per_route})


def _replies(made: Parts, limits: Sequence[Limit]) -> tuple[Json, dict[int, str]]:
    """What Envoy answers by itself, but for the words of a limit, which the server reads."""
    there = ValueMatcher(present_match=True)
    replies, anchors = replies_of(made, metadata_is(GUEST_NAMESPACE, KEY, there))
    first, *others = replies["mappers"]
    spent = {
        "filter": plain(metadata_is(RATELIMIT, KIND, there)),
        "body_format_override": {"text_format_source": {"inline_string": "%LOCAL_REPLY_BODY%"}},
    }
    return {"mappers": [first, *([spent] if limits else []), *others]}, anchors


def _authenticating(made: Parts) -> list[Json]:
    """The filters that ask clients for keys or tokens, where gateway.yaml says so."""
    filters = manager_of(plain(made.listener))["http_filters"]
    return [one for one in filters if one["name"] in AUTHENTICATING]


def _own(one: HttpFilter) -> Json:
    """The same under a name of ours."""
    return _renamed(plain(one))


def _renamed(one: Json) -> Json:
    return {**one, "name": ours(one["name"])}


def _cleaned(gateway: Gateway) -> HeaderToMetadata:
    """Takes away what no client may say, and leaves word of that."""
    done = {"metadata_namespace": GUEST_NAMESPACE, "key": KEY, "value": "yes"}
    first, *others = own_headers(gateway)
    rules: list[Json] = [{"header": first, "on_header_present": done, "on_header_missing": done}]
    rules += [{"header": name, "on_header_present": done} for name in others]
    return HeaderToMetadata.from_dict({"request_rules": [{**one, "remove": True} for one in rules]})


def _cluster(gateway: Gateway, name: str, group: Group) -> Json:
    """Of one backend, without the filter that asks the server there."""
    found = plain(provider_cluster(gateway, name, group, ca=system_ca(), limited=False))
    del found["typed_extension_protocol_options"][HTTP_OPTIONS]["http_filters"]
    return found


def _host(
    gateway: Gateway, limits: Sequence[Limit], domains: Sequence[str], filters: list[str]
) -> Json:
    """Envoy finds a route twice: before the filter, where any will do, and after it."""
    usual = {name: ON for name in filters if name != HEARING}
    open_to_all = {
        name: one for name, one in usual.items() if name not in map(ours, AUTHENTICATING)
    }
    routes = [_on(plain(one), usual, gateway, limits) for one in _routes(gateway)]
    if open_to_all.keys() < usual.keys():
        opened = [_on(plain(one), open_to_all, gateway, limits) for one in _signed(gateway)]
        routes[-1:-1] = opened
    routes[:0] = [plain(health_route("", {}))]
    return {"name": "ai-gateway", "domains": [*domains], "routes": routes}


def _on(route: Json, usual: Json, gateway: Gateway, limits: Sequence[Limit]) -> Json:
    """Where a WebSocket may be, what is answered is heard, too; limits hold where a backend is."""
    action = route.get("route", {})
    own: Json = {HEARING: ON} if "upgrade_configs" in action else {}
    if limits and action:
        used = DUE if own and gateway.limiter.sessions else USED
        asked = placed_limits(limits, reserves=gateway.limiter.reserve, used=used)
        own[ours(RATELIMIT)] = plain(packed(RateLimitPerRoute.from_dict({"rate_limits": asked})))
    return {**route, "typed_per_filter_config": {**usual, **own}}


def _signed(gateway: Gateway) -> Iterator[Route]:
    """At first where a URL proves by itself who uses it: Google's SDKs send files there without a
    key. The finder then leads on."""
    for url in signed_urls(gateway):
        path, _, query = url.partition("?")
        given = QueryParameterMatcher(name=query.removesuffix("="), present_match=True)
        match = RouteMatch(prefix=path, query_parameters=[given], headers=[NO_LOOK])
        yield Route(match=match, direct_response=DirectResponseAction(status=404))


def _routes(gateway: Gateway) -> Iterator[Route]:
    timeouts = gateway.envoy.timeouts
    chosen = HeaderMatcher(name=CLUSTER_HEADER, present_match=True)
    if _talkers(gateway):
        talking = RouteAction(
            cluster_header=CLUSTER_HEADER,
            timeout=seconds(0),
            idle_timeout=seconds(max(timeouts.stream_idle, SILENCE)),
            upgrade_configs=WEBSOCKET,
        )
        begun = HeaderMatcher(name=SESSION_HEADER, present_match=True)
        yield Route(
            match=RouteMatch(prefix="/", headers=[chosen, begun]),
            route=talking,
            request_headers_to_remove=[CLUSTER_HEADER, MODEL_HEADER, SESSION_HEADER, SCHEME],
        )
    yield Route(
        match=RouteMatch(prefix="/", headers=[chosen]),
        route=RouteAction(
            cluster_header=CLUSTER_HEADER,
            timeout=seconds(timeouts.request),
            idle_timeout=seconds(timeouts.stream_idle),
        ),
        request_headers_to_remove=[CLUSTER_HEADER, MODEL_HEADER, SCHEME],
        request_body_buffer_limit=gateway.envoy.max_body_bytes,
    )
    if _talkers(gateway):
        yield door("")
    yield Route(match=RouteMatch(prefix="/"), direct_response=DirectResponseAction(status=404))
