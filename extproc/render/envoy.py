"""gateway.yaml → a complete bootstrap of Envoy, as commented YAML."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from envoy_data_plane.envoy.config.bootstrap.v3 import (
    Admin,
    Bootstrap,
    BootstrapStaticResources,
)
from envoy_data_plane.envoy.config.listener.v3 import Listener
from envoy_data_plane.envoy.config.overload.v3 import OverloadManager, ResourceMonitor
from envoy_data_plane.envoy.extensions.resource_monitors.downstream_connections.v3 import (
    DownstreamConnectionsConfig,
)

from extproc.config.gateway import Gateway
from extproc.ratelimit.limit import Limit
from extproc.render.clusters import provider_cluster
from extproc.render.comments import HEAD, notes
from extproc.render.filters import ClientKeys
from extproc.render.forms import local_replies
from extproc.render.listener import listener
from extproc.render.routes import route_configuration
from extproc.render.services import limiter_cluster, server_cluster
from extproc.render.side import loopback
from extproc.render.talks import session_clusters
from extproc.render.text import Writer, comment
from extproc.render.tls import system_ca
from extproc.render.typed import Json, packed, plain, socket
from extproc.render.upstream import Members, clusters_of, fanning

MAX_CONNECTIONS = 50_000


def render(
    gateway: Gateway,
    *,
    client_keys: ClientKeys | None = None,
    limits: Sequence[Limit] = (),
    ca: str | None = None,
    prefix: str = "",
) -> str:
    """The bootstrap as YAML.

    `client_keys` are client names and their keys, which the text then holds; None where everybody
    may call. `limits` are those of the gateway, compiled. `ca` is the file of the authorities that
    Envoy's machine trusts; None: as on this machine. Below the path `prefix`, such as `/ai`,
    everything is found, too; it is made of URL characters that mean nothing in Lua.
    """
    assert re.fullmatch(r"(?:/[A-Za-z0-9._~-]+)*", prefix), prefix
    clusters = {**clusters_of(gateway), **dict(session_clusters(gateway))}
    frame = listener(gateway, client_keys, limits, prefix=prefix)
    document = plain(_bootstrap(gateway, clusters, frame, limits, ca or system_ca()))
    # Plain data, for their parts refer to the same few objects, which typed messages cannot.
    authenticated = client_keys is not None
    routes = route_configuration(gateway, limits, authenticated=authenticated, prefix=prefix)
    replies = local_replies(gateway.envoy.max_body_bytes, prefix)
    _manager(document).update(route_config=routes, local_reply_config=replies.config)
    writer = Writer(
        notes(clusters, dict(session_clusters(gateway))), {**_anchors(routes), **replies.anchors}
    )
    head = "".join(f"{line}\n" for line in comment(HEAD))
    return f"{head}\n{writer.write(document)}"


def _bootstrap(
    gateway: Gateway,
    clusters: dict[str, Members],
    frame: Listener,
    limits: Sequence[Limit],
    ca: str,
) -> Bootstrap:
    services = [server_cluster(gateway.extproc)]
    if limits:
        services.append(limiter_cluster(gateway.extproc))
    providers = [
        provider_cluster(gateway, name, group, ca=ca, limited=bool(limits))
        for name, group in clusters.items()
    ]
    return Bootstrap(
        admin=Admin(address=socket("127.0.0.1", gateway.envoy.admin_port)),
        overload_manager=_overload(),
        static_resources=BootstrapStaticResources(
            listeners=[frame, *([loopback(gateway)] if fanning(gateway) else [])],
            clusters=[*services, *providers],
        ),
    )


def _overload() -> OverloadManager:
    return OverloadManager(
        resource_monitors=[
            ResourceMonitor(
                name="envoy.resource_monitors.global_downstream_max_connections",
                typed_config=packed(
                    DownstreamConnectionsConfig(max_active_downstream_connections=MAX_CONNECTIONS)
                ),
            )
        ]
    )


def _manager(document: Json) -> Json:
    chain = document["static_resources"]["listeners"][0]["filter_chains"][0]
    manager: Json = chain["filters"][0]["typed_config"]
    return manager


def _anchors(routes: Json) -> dict[int, str]:
    """Actions that several models share."""
    seen: dict[int, int] = {}
    for action in _actions(routes):
        seen[id(action)] = seen.get(id(action), 0) + 1
    shared = [identity for identity, times in seen.items() if times > 1]
    return {identity: f"route-{number}" for number, identity in enumerate(shared, 1)}


def _actions(value: Any) -> Iterator[Json]:
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
