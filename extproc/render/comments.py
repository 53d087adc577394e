"""What the comments in the rendered Envoy configuration say, by name of the thing."""

from collections.abc import Mapping

from extproc.exchange.side import SESSIONS
from extproc.render.text import Notes
from extproc.render.upstream import Group

HEAD = """\
Envoy as an AI gateway. Made by `extproc render envoy --static` from gateway.yaml: change that file
and render again, or take what you need from here into an Envoy that you have already.

  client -> listener: authentication, model finder, limits, route by model
         -> cluster of a route's backends: priorities, weights, retries
         -> ext_proc (once per attempt) -> provider
"""

SMALL = """\
Envoy as an AI gateway. Made by `extproc render envoy` from gateway.yaml. Envoy asks the server that
runs beside it for its listeners, routes, clusters and clients' keys, and takes each change of
gateway.yaml by itself; this file changes only with extproc.sockets, extproc.workers and
envoy.admin_port. For all in one file: `extproc render envoy --static`.
"""

PIECES = {
    "listener": """\
The gateway as a listener of its own, for `static_resources.listeners`, or as a file that lds_config
names: clients have its address, or your routes lead there. It goes with `--part clusters`.
""",
    "clusters": """\
The server and the providers, for `static_resources.clusters`.
""",
    "filter": """\
For `http_filters` of your connection manager: in this order, behind your own, before the router.
All of them are off but for requests to the virtual host of `--part routes`. Bodies pass through
them: set the listener's per_connection_buffer_limit_bytes to envoy.max_body_bytes of gateway.yaml,
or Envoy refuses what is larger than 1 MiB.
""",
    "routes": """\
For `virtual_hosts` of your route_config. Put your own names into `domains`. Filters of yours run
here as they do for your other hosts; typed_per_filter_config can turn them off.
""",
    "replies": """\
For your connection manager: what Envoy itself answers to the gateway's clients, in the form of
their SDKs. Where you have a local_reply_config, put these mappers before yours: they are for
requests to the virtual host of `--part routes` alone.
""",
    "refusals": """\
For `access_log` of your connection manager, beside your own: the server learns what Envoy answers
by itself to the gateway's clients. The list is empty where nothing is recorded.
""",
    "loopback": """\
For `static_resources.listeners`: where requests of the server's own come in. Nobody needs it where
this list is empty.
""",
    "placed": """\
The gateway as one filter of a listener that you have, where nothing else is possible: the server
chooses the backend by itself. `http_filters` go into your connection manager, before the router,
and are off but for the routes of `virtual_hosts`; `local_reply_config` goes there, too, `clusters`
and `listeners`, if there are any, into static_resources. The listener's
per_connection_buffer_limit_bytes must be envoy.max_body_bytes of gateway.yaml. What authenticates
stands between ai.cleaned and the others, instead of what may be there; whose request it is, it says
in the header x-ai-client.
""",
}
"""What `--part` can be, and what stands above it."""

GUESTS = {
    "ai.cleaned": "Nobody can say of himself which client he is, or to which cluster he goes.",
    "ai.here": "Says for `--part replies` that the request is the gateway's.",
}

THINGS = {
    "xds": "Where all else comes from: `extproc serve` beside this Envoy.",
    "gateway": "Where clients come in. Change address and port in gateway.yaml: listen.",
    "loopback": (
        "Where the server's own requests come in, which one request of a client may become: a\n"
        "Unix socket, and a secret of the server's."
    ),
    "traces": "Who takes the spans that Envoy makes: telemetry.traces.",
    "envoy.access_loggers.file": (
        "One JSON object for each exchange. What the server reports, any other logger can have,\n"
        "too, as %DYNAMIC_METADATA(ai.extproc:…)%."
    ),
    "envoy.access_loggers.http_grpc": (
        "What the server does not see: requests that no backend was asked for, counted for\n"
        "`extproc usage` and metrics."
    ),
    "envoy.filters.http.api_key_auth": (
        "Who may call: the keys of the file that clients.api_keys names. THIS FILE HOLDS SECRETS."
    ),
    "envoy.filters.http.jwt_authn": "Who may call: whoever has a token of clients.jwt's issuer.",
    "envoy.filters.http.rbac": "A token must name a client, or nothing could be counted for it.",
    "envoy.filters.http.cors": (
        "Web pages that may call: listen.cors. It stands first, for a preflight has no key."
    ),
    "envoy.filters.http.decompressor.gzip": (
        "Off, but where a request says that it is compressed so."
    ),
    "envoy.filters.http.decompressor.br": "The same for Brotli.",
    "envoy.filters.http.decompressor.zstd": "The same for Zstandard.",
    "envoy.filters.http.lua": (
        "The model finder: reads the model from a header or the body, and has the route chosen by\n"
        "it. It must stand after authentication and before everything that looks at the route."
    ),
    "envoy.filters.http.set_filter_state": (
        "Keeps the key by which a route balances its backends, for all attempts."
    ),
    "envoy.filters.http.set_metadata": (
        "Nothing used, until the server reports something: what a charge finds when no provider\n"
        "was asked."
    ),
    "envoy.filters.http.header_to_metadata": (
        "Keeps what limits, the access log and the server (clients' own keys for a provider) need\n"
        "to know when the headers are gone."
    ),
    "envoy.filters.http.header_mutation": (
        "The provider's own x-ratelimit headers do not reach clients, who have our limits."
    ),
    "ai.unmarked": "Takes off what Envoy says of copies: no provider need know that they are some.",
    "envoy.filters.http.ext_proc": (
        "Answers for the list of models; off, but where a route turns it on."
    ),
    "ai.sessions": (
        "Shows the server what providers say in sessions; off, but where a route turns it on. It\n"
        "needs a name of its own: a route's settings reach all filters of one name."
    ),
    "envoy.filters.http.ratelimit": (
        "Limits: asks before a request goes on, and charges what was used when it is done. It\n"
        "must stand after the model finder, for the routes hold the limits."
    ),
    "envoy.filters.http.router": "On to the cluster of the route. It must stand last.",
    "envoy.filters.http.upstream_codec": "On to the provider. It must stand last.",
    "extproc": (
        "The server: one Unix socket for each worker. On another machine, put its TCP address here."
    ),
    "ratelimit": "The rate limit service in the same server.",
}

FIELDS = {
    "admin": "Statistics and configuration dump, for this machine only: it can stop Envoy.",
    "layered_runtime": (
        "Expressions for paths and models may be longer than Envoy has it by itself."
    ),
    "overload_manager": "Connections above this number are closed at once.",
    "path_with_escaped_slashes_action": "A model's name in a path may hold %2F.",
    "early_header_mutation_extensions": "Nobody can say of himself which client he is.",
    "local_reply_config": (
        "Every error that Envoy itself answers with, in the form of the client's dialect, which\n"
        "its path tells; OpenAI's where it tells none. Complete bodies, those of the server, pass\n"
        "as they are; all others are made here."
    ),
    "route_config": "Model -> route.",
    "x-ai-route": "What the finder has named: models of which all is the same here share a route.",
    "/v1/models": "The list of models, which the server answers by itself.",
    "/healthz": "For load balancers: Envoy lives. It needs no key.",
    "filter_context": "Model -> name of its route: one look into a map, however many there are.",
    "request_mirror_policies": "A share of the requests is copied; answers to copies are dropped.",
    "load_balancing_policy": "The sooner an address begins to answer, the more requests it gets.",
    "inline_cluster_specifier_plugin": (
        "After a failure the server's x-ai-next says who loses nothing of the request."
    ),
    "retry_policy": "A failed attempt is made again, on the next priority where there is one.",
    "request_body_buffer_limit": "A body is kept for the next attempt: max_body_bytes.",
    "typed_per_filter_config": ("What a filter of the listener does differently for this route."),
    "transport_socket_matches": ("TLS for each backend, chosen by the metadata of its endpoint."),
    "outlier_detection": "Addresses that fail 5 times in a row are left alone for a while.",
    "circuit_breakers": "Envoy's own bounds would be 1,024 requests and 3 retries at a time.",
    "health_checks": "A worker that died or is about to end gets no new streams.",
}


PLACED = {
    "ai.cleaned": (
        "Nobody can say of himself which client he is, or to which cluster he goes. Without it\n"
        "the server believes no x-ai-client."
    ),
    "ai.lua": "Finds what names no model: what a backend keeps, paths of its own, sessions.",
    "ai.ext_proc": (
        "Reads the model, chooses a backend and translates the request, and then its answer."
    ),
    "ai.set_metadata": "Nothing used, until the server reports it: what a charge finds then.",
    "ai.header_to_metadata": (
        "What limits are about, before ai.ext_proc takes it off. It must stand behind what\n"
        "authenticates."
    ),
    "ai.ratelimit": (
        "Asks the limits when the server has said where a request goes, and charges what was used\n"
        "when it is done. It must stand behind ai.ext_proc."
    ),
    "ai-gateway": "Where the filter has chosen a backend, a header leads there.",
}
ELSEWHERE = frozenset({"retry_policy", "request_body_buffer_limit"})
"""Fields of which is said what is true where Envoy chooses the backend."""


def cluster_note(group: Group) -> str:
    """What stands above a cluster of providers."""
    members = group.members
    if group.shadow:
        return f"Copies of requests, for: {members[0].backend}. Nobody sees its answers."
    if group.only:
        return f"The same for {group.only} alone: after a failure elsewhere, or as a client wishes."
    several = len(members) > 1
    shares = [
        f"{member.backend} (priority {member.priority}, weight {member.weight})"
        if several
        else member.backend
        for member in members
    ]
    return f"The routes to: {', '.join(shares)}."


def session_note(group: Group) -> str:
    """What stands above a cluster for sessions."""
    names = ", ".join(member.backend for member in group.members)
    return f"Sessions with: {names}. A WebSocket begins with HTTP/1.1."


def notes(clusters: Mapping[str, Group], sessions: Mapping[str, Group]) -> Notes:
    """All comments of a document with these clusters, and those for sessions."""
    of_clusters = {name: cluster_note(group) for name, group in clusters.items()}
    of_sessions = {name: session_note(group) for name, group in sessions.items()}
    return Notes({**THINGS, **of_clusters, **of_sessions}, FIELDS)


def placed_notes(clusters: Mapping[str, Group]) -> Notes:
    """All comments where the server chooses a backend, each of which has a cluster."""
    of_clusters = {
        name: session_note(group) if name.startswith(SESSIONS) else cluster_note(group)
        for name, group in clusters.items()
    }
    fields = {name: note for name, note in FIELDS.items() if name not in ELSEWHERE}
    return Notes({**THINGS, **PLACED, **of_clusters}, fields)
