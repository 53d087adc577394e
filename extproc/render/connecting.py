"""Where CONNECTs for providers come in; it leads on to a proxy, by name, and says who asks."""

from collections.abc import Mapping

from envoy_data_plane.envoy.config.core.v3 import (
    HeaderValue,
    HeaderValueOption,
    HeaderValueOptionHeaderAppendAction,
)
from envoy_data_plane.envoy.config.listener.v3 import Filter, FilterChain, Listener
from envoy_data_plane.envoy.config.route.v3 import (
    Route,
    RouteAction,
    RouteActionUpgradeConfig,
    RouteConfiguration,
    RouteMatch,
    RouteMatchConnectMatcher,
    VirtualHost,
)
from envoy_data_plane.envoy.extensions.filters.http.router.v3 import Router
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    HttpConnectionManager,
    HttpConnectionManagerCodecType,
    HttpConnectionManagerUpgradeConfig,
)

from extproc.config.gateway import Gateway
from extproc.config.sockets import proxy_socket
from extproc.render import proxies
from extproc.render.filters import ROUTER
from extproc.render.typed import http_filter, packed, pipe, seconds

CONNECT = "CONNECT"
MODE = 0o600

Authorizations = Mapping[str, str]
"""Backend → what its proxy is told in Proxy-Authorization."""


def listeners(gateway: Gateway, authorizations: Authorizations) -> list[Listener]:
    """One for each proxy."""
    return [
        _listener(gateway, code, authorizations.get(backend, ""))
        for code, (backend, _) in proxies.proxies_of(gateway).items()
    ]


def _listener(gateway: Gateway, code: str, authorization: str) -> Listener:
    address = pipe(proxy_socket(gateway.extproc, code))
    assert address.pipe is not None
    address.pipe.mode = MODE
    manager = Filter(
        name="envoy.filters.network.http_connection_manager",
        typed_config=packed(_manager(code, authorization)),
    )
    return Listener(
        name=f"proxy-{code}", address=address, filter_chains=[FilterChain(filters=[manager])]
    )


def _manager(code: str, authorization: str) -> HttpConnectionManager:
    """No bound of time: both sides of a connection have their own."""
    name = f"proxy-{code}"
    action = RouteAction(
        cluster=proxies.cluster_name(code),
        timeout=seconds(0),
        upgrade_configs=[RouteActionUpgradeConfig(upgrade_type=CONNECT)],
    )
    route = Route(
        match=RouteMatch(connect_matcher=RouteMatchConnectMatcher()),
        route=action,
        request_headers_to_add=_who(authorization),
        request_headers_to_remove=["x-forwarded-proto", "x-forwarded-for"],
    )
    host = VirtualHost(name=name, domains=["*"], routes=[route])
    return HttpConnectionManager(
        stat_prefix="proxy",
        codec_type=HttpConnectionManagerCodecType.HTTP1,
        stream_idle_timeout=seconds(0),
        generate_request_id=False,
        route_config=RouteConfiguration(name=name, virtual_hosts=[host]),
        upgrade_configs=[HttpConnectionManagerUpgradeConfig(upgrade_type=CONNECT)],
        http_filters=[http_filter(ROUTER, Router(suppress_envoy_headers=True))],
    )


def _who(authorization: str) -> list[HeaderValueOption]:
    """Envoy reads a percent sign as the beginning of a word of its own; Base64 has none."""
    if not authorization:
        return []
    return [
        HeaderValueOption(
            header=HeaderValue(key="proxy-authorization", value=authorization),
            append_action=HeaderValueOptionHeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
        )
    ]
