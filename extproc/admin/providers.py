"""A backend of gateway.yaml as the management API tells it."""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path

from extproc.admin.health import Trouble, Troubles
from extproc.admin.models import (
    Concurrency,
    CustomProviderConfig,
    NetworkConfig,
    Provider,
    ProxyConfig,
)
from extproc.admin.requests import allowed, overrides
from extproc.config import Gateway, bounded
from extproc.config.authorities import certificates
from extproc.config.backend import Backend, BackendTls
from extproc.config.credential_rules import uninstalled
from extproc.config.proxy import Proxy
from extproc.config.references import unresolved
from extproc.config.retries import settled
from extproc.config.route import Route, RouteBackend
from extproc.exchange.compile import base_url
from providers.catalog import PROVIDERS

UNBOUNDED = 2**32 - 1
"""What Envoy is told where there is no bound."""
NONE: Troubles = {}
FINE = Trouble("success", "", fatal=False)
LONGEST = 256 * 1024
"""Bytes of a file of authorities that are shown."""
PATIENCE = 0.2
"""Seconds that such a file may take to be read."""


def provider(
    name: str,
    gateway: Gateway,
    environment: Mapping[str, str] = os.environ,
    troubles: Troubles = NONE,
) -> Provider | None:
    """The backend `name`; None where there is none."""
    backend = gateway.backends.get(name)
    if backend is None:
        return None
    routes = [route for route in gateway.routes if _leads(route, name)]
    missing = lacking(name, backend, environment)
    trouble = (
        Trouble("credential_missing", "; ".join(missing), fatal=True)
        if missing
        else troubles.get(name, FINE)
    )
    bound = backend.max_in_flight or UNBOUNDED
    return Provider(
        name=name,
        network_config=_network(name, gateway, backend, routes),
        concurrency_and_buffer_size=Concurrency(concurrency=bound, buffer_size=bound),
        send_back_raw_request=backend.send_back_raw_request,
        send_back_raw_response=backend.send_back_raw_response,
        store_raw_request_response=backend.store_raw,
        proxy_config=_proxy(backend),
        custom_provider_config=CustomProviderConfig(
            is_key_less=backend.credential in (None, "none"),
            base_provider_type=backend.provider,
            allowed_requests=allowed(backend),
            request_path_overrides=overrides(backend),
        ),
        provider_status="error" if trouble.fatal else "active",
        status=trouble.status,
        description=trouble.text or backend.description or "",
        config_hash=config_hash(name, backend, routes),
    )


def providers(
    gateway: Gateway,
    environment: Mapping[str, str] = os.environ,
    troubles: Troubles = NONE,
) -> list[Provider]:
    """All of them."""
    found = (provider(name, gateway, environment, troubles) for name in gateway.backends)
    return [one for one in found if one is not None]


def _leads(route: Route, name: str) -> bool:
    return any(entry.backend == name for entry in route.backends)


def _network(name: str, gateway: Gateway, backend: Backend, routes: list[Route]) -> NetworkConfig:
    timeouts = gateway.envoy.timeouts
    patience = backend.timeouts.per_try or timeouts.per_try or timeouts.request
    # Where no route leads to it, what one to it alone would do.
    alone = Route(models=("m",), backends=(RouteBackend(backend=name),))
    busiest = max(routes or [settled(alone, {name: backend})], key=lambda route: route.attempts)
    return NetworkConfig(
        base_url=base_url(backend, PROVIDERS[backend.provider]).geturl(),
        extra_headers={str(name): str(value) for name, value in backend.headers.items()},
        default_request_timeout_in_seconds=math.ceil(patience),
        max_retries=busiest.attempts - 1,
        retry_backoff_initial=_milliseconds(busiest.retry.backoff),
        retry_backoff_max=_milliseconds(busiest.retry.max_backoff),
        insecure_skip_verify=backend.tls.insecure,
        ca_cert_pem=_trusted(backend.tls),
        allow_private_network=backend.private_network,
    )


def _proxy(backend: Backend) -> ProxyConfig:
    proxy = backend.proxy
    if proxy is None:
        return ProxyConfig()
    return ProxyConfig(url=proxy.url, username=proxy.username or "", ca_cert_pem=_trusted(proxy))


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _trusted(who: BackendTls | Proxy) -> str:
    """The authorities that are trusted; of a file that may hold more, what is public."""
    if who.ca is None:
        return who.ca_pem or ""
    try:
        text = bounded.read(Path(who.ca), LONGEST, PATIENCE).decode("ascii", "replace")
    except OSError:
        return ""
    return certificates(text)


def lacking(name: str, backend: Backend, environment: Mapping[str, str]) -> list[str]:
    """What the backend needs and has not, in words that hold no secret."""
    missing = [flaw.message for flaw in unresolved(backend, environment)]
    return missing or [flaw.message for flaw in uninstalled({name: backend})]


def config_hash(name: str, backend: Backend, routes: list[Route]) -> str:
    """Changes when anything does that a backend's answer is made of; secrets are no part of it."""
    said = {
        "name": name,
        "backend": backend.model_dump(mode="json"),
        "routes": [route.model_dump(mode="json") for route in routes],
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
