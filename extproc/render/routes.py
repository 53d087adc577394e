"""Model → route, as a tree that stays small and fast with thousands of models.

The method decides first, and then the path of what is no call of a model. For calls, the finder
looks exact names up and names a route, which models share that differ in nothing here: Envoy takes
10,000 names in no time, and 10,000 routes in a second. Then come prefixes (a trie, the longest
wins) and expressions (in order); what is left is a 404.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import orjson
from envoy_data_plane.envoy.config.core.v3 import DataSource
from envoy_data_plane.envoy.config.route.v3 import (
    DirectResponseAction,
    FilterConfig,
    RouteAction,
    RouteList,
    RouteMatch,
)
from envoy_data_plane.envoy.config.route.v3 import (
    Route as EnvoyRoute,
)
from envoy_data_plane.envoy.extensions.filters.http.ext_proc.v3 import (
    ExtProcOverrides,
    ExtProcPerRoute,
)
from envoy_data_plane.envoy.extensions.filters.http.lua.v3 import LuaPerRoute
from envoy_data_plane.envoy.extensions.filters.http.ratelimit.v3 import RateLimitPerRoute
from envoy_data_plane.envoy.type.matcher.v3 import RegexMatcher
from envoy_data_plane.google.protobuf import Any

from extproc.config.gateway import Gateway
from extproc.config.patterns import split
from extproc.config.route import Route
from extproc.exchange.again import MARK
from extproc.exchange.compile import clients_of, exact_names
from extproc.exchange.entrances import Listings
from extproc.exchange.pace import LOAD
from extproc.exchange.placing import LISTS
from extproc.exchange.proof import CLIENT
from extproc.exchange.reserved import moves, usual
from extproc.ratelimit.descriptors import DUE, USED, rate_limits
from extproc.ratelimit.limit import Limit, Unit
from extproc.render import matching, sticky
from extproc.render.cors import heeding, policy
from extproc.render.filters import CORS, EXT_PROC, MODEL_FINDER, RATELIMIT
from extproc.render.following import counts, leading, nameable
from extproc.render.kept import below_models, has_pins, keepers, signed_urls, to_keeper
from extproc.render.replies import MODEL_HEADER
from extproc.render.retry import marks, retry_policy
from extproc.render.shadows import mirrors
from extproc.render.talks import apart, door, session_clusters, session_route
from extproc.render.tokens import opened
from extproc.render.typed import Json, packed, plain, seconds
from extproc.render.unpacking import by_encoding, told
from extproc.render.upstream import cluster_name, each, group, members, names
from providers.catalog import DIALECTS

HEALTH = "/healthz"
ROUTE_HEADER = "x-ai-route"
"""In which the finder names the route of a model: by the first model that it is for."""

# They say more of the client than a provider needs to know, or have led here.
PRIVATE_HEADERS = [
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-envoy-external-address",
    ROUTE_HEADER,
]

ANSWERING = {
    EXT_PROC: packed(FilterConfig(config=packed(ExtProcPerRoute(overrides=ExtProcOverrides()))))
}
ANYTHING = RouteMatch(prefix="/")
NO_BUDGETS: list[Json] = []


def route_configuration(
    gateway: Gateway, limits: Sequence[Limit], *, authenticated: bool, prefix: str
) -> Json:
    """`route_config` of the connection manager.

    `authenticated`: clients need a key; below the path `prefix` everything is found, too.
    """
    kept = _to_keepers(gateway, limits, prefix)
    talks = any(session_clusters(gateway))
    prefixes = ("", prefix) if prefix else ("",)
    inside = _inside_lists(gateway, limits, prefix)
    own = _by_path(prefixes, kept, inside, opened(gateway) if authenticated else {})
    by_name, by_model = _by_model(gateway, limits, kept)
    otherwise = _shown(by_encoding(by_model))
    if authenticated:
        otherwise = _by_url(gateway, prefixes, otherwise)
    cors = gateway.listen.cors
    host: Json = {
        "name": "gateway",
        "domains": ["*"],
        "request_headers_to_remove": PRIVATE_HEADERS,
        "matcher": _by_method(own, otherwise, talks=talks),
    }
    if counts(gateway):
        host["include_request_attempt_count"] = True
    filters = {MODEL_FINDER: {**plain(packed(LuaPerRoute())), "filter_context": by_name}}
    if cors is not None:
        host = heeding(host)
        filters[CORS] = plain(packed(policy(cors)))
    host["typed_per_filter_config"] = filters
    return {"name": "models", "virtual_hosts": [host]}


def _by_method(own: Json, otherwise: Json, *, talks: bool) -> Json:
    """What is no POST asks for no model, unless it is for a session."""
    if talks:
        return apart(("GET", "HEAD"), own, matching.nested(otherwise))
    return matching.exactly(":method", {"GET": own, "HEAD": own}, matching.nested(otherwise))


def _shown(otherwise: Json) -> Json:
    """A model is shown by the server itself, whether its provider lives or not."""
    shown = {path: _answered((path,)) for path in Listings(DIALECTS).asking()}
    return matching.exactly(":path", shown, matching.nested(otherwise))


def _to_keepers(gateway: Gateway, limits: Sequence[Limit], prefix: str) -> Json:
    """Where nothing else leads: to the backend that keeps what is asked for, or nowhere."""
    backends = keepers(gateway)
    doors = [door(f"(?:{re.escape(prefix)})?")] if any(session_clusters(gateway)) else []
    if not backends:
        if doors:
            return matching.action("kept", RouteList(routes=[*doors, _nowhere()]))
        return matching.action("nowhere", _nowhere())
    routes = [to_keeper(gateway, _kept_limits(limits, backends)), *doors, _nowhere()]
    return matching.action("kept", RouteList(routes=routes))


def _kept_limits(limits: Sequence[Limit], backends: list[str]) -> dict[str, Any]:
    known = [limit for limit in limits if not limit.models]
    return _limited(rate_limits(known, models=None, backends=backends))


def _inside_lists(gateway: Gateway, limits: Sequence[Limit], prefix: str) -> list[EnvoyRoute]:
    """What is kept below the list of models, such as the operations of one: to its backend, or
    nowhere, but never to the list."""
    places = below_models(gateway)
    if not places:
        return []
    start = f"(?:{re.escape(prefix)})?(?:/v1)?"
    regex = RegexMatcher(regex=f"{start}(?:{'|'.join(places)})/.*")
    filters = _kept_limits(limits, keepers(gateway))
    return [
        to_keeper(gateway, filters),
        EnvoyRoute(
            match=RouteMatch(safe_regex=regex), direct_response=DirectResponseAction(status=404)
        ),
    ]


def _by_path(
    prefixes: Sequence[str],
    kept: Json,
    inside: list[EnvoyRoute],
    open_to_all: dict[str, Any],
) -> Json:
    """The finder takes a prefix off, but the filters are those of the route that was first."""
    health = [health_route(before, open_to_all) for before in prefixes]
    lists = tuple(_lists())
    places = tuple(before + path for before in prefixes for path in lists)
    action = _answered(places) if not inside else _models_at(places, inside)
    answers = {
        **dict.fromkeys(lists, action),
        HEALTH: matching.action("health", RouteList(routes=[*health, _nowhere()])),
    }
    own = {before + path: action for before in prefixes for path, action in answers.items()}
    return matching.nested(matching.longest_prefix(":path", own, kept))


@lru_cache(maxsize=64)
def _answered(paths: tuple[str, ...]) -> Json:
    """The server answers at these paths."""
    return _models_at(paths)


def _models_at(paths: tuple[str, ...], inside: Sequence[EnvoyRoute] = ()) -> Json:
    models = [route for path in paths for route in _models(path)]
    return matching.action("models", RouteList(routes=[*inside, *models, _nowhere()]))


def _by_url(gateway: Gateway, prefixes: Sequence[str], otherwise: Json) -> Json:
    """Google's SDKs send files to the URL that they were given, and no key."""
    found = dict.fromkeys(before + url for before in prefixes for url in signed_urls(gateway))
    if not found:
        return otherwise
    filters = opened(gateway)
    routes = RouteList(routes=[to_keeper(gateway, filters), _nowhere(filters)])
    action = matching.action("signed", routes)
    return matching.longest_prefix(
        ":path", dict.fromkeys(found, action), matching.nested(otherwise)
    )


def _lists() -> Iterator[str]:
    """Where lists of models are, and where `/v1` is missing before them or doubled."""
    for path in Listings(DIALECTS).paths():
        yield from (path, f"/v1{path}")
        if path.startswith("/v1/"):
            yield path.removeprefix("/v1")


def _by_model(gateway: Gateway, limits: Sequence[Limit], kept: Json) -> tuple[dict[str, str], Json]:
    """Exact name → name of a route, and the routes by name, prefix and expression."""
    actions = Actions(gateway, limits, kept)
    by_name: dict[str, str] = {}
    first: dict[int, str] = {}
    found: dict[str, dict[str, Json]] = {"exact": {}, "prefix": {}, "regex": {}}
    for route in gateway.routes:
        action = actions.of(route)
        for pattern in map(split, route.models):
            if pattern.kind != "exact":
                found[pattern.kind].setdefault(pattern.text, action)
            elif pattern.text not in by_name:
                name = by_name[pattern.text] = first.setdefault(id(action), pattern.text)
                found["exact"][name] = action
    by_expression = matching.first_expression(MODEL_HEADER, found["regex"], kept)
    by_prefix = matching.longest_prefix(
        MODEL_HEADER, found["prefix"], matching.nested(by_expression)
    )
    return by_name, matching.exactly(ROUTE_HEADER, found["exact"], matching.nested(by_prefix))


class Actions:
    """What is done for a route; the same object for routes that differ in nothing here."""

    def __init__(self, gateway: Gateway, limits: Sequence[Limit], otherwise: Json) -> None:
        self._gateway = gateway
        self._limits = limits
        self._otherwise = otherwise
        self._by_name = any(limit.models for limit in limits)
        """Whether a route's budgets depend on the models that lead there."""
        self._budgeted: dict[tuple[object, ...], list[Json]] = {}
        self._near: dict[tuple[object, ...], Json] = {}
        """By the very objects, of which most routes have the same: those of the defaults."""
        self._known: dict[bytes, Json] = {}
        """By what they say."""
        self._apart: dict[tuple[int, frozenset[str]], Json] = {}

    def of(self, route: Route) -> Json:
        """The action of `route`, for the clients that may use it; for others there is none."""
        action, clients = self._action(route), clients_of(self._gateway, route)
        if clients is None:
            return action
        key = id(action), clients
        if key not in self._apart:
            own = dict.fromkeys(sorted(clients), action)
            by_client = matching.exactly(CLIENT, own, self._otherwise)
            self._apart[key] = matching.nested(by_client)
        return self._apart[key]

    def _action(self, route: Route) -> Json:
        budgets, cluster = self._budgets(route), cluster_name(group(route))
        parts = route.balance, route.timeouts, route.retry, route.shadow
        # Who is next is said by a place among all, or by a name.
        order = tuple(one.only for one in each(route))
        near = cluster, order, *map(id, parts), id(budgets)
        known = self._near.get(near)
        if known is None:
            said = [None if part is None else part.model_dump() for part in parts]
            key = orjson.dumps([cluster, order, said, budgets])
            known = self._near[near] = self._known.get(key) or self._made(route, budgets)
            self._known[key] = known
        return known

    def _made(self, route: Route, budgets: list[Json]) -> Json:
        return matching.action("backends", self._routes(route, budgets))

    def _budgets(self, route: Route, used: Mapping[Unit, str] = USED) -> list[Json]:
        """The same object for routes whose budgets are the same."""
        if not self._limits:
            return NO_BUDGETS
        models = exact_names(route) if self._by_name else None
        backends, prices = names(members(route)), usual(self._gateway, route)
        moving = moves(self._gateway, route)
        key = models and tuple(models), tuple(backends), prices, moving, id(used)
        known = self._budgeted.get(key)
        if known is None:
            known = self._budgeted[key] = rate_limits(
                self._limits,
                models=models,
                backends=backends,
                prices=prices,
                reserves=self._gateway.limiter.reserve,
                moves=moving,
                used=used,
            )
        return known

    def _routes(self, route: Route, budgets: list[Json]) -> EnvoyRoute | RouteList:
        """A route to several backends must be able to find the one that keeps something; sessions
        have a route of their own."""
        usual = self._route(route, budgets)
        owed = self._budgets(route, DUE) if self._gateway.limiter.sessions else budgets
        routes = session_route(self._gateway, route, _limited(owed))
        if len(route.backends) > 1 and has_pins(self._gateway):
            routes.append(to_keeper(self._gateway, _limited(budgets)))
        return RouteList(routes=[*routes, usual]) if routes else usual

    def _route(self, route: Route, budgets: list[Json]) -> EnvoyRoute:
        timeouts = self._gateway.envoy.timeouts
        action = RouteAction(
            **leading(route),
            timeout=seconds(route.timeouts.request or timeouts.request),
            idle_timeout=seconds(route.timeouts.stream_idle or timeouts.stream_idle),
            retry_policy=retry_policy(self._gateway, route),
            hash_policy=sticky.hashed(route.balance),
            request_mirror_policies=mirrors(route),
        )
        return EnvoyRoute(
            match=ANYTHING,
            route=action,
            metadata=told(sticky.asked(route.balance) | nameable(route)),
            request_body_buffer_limit=self._gateway.envoy.max_body_bytes,
            response_headers_to_remove=[
                *([MARK] if marks(route) else []),
                *([LOAD] if route.balance.policy == "latency" else []),
            ],
            typed_per_filter_config=_limited(budgets),
        )


def _limited(budgets: list[Json]) -> dict[str, Any]:
    if not budgets:
        return {}
    return {RATELIMIT: packed(RateLimitPerRoute.from_dict({"rate_limits": budgets}))}


def _models(path: str) -> list[EnvoyRoute]:
    """The list and one of it: the server answers before the route's own 503 does."""
    return [
        EnvoyRoute(
            name=LISTS,
            match=match,
            direct_response=DirectResponseAction(status=503),
            typed_per_filter_config=ANSWERING,
        )
        for match in (
            RouteMatch(path=path),
            RouteMatch(prefix=f"{path}/"),
        )
    ]


def health_route(before: str, open_to_all: dict[str, Any]) -> EnvoyRoute:
    """Open to everybody, and answered while the server is down: it says that Envoy lives."""
    return EnvoyRoute(
        match=RouteMatch(path=f"{before}{HEALTH}"),
        direct_response=DirectResponseAction(status=200, body=DataSource(inline_string="ok\n")),
        typed_per_filter_config=open_to_all,
    )


def _nowhere(filters: dict[str, Any] | None = None) -> EnvoyRoute:
    return EnvoyRoute(
        match=ANYTHING,
        direct_response=DirectResponseAction(status=404),
        typed_per_filter_config=filters or {},
    )


def anchors(routes: Json) -> dict[int, str]:
    """Names for the actions that several models share."""
    seen: dict[int, int] = {}
    for action in _actions(routes):
        seen[id(action)] = seen.get(id(action), 0) + 1
    shared = [identity for identity, times in seen.items() if times > 1]
    return {identity: f"route-{number}" for number, identity in enumerate(shared, 1)}


def _actions(value: object) -> Iterator[Json]:
    """The objects with an action in a matcher tree; they are not looked into."""
    if isinstance(value, list):
        for item in value:
            yield from _actions(item)
    elif isinstance(value, dict):
        if "action" in value:
            yield value
            return
        for item in value.values():
            yield from _actions(item)
