"""The listener that clients reach, without its routes."""

from collections.abc import Sequence

from envoy_data_plane.envoy.config.common.mutation_rules.v3 import HeaderMutation as Mutation
from envoy_data_plane.envoy.config.core.v3 import (
    Http1ProtocolOptions,
    Http2ProtocolOptions,
    HttpProtocolOptions,
    SubstitutionFormatString,
    TypedExtensionConfig,
)
from envoy_data_plane.envoy.config.listener.v3 import Filter, FilterChain, Listener
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    HttpConnectionManager,
    HttpConnectionManagerCodecType,
    HttpConnectionManagerPathWithEscapedSlashesAction,
    LocalReplyConfig,
)
from envoy_data_plane.envoy.extensions.http.early_header_mutation.header_mutation.v3 import (
    HeaderMutation,
)

from extproc.config.gateway import Gateway
from extproc.exchange.lossless import NEXT
from extproc.exchange.proof import CLIENT
from extproc.exchange.side import CALL_HEADER, CLUSTER_HEADER, SESSION_HEADER
from extproc.ratelimit.limit import Limit
from extproc.render import tls, tokens
from extproc.render.access_log import access_log
from extproc.render.cors import NO_HEADER
from extproc.render.filters import ClientKeys, http_filters
from extproc.render.following import counts
from extproc.render.tracing import tracing
from extproc.render.typed import packed, seconds, socket
from extproc.render.unasked import unasked

NAME = "gateway"
OWN = (CLIENT, CLUSTER_HEADER, SESSION_HEADER, CALL_HEADER, NO_HEADER)
"""Headers that no client may send."""
IDLE = 3600.0
"""Seconds after which a client's unused connection is closed."""
HEADERS_TIMEOUT = 10.0
"""Seconds in which a request's headers must have come."""

# Envoy's advice for listeners that strangers reach
# (https://www.envoyproxy.io/docs/envoy/latest/configuration/best_practices/edge), with more room
# for a stream's data: prompts are large.
MAX_STREAMS = 1_000
STREAM_WINDOW = 1024 * 1024
CONNECTION_WINDOW = 4 * 1024 * 1024


def listener(
    gateway: Gateway, client_keys: ClientKeys | None, limits: Sequence[Limit], *, prefix: str
) -> Listener:
    """Where clients come in; `prefix`: also below this path."""
    listen = gateway.listen
    chain = FilterChain(
        filters=[
            Filter(
                name="envoy.filters.network.http_connection_manager",
                typed_config=packed(_manager(gateway, client_keys, limits, prefix)),
            )
        ]
    )
    if listen.tls:
        chain.transport_socket = tls.server_side(listen.tls, http2=listen.http2)
    address = socket(listen.address, listen.port)
    if listen.address == "::" and address.socket_address:
        address.socket_address.ipv4_compat = True
    return Listener(
        name=NAME,
        address=address,
        per_connection_buffer_limit_bytes=gateway.envoy.max_body_bytes,
        filter_chains=[chain],
    )


def _manager(
    gateway: Gateway, client_keys: ClientKeys | None, limits: Sequence[Limit], prefix: str
) -> HttpConnectionManager:
    settings = gateway.envoy
    shadows = any(limit.shadow for limit in limits)
    kinds = HttpConnectionManagerCodecType
    return HttpConnectionManager(
        stat_prefix=NAME,
        codec_type=kinds.AUTO if gateway.listen.http2 else kinds.HTTP1,
        use_remote_address=True,
        generate_request_id=True,
        normalize_path=True,
        merge_slashes=True,
        # A model's name in a path may hold %2F.
        path_with_escaped_slashes_action=(
            HttpConnectionManagerPathWithEscapedSlashesAction.KEEP_UNCHANGED
        ),
        common_http_protocol_options=HttpProtocolOptions(
            idle_timeout=seconds(IDLE), max_headers_count=100
        ),
        # nginx asks in HTTP/1.0 unless told otherwise, and perhaps without a Host
        # (https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_http_version).
        http_protocol_options=Http1ProtocolOptions(
            accept_http_10=True, default_host_for_http_10=NAME
        ),
        http2_protocol_options=Http2ProtocolOptions(
            max_concurrent_streams=MAX_STREAMS,
            initial_stream_window_size=STREAM_WINDOW,
            initial_connection_window_size=CONNECTION_WINDOW,
        ),
        stream_idle_timeout=seconds(settings.timeouts.stream_idle),
        request_timeout=seconds(settings.timeouts.request),
        request_headers_timeout=seconds(HEADERS_TIMEOUT),
        early_header_mutation_extensions=[_own_headers_removed(gateway)],
        # Its place in the text; `envoy` puts what stands there.
        local_reply_config=LocalReplyConfig(body_format=SubstitutionFormatString()),
        tracing=tracing(gateway),
        access_log=[
            *([access_log(settings.access_log, shadows=shadows)] if settings.access_log else []),
            *([unasked()] if gateway.recorded else []),
        ],
        http_filters=list(http_filters(gateway, client_keys, limits, prefix)),
    )


def own_headers(gateway: Gateway) -> tuple[str, ...]:
    """Headers that no client of this gateway may send."""
    leading = (NEXT,) if counts(gateway) else ()
    return tuple(dict.fromkeys((*OWN, *leading, *tokens.own_headers(gateway.clients))))


def _own_headers_removed(gateway: Gateway) -> TypedExtensionConfig:
    removed = [Mutation(remove=name) for name in own_headers(gateway)]
    return TypedExtensionConfig(
        name="envoy.http.early_header_mutation.header_mutation",
        typed_config=packed(HeaderMutation(mutations=removed)),
    )
