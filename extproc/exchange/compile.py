"""gateway.yaml → what the hot path holds: plans, and the secrets that they name."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from extproc.config import Gateway, digest
from extproc.config.backend import Backend
from extproc.config.credential import ApiKey, Aws, FromRequest, Gcp
from extproc.config.resources import Resources, must_sign, offers
from extproc.config.route import Route as RouteConfig
from extproc.credentials.secrets import Weighted
from extproc.exchange.keeping import SECRET, Keeping
from extproc.exchange.plan import Plan
from extproc.exchange.served import Route, Served, filled
from extproc.ratelimit.limit import UNITS, Limit, identity
from providers.bridging.quirks import Quirks
from providers.catalog import PROVIDERS
from providers.operations import Operation
from providers.usage import Price
from providers.vendors.provider import Provider
from providers.wire.budget import Bounds

KEY_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
"""Where a client's own key may stand; the first that is there is taken."""

OPTIONS = ("region", "project", "instance", "api_version")


def compile_plan(gateway: Gateway, created: int = 0) -> Plan:
    """The plan of a configuration that has no problems; `created` dates its models."""
    backends = {name: served(name, backend) for name, backend in gateway.backends.items()}
    routes = [_route(route) for route in gateway.routes]
    bounds = Bounds(size=gateway.envoy.max_body_bytes, values=gateway.extproc.max_values)
    return Plan(
        backends,
        routes,
        hash=digest(gateway),
        created=created,
        bounds=bounds,
        keeping=keeping(gateway, backends),
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
    )


def signs(gateway: Gateway) -> bool:
    """Whether ids of what is kept carry their backend."""
    needed = must_sign(offers(gateway.backends), has_clients=gateway.clients is not None)
    return needed and gateway.resources is not None and bool(gateway.resources.secret)


def served(name: str, backend: Backend) -> Served:
    """One backend, for all routes."""
    provider = PROVIDERS[backend.provider]
    base = base_url(backend, provider)
    credential = backend.credential
    header = credential.header if isinstance(credential, FromRequest) else None
    own = credential.fallback if isinstance(credential, FromRequest) else credential
    forwards = own == "forward"
    return Served(
        name=name,
        provider=provider,
        authority=base.netloc,
        prefix=base.path.rstrip("/"),
        options=_options(backend),
        paths={operation: str(path) for operation, path in backend.paths.items()},
        headers=tuple({**provider.headers, **backend.headers}.items()),
        dialects=_dialects(backend.dialect, provider),
        operations=None if backend.operations is None else frozenset(backend.operations),
        signer=provider.signer if credential not in (None, "none") else None,
        client_keys=(*((header,) if header else ()), *(KEY_HEADERS if forwards else ())),
        has_secret=isinstance(own, ApiKey | Aws | Gcp),
        passes=tuple(map(str, backend.forward_headers)),
        estimates=backend.estimate_counts,
        family=backend.family or "",
    )


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


def _route(route: RouteConfig) -> Route:
    price = route.price
    edits = route.request
    return Route(
        models=tuple(route.models),
        upstream={entry.backend: entry.model or "" for entry in route.backends},
        families={entry.backend: entry.family for entry in route.backends if entry.family},
        quirks=Quirks(
            defaults=edits.defaults,
            override=edits.override,
            drop_tools=edits.vendor_tools == "drop",
            remove=tuple(tuple(path.split(".")) for path in edits.remove),
        ),
        price=Price() if price is None else Price(**price.model_dump()),
    )


def wanted_secrets(gateway: Gateway) -> dict[str, tuple[Weighted, ...]]:
    """Backend → its credentials, as references."""
    wanted: dict[str, tuple[Weighted, ...]] = {}
    for name, backend in gateway.backends.items():
        credential = backend.credential
        if isinstance(credential, FromRequest):
            credential = credential.fallback
        if isinstance(credential, ApiKey):
            wanted[name] = tuple(
                Weighted({"key": str(key.ref)}, key.weight) for key in credential.api_key
            )
        elif isinstance(credential, Aws):
            wanted[name] = (_aws(credential, backend),)
        elif isinstance(credential, Gcp):
            token = credential.gcp.access_token
            wanted[name] = (Weighted({} if token is None else {"key": str(token)}),)
    if gateway.resources is not None and gateway.resources.secret:
        signing, *older = map(str, gateway.resources.secret)
        parts = {"key": signing, **{f"older{n}": ref for n, ref in enumerate(older)}}
        wanted[SECRET] = (Weighted(parts),)
    return wanted


def _aws(credential: Aws, backend: Backend) -> Weighted:
    parts = {
        "access_key_id": credential.aws.access_key_id,
        "secret_access_key": credential.aws.secret_access_key,
        "session_token": credential.aws.session_token,
        "bearer": credential.aws.bearer,
    }
    named = {part: str(reference) for part, reference in parts.items() if reference is not None}
    return Weighted(named, plain={"region": backend.region or ""})


def limits(gateway: Gateway) -> list[Limit]:
    """The limits, each under a name that stays when others come and go."""
    found: dict[str, Limit] = {}
    for entry in gateway.limits:
        for unit in UNITS:
            amount = entry.amounts.get(unit)
            if amount is None:
                continue
            name = identity(entry.per, unit, entry.every, entry.models, found)
            found[name] = Limit(
                name=name,
                per=tuple(entry.per),
                unit=unit,
                amount=amount,
                every=entry.every,
                models=tuple(entry.models),
            )
    return list(found.values())
