"""What stands in Envoy's own metadata instead of gateway.yaml, as a configuration.

In the namespace `ai.extproc` of an endpoint's, a cluster's, a route's or a virtual host's metadata
may stand a backend as gateway.yaml has it; on a route or a virtual host, too, what a route says, or
all `backends` and `routes`. Timeouts, retries, TLS and the like are Envoy's own there.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from extproc.config.credential import Aws, Entra, Gcp, OAuth, is_static
from extproc.config.gateway import Gateway
from extproc.config.load import Catalog, examine, unplaced, whole_numbers
from extproc.config.nameable import unnameable
from extproc.config.problem import ConfigError, Flaw, Location
from providers.catalog import PROVIDERS

Object = Mapping[str, Any]

NAMED = "backend"
"""The name of a backend, beside what it is, or instead."""
PROVIDER, BACKENDS, ROUTES, DEFAULT = "provider", "backends", "routes", "default_model"
LED = ("models", "model", "family")
"""What leads clients' models to the one backend there is."""
EDITS = ("request", "response", "price")
ROUTE_WORDS = frozenset({*LED, *EDITS, DEFAULT})
WHOLE_WORDS = frozenset({BACKENDS, ROUTES, DEFAULT})
OF_BACKENDS = (
    *("tls", "proxy", "timeouts", "max_in_flight", "ejection", "probe", "openai_batches"),
    "store_raw",
)
OF_ROUTES = ("balance", "retry", "shadow", "timeouts", "clients")
ENVOY_S = "has no meaning in metadata: Envoy's own configuration says that, or gateway.yaml"
STALE = "is a token that must be kept fresh, which only a backend of gateway.yaml has"
FRACTION = re.compile(r"-?[0-9]{1,15}\.[0-9]{1,15}")


class Described(msgspec.Struct, frozen=True):
    """A configuration, and which of its backends Envoy has chosen."""

    gateway: Gateway
    backend: str
    """Empty: the server chooses."""


class Objects(msgspec.Struct, frozen=True, kw_only=True):
    """What the metadata of one request's way say, under `ai.extproc`."""

    endpoint: Object = {}
    cluster: Object = {}
    route: Object = {}
    host: Object = {}

    @property
    def describes(self) -> bool:
        """Whether there is a configuration in it."""
        return any(PROVIDER in one or BACKENDS in one for one in self._all)

    @property
    def _all(self) -> tuple[Object, ...]:
        return self.endpoint, self.cluster, self.route, self.host


def described(
    said: Objects, secrets: Sequence[str] | None = None, catalog: Catalog = PROVIDERS
) -> Described:
    """The configuration in it; raises ConfigError. Secrets are not looked at; `secrets`: which may
    be named (extproc.metadata_secrets).

    What is nearer to the provider wins: an endpoint over its cluster, that over the route, that
    over the virtual host.
    """
    near = next((one for one in (said.endpoint, said.cluster) if one), {})
    far = next((one for one in (said.route, said.host) if BACKENDS in one), None)
    if far is not None and PROVIDER not in near:
        found = _parsed(_whole(far), str(near.get(NAMED) or ""), catalog)
    else:
        backend = next(one for one in (near, said.route, said.host) if PROVIDER in one)
        words = next(filter(_has_words, (said.route, said.host)), {})
        found = _parsed(*_single(backend, words), catalog)
    if wrong := [*unnameable(found.gateway, secrets)]:
        raise ConfigError(unplaced(wrong))
    return found


def _has_words(said: Object) -> bool:
    return bool(said) and not {PROVIDER, BACKENDS} & said.keys()


def _whole(said: Object) -> dict[str, Any]:
    _refuse_unknown(said, WHOLE_WORDS)
    return {"version": 1, **said}


def _single(backend: Object, words: Object) -> tuple[dict[str, Any], str]:
    """(a configuration of one backend, its name)."""
    _refuse_unknown(words, ROUTE_WORDS)
    own = dict(backend)
    name = str(own.pop(NAMED, own[PROVIDER]))
    here = {key: own.pop(key) for key in (*LED[:2], DEFAULT) if key in own}
    here = {**here, **words}
    served = {NAMED: name, **{key: here[key] for key in LED[1:] if key in here}}
    route = {key: here[key] for key in EDITS if key in here}
    route |= {"models": here.get("models", ["*"]), "backends": [served]}
    data = {"version": 1, "backends": {name: own}, "routes": [route]}
    return ({**data, DEFAULT: here[DEFAULT]} if DEFAULT in here else data), name


def _refuse_unknown(said: Object, allowed: frozenset[str]) -> None:
    flaws = [
        Flaw((key,), "is not known in metadata", tuple(sorted(allowed)))
        for key in said
        if key not in allowed
    ]
    if flaws:
        raise ConfigError(unplaced(flaws))


def _parsed(data: dict[str, Any], backend: str, catalog: Catalog) -> Described:
    fractions: list[Location] = []
    numbers = _with_fractions(whole_numbers(data), (), fractions)
    parts, wrong = examine(numbers, catalog)
    text = {at for at in fractions if any(flaw.location[: len(at)] == at for flaw in wrong)}
    if text:
        numbers = _with_fractions(whole_numbers(data), (), [], text)
        parts, wrong = examine(numbers, catalog)
    if wrong or parts.gateway is None:
        raise ConfigError(unplaced(wrong))
    gateway = parts.gateway
    foreign = [*_foreign(gateway)]
    if backend and backend not in gateway.backends:
        foreign.append(Flaw((BACKENDS,), f"has no {backend!r}, which the endpoint's metadata name"))
    if foreign:
        raise ConfigError(unplaced(foreign))
    return Described(gateway, backend)


def _with_fractions(
    value: Any, at: Location, found: list[Location], text: Collection[Location] = ()
) -> Any:
    """Envoy reads 0.2 in YAML as text; `text`: where it is meant to be that."""
    if isinstance(value, dict):
        return {k: _with_fractions(one, (*at, k), found, text) for k, one in value.items()}
    if isinstance(value, list):
        return [_with_fractions(one, (*at, n), found, text) for n, one in enumerate(value)]
    if isinstance(value, str) and FRACTION.fullmatch(value) and at not in text:
        found.append(at)
        return float(value)
    return value


def _foreign(gateway: Gateway) -> Iterator[Flaw]:
    """What would be read and then do nothing."""
    for name, backend in gateway.backends.items():
        for key in OF_BACKENDS:
            if key in backend.model_fields_set:
                yield Flaw((BACKENDS, name, key), ENVOY_S)
        own = getattr(backend.credential, "fallback", None) or backend.credential
        if isinstance(own, Aws | Entra | Gcp | OAuth) and not is_static(own):
            yield Flaw((BACKENDS, name, "credential"), STALE)
    for index, route in enumerate(gateway.routes):
        for key in OF_ROUTES:
            if key in route.model_fields_set:
                yield Flaw((ROUTES, index, key), ENVOY_S)
