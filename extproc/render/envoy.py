"""gateway.yaml → a bootstrap of Envoy, as commented YAML: the whole, or one that asks for it."""

from collections.abc import Sequence

from envoy_data_plane.envoy.config.bootstrap.v3 import (
    Admin,
    Bootstrap,
    BootstrapDynamicResources,
    BootstrapStaticResources,
)
from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.config.core.v3 import (
    AggregatedConfigSource,
    ApiConfigSource,
    ApiConfigSourceApiType,
    ApiVersion,
    BackoffStrategy,
    ConfigSource,
    GrpcService,
    GrpcServiceEnvoyGrpc,
    Node,
    RetryPolicy,
)
from envoy_data_plane.envoy.config.overload.v3 import OverloadManager, ResourceMonitor
from envoy_data_plane.envoy.extensions.resource_monitors.downstream_connections.v3 import (
    DownstreamConnectionsConfig,
)

from extproc.config.gateway import Gateway
from extproc.ratelimit.limit import Limit
from extproc.render.comments import HEAD, SMALL, notes
from extproc.render.connecting import Authorizations
from extproc.render.filters import ClientKeys
from extproc.render.parts import NOBODY, Parts, manager_of, parts
from extproc.render.routes import anchors
from extproc.render.services import (
    XDS_CLUSTER,
    Elsewhere,
    limiter_cluster,
    server_cluster,
    xds_cluster,
)
from extproc.render.text import Writer, comment
from extproc.render.typed import Json, packed, plain, seconds, socket

MAX_CONNECTIONS = 50_000
CLUSTER_OF_ENVOYS = "ai-gateway"
"""`node.cluster`."""


# https://www.envoyproxy.io/docs/envoy/latest/configuration/operations/runtime
LARGEST = 10_000
RUNTIME: Json = {
    "layers": [
        {
            "name": "static",
            "static_layer": dict.fromkeys(
                (f"re2.max_program_size.{level}_level" for level in ("error", "warn")), LARGEST
            ),
        },
        {"name": "admin", "admin_layer": {}},
    ]
}


def render(  # noqa: PLR0913  (each is a part of what is rendered)
    gateway: Gateway,
    *,
    client_keys: ClientKeys | None = None,
    limits: Sequence[Limit] = (),
    ca: str | None = None,
    prefix: str = "",
    authorizations: Authorizations = NOBODY,
) -> str:
    """The complete bootstrap as YAML; what is asked for is as `parts` has it.

    Where clients need keys, the text holds them.
    """
    made = parts(
        gateway,
        client_keys=client_keys,
        limits=limits,
        ca=ca,
        prefix=prefix,
        authorizations=authorizations,
    )
    services = [server_cluster(gateway.extproc)]
    if limits:
        services.append(limiter_cluster(gateway.extproc))
    document = plain(
        Bootstrap(
            admin=_admin(gateway),
            overload_manager=_overload(),
            static_resources=BootstrapStaticResources(clusters=[*services, *made.clusters]),
        )
    )
    document["layered_runtime"] = RUNTIME
    listeners, shared = whole_listeners(made)
    document["static_resources"] = {**listeners, **document["static_resources"]}
    return text_of(HEAD, Writer(notes(made.groups, made.sessions), shared).write(document))


def whole_listeners(made: Parts) -> tuple[Json, dict[int, str]]:
    """The listeners with routes and replies, and names for what stands in several places."""
    found = plain(made.listener)
    manager_of(found).update(route_config=made.routes, local_reply_config=made.replies.config)
    listeners = [found, *map(plain, made.inner)]
    return {"listeners": listeners}, {**anchors(made.routes), **made.replies.anchors}


def render_small(gateway: Gateway, node: str = "envoy", elsewhere: Elsewhere | None = None) -> str:
    """A bootstrap that asks the server for all that gateway.yaml says, and hears of each change.

    `node` is the name by which the server's log knows this Envoy; `elsewhere`: not the server
    beside it is asked, but that one.
    """
    document = plain(
        Bootstrap(
            node=Node(id=node, cluster=CLUSTER_OF_ENVOYS),
            admin=_admin(gateway),
            overload_manager=_overload(),
            dynamic_resources=_asking(),
            static_resources=BootstrapStaticResources(clusters=_own(gateway, elsewhere)),
        )
    )
    document["layered_runtime"] = RUNTIME
    return text_of(SMALL, Writer(notes({}, {}), {}).write(document))


def text_of(head: str, body: str) -> str:
    """A document below what its head says."""
    return "".join(f"{line}\n" for line in comment(head)) + f"\n{body}"


def _own(gateway: Gateway, elsewhere: Elsewhere | None) -> list[Cluster]:
    """The server's, which are where they are: filters find them only if they were there first."""
    settings = gateway.extproc
    asked = xds_cluster(settings, elsewhere)
    return [server_cluster(settings), limiter_cluster(settings), asked]


def _admin(gateway: Gateway) -> Admin:
    return Admin(address=socket("127.0.0.1", gateway.envoy.admin_port))


def _asking() -> BootstrapDynamicResources:
    from_server = ConfigSource(ads=AggregatedConfigSource(), resource_api_version=ApiVersion.V3)
    # Envoy's own patience grows to half a minute: too long after a restart of the server.
    again = RetryPolicy(
        retry_back_off=BackoffStrategy(base_interval=seconds(0.2), max_interval=seconds(2))
    )
    server = GrpcService(
        envoy_grpc=GrpcServiceEnvoyGrpc(cluster_name=XDS_CLUSTER, retry_policy=again)
    )
    return BootstrapDynamicResources(
        ads_config=ApiConfigSource(
            api_type=ApiConfigSourceApiType.DELTA_GRPC,
            transport_api_version=ApiVersion.V3,
            set_node_on_first_message_only=True,
            grpc_services=[server],
        ),
        cds_config=from_server,
        lds_config=from_server,
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
