"""What the model finder must know of what backends keep, and the route that leads there."""

import re
from collections.abc import Iterator, Sequence

from envoy_data_plane.envoy.config.route.v3 import HeaderMatcher, RouteAction, RouteMatch
from envoy_data_plane.envoy.config.route.v3 import Route as EnvoyRoute
from envoy_data_plane.google.protobuf import Any

from extproc.config.gateway import Gateway
from extproc.config.resources import Resources, must_sign, offers
from extproc.exchange.again import MARK
from extproc.exchange.compile import merges, signs
from extproc.exchange.ids import code_of
from extproc.exchange.side import CLUSTER_HEADER
from extproc.render.typed import seconds
from providers.bridging.jobs import Doing
from providers.bridging.resource import Kept
from providers.catalog import PROVIDERS, RESOURCES, kept_by

BELOW = "/models/*"
EMPTY_KEPT, EMPTY_BACKENDS = "local KEPT = {}", "local BACKENDS = {}"
EMPTY_PASSING = "local PASSING = {}"


def finder_tables(script: str, gateway: Gateway) -> str:
    """The finder's script with what it must know of this gateway."""
    known = {
        EMPTY_KEPT: dict(_kept(gateway)),
        EMPTY_BACKENDS: _codes(gateway),
        EMPTY_PASSING: {name: True for name, one in gateway.backends.items() if one.passthrough},
    }
    for empty, table in known.items():
        assert script.count(empty) == 1
        script = script.replace(empty, f"{empty.removesuffix('{}')}{_lua(table)}")
    return script


def _lua(value: object) -> str:
    """Plain data as Lua; every text in it is a name or a path."""
    if isinstance(value, dict):
        return "{" + ",".join(f"[{_lua(key)}]={_lua(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "{" + ",".join(map(_lua, value)) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    assert text.isprintable(), text
    assert not {*text} & {*'\\"'}, text
    return f'"{text}"'


def _kept(gateway: Gateway) -> Iterator[tuple[str, object]]:
    """Path → the kinds of what is kept there, those that a header tells first."""
    offered = offers(gateway.backends)
    found: dict[str, list[Kept]] = {}
    for name in offered:
        for place in RESOURCES[name].places:
            found.setdefault(place, []).append(RESOURCES[name])
    for place, kinds in sorted(found.items()):
        ordered = sorted(kinds, key=lambda kind: not kind.marked)
        shared = sum(place in kind.places for kind in RESOURCES.values()) > 1
        yield (
            place,
            [_kind(gateway, kind, offered[kind.name], marked=shared) for kind in ordered],
        )


def _kind(
    gateway: Gateway, kind: Kept, backends: tuple[str, ...], *, marked: bool
) -> dict[str, object]:
    default = _default(gateway, kind, backends)
    lacking = must_sign(
        {kind.name: backends}, has_clients=gateway.clients is not None
    ) and not signs(gateway)
    return {
        "header": kind.marked if marked else "",
        "name": kind.name,
        "backends": list(backends),
        **({"default": default} if default else {}),
        **({"unsigned": True} if lacking else {}),
        **(
            {"merged": _asker(_own(gateway, kind, joined) or joined, default)}
            if (joined := merges(gateway).get(kind.name))
            else {}
        ),
        **({"raw": True} if all(act.raw for act in kind.acts) else {}),
        **({"asks": asks} if (asks := _asks(gateway, kind, backends)) else {}),
    }


def _asker(some: Sequence[str], default: str | None) -> str:
    """Who is asked for the list of all."""
    return default if default and default in some else some[0]


def _own(gateway: Gateway, kind: Kept, backends: Sequence[str]) -> list[str]:
    """Those that have the kind's own format."""
    providers = {name: PROVIDERS[gateway.backends[name].provider] for name in backends}
    return [name for name, provider in providers.items() if kind.name in provider.keeps]


def _asks(gateway: Gateway, kind: Kept, backends: tuple[str, ...]) -> dict[str, object]:
    """The backends at which a GET becomes a POST."""
    own = {
        name: kept_by(PROVIDERS[gateway.backends[name].provider])[kind.name] for name in backends
    }
    doing = {name: one.doing for name, one in own.items() if one is not kind}
    return {name: True for name, one in doing.items() if isinstance(one, Doing) and one.body}


def _default(gateway: Gateway, kind: Kept, backends: tuple[str, ...]) -> str | None:
    """As configured; else the only one that has the kind's own format."""
    said = (gateway.resources or Resources()).default_of(kind.operation)
    if said in backends:
        return said
    own = _own(gateway, kind, backends)
    return own[0] if len(own) == 1 < len(backends) else None


def _codes(gateway: Gateway) -> dict[str, object]:
    """What stands for a backend in an id, where there are several."""
    names = sorted({name for names in offers(gateway.backends).values() for name in names})
    return {code_of(name): name for name in names} if signs(gateway) and len(names) > 1 else {}


def keepers(gateway: Gateway) -> list[str]:
    """The backends that may be asked without a model, in the order of the configuration: those that
    keep anything, or let paths of their own pass."""
    offered = {name for names in offers(gateway.backends).values() for name in names}
    backends = gateway.backends.items()
    return [name for name, backend in backends if name in offered or backend.passthrough]


def signed_urls(gateway: Gateway) -> Iterator[str]:
    """What URLs begin with that answers name, and that prove by themselves who may use them."""
    for name in offers(gateway.backends) if signs(gateway) else ():
        kind = RESOURCES[name]
        for act in kind.acts:
            for lead in act.leads:
                yield from (f"{prefix}{act.path}?{lead}=" for prefix in kind.prefixes)


def below_models(gateway: Gateway) -> list[str]:
    """Expressions of the places that are below a model, whichever it is."""
    kinds = [RESOURCES[name] for name in offers(gateway.backends)]
    found = {place for kind in kinds for place in kind.places if BELOW in place}
    return ["[^/]+".join(map(re.escape, place.split("*"))) for place in sorted(found)]


def has_pins(gateway: Gateway) -> bool:
    """Whether a request for a model may have to go to one backend of its route."""
    return bool(_codes(gateway))


def to_keeper(gateway: Gateway, limits: dict[str, Any]) -> EnvoyRoute:
    """The route of a request whose backend is known; `limits` are those of its filter."""
    timeouts = gateway.envoy.timeouts
    return EnvoyRoute(
        match=RouteMatch(
            prefix="/", headers=[HeaderMatcher(name=CLUSTER_HEADER, present_match=True)]
        ),
        route=RouteAction(
            cluster_header=CLUSTER_HEADER,
            timeout=seconds(timeouts.request),
            idle_timeout=seconds(timeouts.stream_idle),
        ),
        request_body_buffer_limit=gateway.envoy.max_body_bytes,
        response_headers_to_remove=[MARK],
        typed_per_filter_config=limits,
    )
