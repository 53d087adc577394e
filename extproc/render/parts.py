"""What Envoy needs for a gateway.yaml: the parts, however they reach it."""

import re
from collections.abc import Collection, Sequence

import msgspec
from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.config.listener.v3 import Listener

from extproc.config.gateway import Gateway
from extproc.ratelimit.limit import Limit
from extproc.render.clusters import provider_cluster, proxy_clusters
from extproc.render.connecting import Authorizations, listeners
from extproc.render.filters import ClientKeys
from extproc.render.forms import LocalReplies, local_replies
from extproc.render.listener import listener
from extproc.render.routes import route_configuration
from extproc.render.side import loopback
from extproc.render.talks import session_clusters
from extproc.render.tls import system_ca
from extproc.render.tokens import issuers, shows_tokens
from extproc.render.tracing import collector
from extproc.render.typed import Json
from extproc.render.upstream import Group, asked_aside, clusters_of

NOBODY: Authorizations = {}


class Parts(msgspec.Struct, frozen=True):
    """Routes and replies are plain data, for their parts refer to the same few objects, which
    typed messages cannot."""

    listener: Listener
    """Where clients come in; its manager has neither the routes nor the replies yet."""
    inner: list[Listener]
    """Nobody's but the gateway's: where the server's own requests come in, and connections by
    proxies, if there are any."""
    groups: dict[str, Group]
    """Name of a cluster → the backends in it."""
    sessions: dict[str, Group]
    """Those of `groups` that are for sessions."""
    providers: list[Cluster]
    collector: Cluster | None
    """Who takes Envoy's own spans, if it makes any."""
    routes: Json
    replies: LocalReplies

    @property
    def clusters(self) -> list[Cluster]:
        """All but the server's."""
        return [*self.providers, *([self.collector] if self.collector else [])]


def parts(  # noqa: PLR0913  (each is a part of what is rendered)
    gateway: Gateway,
    *,
    client_keys: ClientKeys | None = None,
    limits: Sequence[Limit] = (),
    ca: str | None = None,
    prefix: str = "",
    authorizations: Authorizations = NOBODY,
    lacking: Collection[str] = (),
) -> Parts:
    """All parts.

    `client_keys` are client names and their keys; None where everybody may call. `limits` are
    those of the gateway, compiled. `ca` is the file of the authorities that Envoy's machine trusts;
    None: as on this machine. Below the path `prefix`, such as `/ai`, everything is found, too; it
    is made of URL characters that mean nothing in Lua. `authorizations` is what proxies are told;
    `lacking` are backends that are not to be asked now, where a route has others.
    """
    assert re.fullmatch(r"(?:/[A-Za-z0-9._~-]+)*", prefix), prefix
    sessions = dict(session_clusters(gateway))
    groups = {**clusters_of(gateway), **sessions}
    trusted = ca or system_ca()
    authenticated = client_keys is not None
    return Parts(
        listener=listener(gateway, client_keys, limits, prefix=prefix),
        inner=[
            *([loopback(gateway)] if asked_aside(gateway) else []),
            *listeners(gateway, authorizations),
        ],
        groups=groups,
        sessions=sessions,
        providers=[
            *(
                provider_cluster(
                    gateway, name, group, ca=trusted, limited=bool(limits), lacking=lacking
                )
                for name, group in groups.items()
            ),
            *proxy_clusters(gateway, trusted),
            *issuers(gateway, ca=trusted),
        ],
        collector=collector(gateway, ca=trusted),
        routes=route_configuration(gateway, limits, authenticated=authenticated, prefix=prefix),
        replies=local_replies(gateway.envoy.max_body_bytes, prefix, tokens=shows_tokens(gateway)),
    )


def manager_of(listener: Json) -> Json:
    """The connection manager of a rendered listener."""
    found: Json = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return found
