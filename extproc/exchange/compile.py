"""gateway.yaml → what the hot path holds: plans, and the secrets that they name."""

from collections.abc import Mapping
from math import inf
from typing import Any
from urllib.parse import urlsplit

from extproc.config import Gateway, digest
from extproc.config.backend import Backend
from extproc.config.credential import ApiKey, Aws, AwsHeaders, Entra, FromRequest, Gcp, OAuth
from extproc.config.edits import Most, RequestEdits
from extproc.config.passthrough import allowed
from extproc.config.patterns import split
from extproc.config.resources import Offers, Resources, merged, must_sign, offers
from extproc.config.route import Route as RouteConfig
from extproc.config.shadow import SHADOW
from extproc.credentials.identity import Wanted, identity_of
from extproc.credentials.secrets import Weighted
from extproc.exchange.again import Again, again
from extproc.exchange.dues import tolls
from extproc.exchange.keeping import SECRET, Keeping
from extproc.exchange.plan import Plan
from extproc.exchange.policy import Policy
from extproc.exchange.prices import Prices, price_of
from extproc.exchange.reserved import at_first
from extproc.exchange.sent_back import REQUEST, RESPONSE
from extproc.exchange.served import Route, Served, Share, filled
from extproc.ratelimit.limit import UNITS, Limit, identity
from providers.bridging.caps import Cap
from providers.bridging.plain import PlainDialect
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, PROVIDERS
from providers.operations import Operation
from providers.signing.aws_sigv4 import aws_sigv4, region_of
from providers.signing.sign import Signer, or_bearer
from providers.vendors.provider import Provider
from providers.wire.budget import Bounds

KEY_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key", "xi-api-key")
"""Where a client's own key may stand; the first that is there is taken."""

OPTIONS = ("region", "project", "instance", "api_version")


def compile_plan(gateway: Gateway, created: int = 0, now: float = inf, hash: str = "") -> Plan:
    """The plan of a configuration that has no problems; `created` dates its models, and prices are
    those of `now`, seconds since the epoch. `hash` is its digest, if that is known."""
    backends = {name: served(name, backend) for name, backend in gateway.backends.items()}
    copied = {route.shadow.backend for route in gateway.routes if route.shadow}
    owed = limits(gateway) if gateway.limiter.sessions else []
    edits = Edits()
    routes = [_route(gateway, route, owed, edits) for route in gateway.routes]
    bounds = Bounds(size=gateway.envoy.max_body_bytes, values=gateway.extproc.max_values)
    return Plan(
        {**backends, **{name + SHADOW: backends[name] for name in copied}},
        routes,
        hash=hash or digest(gateway),
        created=created,
        bounds=bounds,
        prices=Prices(gateway.listed, now),
        keeping=keeping(gateway, backends),
        default=gateway.default_model or "",
        reserves=gateway.limiter.reserve and any(entry.cost_usd for entry in gateway.limits),
    )


def keeping(gateway: Gateway, backends: Mapping[str, Served]) -> Keeping:
    """What backends keep for clients."""
    settings = gateway.resources or Resources()
    signed = signs(gateway)
    apart = gateway.clients is not None and not settings.shared
    return Keeping(
        backends,
        offers(gateway.backends),
        signed=signed,
        apart=signed and apart,
        url=str(settings.url or "").rstrip("/"),
        merges=merges(gateway),
    )


def merges(gateway: Gateway) -> Offers:
    """Kind of what is kept → the backends whose lists become one; none where a list would show what
    other clients keep."""
    settings = gateway.resources or Resources()
    apart = gateway.clients is not None and not settings.shared
    offered = offers(gateway.backends)
    return merged(offered, gateway.backends) if signs(gateway) and not apart else {}


def signs(gateway: Gateway) -> bool:
    """Whether ids of what is kept carry their backend."""
    needed = must_sign(offers(gateway.backends), has_clients=gateway.clients is not None)
    return needed and gateway.resources is not None and bool(gateway.resources.secret)


def served(name: str, backend: Backend) -> Served:
    """One backend, for all routes."""
    provider = PROVIDERS[backend.provider]
    base = base_url(backend, provider)
    credential = backend.credential
    own = _own(backend)
    forwards = own == "forward"
    parts = _client_parts(credential, provider)
    return Served(
        name=name,
        provider=provider,
        authority=base.netloc,
        prefix=base.path.rstrip("/"),
        options=_options(backend),
        paths={operation: str(path) for operation, path in backend.paths.items()},
        headers=tuple(
            {**provider.headers, **backend.headers, **backend.request.headers.set}.items()
        ),
        dialects=_dialects(backend.dialect, provider),
        operations=None if backend.operations is None else frozenset(backend.operations),
        signer=_signer(provider, own) if credential not in (None, "none") else None,
        client_keys=(*parts.values(), *(KEY_HEADERS if forwards else ())),
        client_parts=parts if provider.signer is aws_sigv4 else {},
        client_plain=_aws_plain(backend) if provider.signer is aws_sigv4 else {},
        has_secret=isinstance(own, ApiKey | Aws | Gcp | Entra | OAuth),
        passes=tuple(map(str, backend.forward_headers)),
        fan_out=backend.fan_out,
        bucket=backend.bucket or "",
        through=tuple(map(allowed, backend.passthrough)),
        estimates=backend.estimate_counts,
        family=backend.family or "",
        quirks=_quirks(backend.request),
        policy=_policy(backend),
        price=price_of(backend.price) if backend.price else None,
        probe=(backend.probe.path or "") if backend.probe else "",
        sends_back=_sends_back(backend),
    )


def _sends_back(backend: Backend) -> frozenset[str]:
    said = {REQUEST: backend.send_back_raw_request, RESPONSE: backend.send_back_raw_response}
    return frozenset(name for name, wanted in said.items() if wanted)


def fans_out(backend: Backend) -> bool:
    """Whether one request to it may become several."""
    provider = PROVIDERS[backend.provider]
    allowed = backend.operations is None or Operation.EMBEDDINGS in backend.operations
    names = provider.dialects.get(Operation.EMBEDDINGS, ()) if allowed else ()
    forms = [provider.forms.get(name) or DIALECTS[name] for name in names]
    return backend.fan_out and any(isinstance(f, PlainDialect) and f.most for f in forms)


def holds_sessions(backend: Backend) -> bool:
    """Whether a backend holds sessions."""
    allowed = backend.operations is None or Operation.REALTIME in backend.operations
    return allowed and bool(PROVIDERS[backend.provider].sessions)


def _own(backend: Backend) -> object:
    """The gateway's own credential."""
    credential = backend.credential
    return credential.fallback if isinstance(credential, FromRequest) else credential


def is_pooled(backend: Backend) -> bool:
    """Whether another key may do where one is refused."""
    own = _own(backend)
    return isinstance(own, ApiKey) and len(own.api_key) > 1


def _signer(provider: Provider, own: object) -> Signer:
    tokens = isinstance(own, Gcp | Entra | OAuth)
    return or_bearer(provider.signer) if tokens else provider.signer


def _client_parts(credential: object, provider: Provider) -> dict[str, str]:
    """Part of a credential that comes with each request → its header."""
    if not isinstance(credential, FromRequest):
        return {}
    header = credential.header
    if isinstance(header, AwsHeaders):
        named = {part: getattr(header, part) for part in type(header).model_fields}
        return {part: name for part, name in named.items() if name is not None}
    return {"bearer" if provider.signer is aws_sigv4 else "key": header}


def _aws_plain(backend: Backend) -> dict[str, str]:
    return {"region": _region(backend)}


def _region(backend: Backend) -> str:
    """As configured, or as the host tells it."""
    host = urlsplit(backend.base_url or "").hostname or ""
    return backend.region or region_of(host)


def base_url(backend: Backend, provider: Provider) -> Any:
    """Scheme, host, port and perhaps a path."""
    own = provider.regions.get(backend.region or "", provider.base_url)
    return urlsplit(backend.base_url or filled(own, _options(backend)))


def _options(backend: Backend) -> dict[str, str]:
    """The backend's options, which the configuration's rules have checked."""
    return {name: getattr(backend, name) or "" for name in OPTIONS}


def _dialects(
    chosen: str | Mapping[Operation, str] | None, provider: Provider
) -> Mapping[Operation, str]:
    """Operation → dialect; a bare name holds for every operation that is spoken in it."""
    if isinstance(chosen, str):
        spoken = provider.dialects.items()
        return {operation: chosen for operation, names in spoken if chosen in names}
    return chosen or {}


def clients_of(gateway: Gateway, route: RouteConfig) -> frozenset[str] | None:
    """The clients that may use a route's models; None: all."""
    if route.clients is None or gateway.clients is None:
        return None
    return gateway.clients.named(route.clients)


def exact_names(route: RouteConfig) -> list[str] | None:
    """The models that lead to a route; None where it has a pattern."""
    patterns = [split(model) for model in route.models]
    exact = all(pattern.kind == "exact" for pattern in patterns)
    return [pattern.text for pattern in patterns] if exact else None


class Edits:
    """What routes do to requests and answers; most do the same, which is then made once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[Quirks, Policy]] = {}

    def of(self, route: RouteConfig) -> tuple[Quirks, Policy]:
        """Of a route of a configuration that lives as long as this."""
        key = id(route.request), id(route.response)
        known = self._known.get(key)
        if known is None:
            quirks = _quirks(route.request, drop_tools=route.request.vendor_tools == "drop")
            known = self._known[key] = quirks, _policy(route)
        return known


def _route(gateway: Gateway, route: RouteConfig, owed: list[Limit], edits: Edits) -> Route:
    quirks, policy = edits.of(route)
    clients = clients_of(gateway, route)
    return Route(
        models=tuple(route.models),
        upstream={entry.backend: entry.model or "" for entry in route.backends},
        shares={entry.backend: Share(entry.priority, entry.weight) for entry in route.backends},
        families={entry.backend: entry.family for entry in route.backends if entry.family},
        quirks=quirks,
        policy=policy,
        clients=clients,
        price=price_of(route.price) if route.price else None,
        again=_again(route),
        lossless=route.lossless,
        by_pace=route.balance.policy == "latency",
        tolls=tolls(owed, exact_names(route)) if owed else (),
        reserved=at_first(gateway, route),
        shadow=_shadow(route, clients, edits),
    )


def _shadow(route: RouteConfig, clients: frozenset[str] | None, edits: Edits) -> Route | None:
    """The same for copies, which cost what their own backend says."""
    shadow = route.shadow
    if shadow is None:
        return None
    quirks, policy = edits.of(route)
    return Route(
        models=tuple(route.models),
        upstream={shadow.backend + SHADOW: shadow.model or ""},
        families={shadow.backend: shadow.family} if shadow.family else {},
        quirks=quirks,
        policy=policy,
        clients=clients,
    )


def _quirks(edits: RequestEdits, *, drop_tools: bool = False) -> Quirks:
    return Quirks(
        defaults=edits.defaults,
        override=edits.override,
        drop_tools=drop_tools,
        cache=edits.cache or "",
        remove=tuple(tuple(path.split(".")) for path in edits.remove),
    )


def _policy(edited: Backend | RouteConfig) -> Policy:
    request, response = edited.request, edited.response.headers
    return Policy(
        streams=request.stream != "deny",
        gathers=request.stream == "always",
        strict=request.losses == "refuse",
        caps={word: _cap(cap) for word, cap in request.limits.items()},
        longest=request.max_input_tokens or 0,
        sets=tuple(request.headers.set.items()),
        removes=frozenset(request.headers.remove),
        shows=tuple(response.set.items()),
        hides=response.remove,
    )


def _cap(cap: float | Most) -> Cap:
    most, refuse = (cap.most, cap.refuse) if isinstance(cap, Most) else (cap, False)
    return Cap(int(most) if most.is_integer() else most, refuse)


def _again(route: RouteConfig) -> Again:
    """Nothing is marked where no other attempt can follow."""
    several = route.attempts > 1
    conditions = route.retry.conditions(len(route.backends))
    return again(conditions, alone=route.lossless) if several else Again()


def wanted_secrets(gateway: Gateway) -> dict[str, tuple[Weighted, ...]]:
    """Backend → its credentials, as references and identities."""
    wanted = {
        name: _weighted(_own(backend), backend)
        for name, backend in gateway.backends.items()
        if isinstance(_own(backend), ApiKey | Aws | Gcp | Entra | OAuth)
    }
    if gateway.resources is not None and gateway.resources.secret:
        signing, *older = map(str, gateway.resources.secret)
        parts = {"key": signing, **{f"older{n}": ref for n, ref in enumerate(older)}}
        wanted[SECRET] = (Weighted(parts),)
    return wanted


def _weighted(credential: object, backend: Backend) -> tuple[Weighted, ...]:
    identity = identity_of(credential, _region(backend), backend.proxy)
    plain = _aws_plain(backend) if isinstance(credential, Aws) else {}
    if identity is not None:
        return (Weighted({}, plain=plain, identity=identity),)
    match credential:
        case ApiKey():
            return tuple(Weighted({"key": str(key.ref)}, key.weight) for key in credential.api_key)
        case Aws():
            return (Weighted(_aws(credential), plain=plain),)
        case Gcp():
            return (Weighted({"key": str(credential.gcp.access_token)}),)
    raise AssertionError("every other credential is an identity")


def _aws(credential: Aws) -> dict[str, str]:
    parts = {
        "access_key_id": credential.aws.access_key_id,
        "secret_access_key": credential.aws.secret_access_key,
        "session_token": credential.aws.session_token,
        "bearer": credential.aws.bearer,
    }
    return {part: str(reference) for part, reference in parts.items() if reference is not None}


def wanted_identities(gateway: Gateway) -> dict[str, Wanted]:
    """The identities that must be kept fresh, by their keys: one for all backends that say the
    same."""
    found: dict[str, Wanted] = {}
    for name, backend in gateway.backends.items():
        identity = identity_of(_own(backend), _region(backend), backend.proxy)
        if identity is not None:
            known = found.get(identity.key)
            backends = (*known.backends, name) if known else (name,)
            found[identity.key] = Wanted(identity, backends)
    return found


def limits(gateway: Gateway) -> list[Limit]:
    """The limits, each under a name that stays when others come and go."""
    found: dict[str, Limit] = {}
    for entry in gateway.limits:
        for unit in UNITS:
            amount = entry.amounts.get(unit)
            if amount is None:
                continue
            watched = ("shadow",) if entry.shadow else ()
            name = identity((*entry.per, *watched), unit, entry.every, entry.models, found)
            found[name] = Limit(
                name=name,
                per=tuple(entry.per),
                unit=unit,
                amount=amount,
                every=entry.every,
                models=tuple(entry.models),
                shadow=entry.shadow,
            )
    return list(found.values())
