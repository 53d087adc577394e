"""The listener of our own requests: nobody else's, and nowhere but among the sockets.

What comes in is sent to the one backend that it names, by the server like any other request. The
server refuses what does not say its secret.
"""

from collections.abc import Iterable

from envoy_data_plane.envoy.config.core.v3 import HttpProtocolOptions
from envoy_data_plane.envoy.config.listener.v3 import Filter, FilterChain, Listener
from envoy_data_plane.envoy.config.route.v3 import RouteConfiguration, VirtualHost
from envoy_data_plane.envoy.extensions.filters.http.header_to_metadata.v3 import (
    Config as HeaderToMetadata,
)
from envoy_data_plane.envoy.extensions.filters.http.router.v3 import Router
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    HttpConnectionManager,
    HttpConnectionManagerCodecType,
    HttpConnectionManagerPathWithEscapedSlashesAction,
    HttpFilter,
)

from extproc.config.gateway import Gateway
from extproc.config.sockets import side_socket
from extproc.exchange.proof import SIDE
from extproc.exchange.side import CALL_HEADER
from extproc.render.filters import ROUTER, SUBJECTS, kept_keys
from extproc.render.kept import to_keeper
from extproc.render.retry import same_again
from extproc.render.typed import Json, http_filter, packed, pipe, seconds
from extproc.render.upstream import client_keys_of

NAME = "loopback"
MODE = 0o600
NOTHING: Json = {}


def loopback(gateway: Gateway, own: Iterable[HttpFilter] = (), limits: Json = NOTHING) -> Listener:
    """Where the server's own requests come in. `own`: the filters that ask the server here, where
    no cluster does; `limits`: what the route says of the one among them that asks for those."""
    address = pipe(side_socket(gateway.extproc))
    assert address.pipe is not None
    address.pipe.mode = MODE
    manager = Filter(
        name="envoy.filters.network.http_connection_manager",
        typed_config=packed(_manager(gateway, own, limits)),
    )
    return Listener(
        name=NAME,
        address=address,
        per_connection_buffer_limit_bytes=gateway.envoy.max_body_bytes,
        filter_chains=[FilterChain(filters=[manager])],
    )


def _manager(gateway: Gateway, own: Iterable[HttpFilter], limits: Json) -> HttpConnectionManager:
    timeouts = gateway.envoy.timeouts
    rules = [_call(), *kept_keys(client_keys_of(gateway, gateway.backends))]
    route = to_keeper(gateway, limits)
    assert route.route is not None
    route.route.retry_policy = same_again(gateway)
    host = VirtualHost(name=NAME, domains=["*"], routes=[route])
    return HttpConnectionManager(
        stat_prefix=NAME,
        codec_type=HttpConnectionManagerCodecType.HTTP1,
        path_with_escaped_slashes_action=(
            HttpConnectionManagerPathWithEscapedSlashesAction.KEEP_UNCHANGED
        ),
        common_http_protocol_options=HttpProtocolOptions(max_headers_count=100),
        stream_idle_timeout=seconds(timeouts.stream_idle),
        request_timeout=seconds(timeouts.request),
        route_config=RouteConfiguration(name=NAME, virtual_hosts=[host]),
        http_filters=[
            http_filter(SUBJECTS, HeaderToMetadata.from_dict({"request_rules": rules})),
            *own,
            http_filter(ROUTER, Router(suppress_envoy_headers=True)),
        ],
    )


def _call() -> Json:
    """What a request says of itself, marked as one that came in here; no header can undo that."""
    place = {"metadata_namespace": "ai.finder", "key": "call", "type": "STRING"}
    marked = {"pattern": {"regex": "^(.*)$"}, "substitution": f"{SIDE} \\1"}
    return {
        "header": CALL_HEADER,
        "on_header_present": {**place, "regex_value_rewrite": marked},
        "on_header_missing": {**place, "value": SIDE},
        "remove": True,
    }
