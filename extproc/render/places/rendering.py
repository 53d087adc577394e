"""A place's rendering, put together from all that it takes."""

import os
from collections.abc import Mapping, Sequence

from extproc.credentials.secrets import authorizations, client_keys
from extproc.exchange.compile import limits
from extproc.render.guest import DOMAIN
from extproc.render.parts import parts
from extproc.render.places import compose, envoy_gateway, google, istio, kubernetes
from extproc.render.places.objects import Rendering
from extproc.render.places.pod import Source
from extproc.render.tls import SYSTEM_CA

MESHES = {"istio": istio.render, "envoy-gateway": envoy_gateway.render}
WHOLE = {"kubernetes": kubernetes.render, "compose": compose.render}


def rendering(
    place: str,
    source: Source,
    domains: Sequence[str] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Rendering:
    """What to apply there; raises ConfigError, Unresolved, Impossible.

    `domains` are served where the Envoy has others, too.
    """
    if place in WHOLE:
        return WHOLE[place](source)
    if place == "gcp":
        return google.render(source, domains or (DOMAIN,))
    gateway = source.gateway
    bounds = limits(gateway)
    made = parts(
        gateway,
        client_keys=client_keys(gateway, source.path, environ),
        limits=bounds,
        ca=SYSTEM_CA[0],
        prefix=gateway.listen.prefix,
        authorizations=authorizations(gateway, environ),
    )
    return MESHES[place](source, made, bounds, domains or (DOMAIN,))
