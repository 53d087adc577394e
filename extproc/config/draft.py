"""The sound parts of a configuration, so that one bad key does not hide what is wrong elsewhere."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from pydantic import ValidationError

from extproc.config.admin import Admin
from extproc.config.backend import Backend
from extproc.config.base import Model
from extproc.config.document import written
from extproc.config.gateway import Gateway
from extproc.config.limit import Limit
from extproc.config.problem import Flaw, Location
from extproc.config.process import Clients, Envoy, Extproc, Limiter, Listen
from extproc.config.resources import Resources
from extproc.config.route import Route
from extproc.config.telemetry import Telemetry, Usage
from extproc.config.translate import flaws

Key = TypeVar("Key")
AnyModel = TypeVar("AnyModel", bound=Model)


OPTIONAL = (Admin, Clients, Resources, Telemetry, Usage)
"""Parts without which there is nothing, where others have defaults."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """Parts that are valid by themselves, each under its name or index."""

    gateway: Gateway | None = None
    """The whole, where every part is sound."""
    backends: Mapping[str, Backend] = {}
    names: frozenset[str] = frozenset()
    """Every backend that is named, sound or not."""
    routes: Mapping[int, Route] = {}
    all_routes: bool = True
    """True where every route is sound, so that what no route serves can be told."""
    limits: Mapping[int, Limit] = {}
    has_clients: bool = False
    """True where clients are configured, sound or not."""
    clients: Clients | None = None
    prices: str | None = None
    """The file of prices, where there is one."""
    listen: Listen | None = None
    resources: Resources | None = None
    extproc: Extproc | None = None
    limiter: Limiter | None = None
    envoy: Envoy | None = None
    admin: Admin | None = None
    telemetry: Telemetry | None = None
    usage: Usage | None = None


def draft(data: dict[str, Any]) -> tuple[Draft, list[Flaw]]:
    """The draft of a gateway.yaml's data, and what its parts have wrong by themselves."""
    try:
        return _whole(Gateway.model_validate(data)), []
    except ValidationError as error:
        found = flaws(error, Gateway, data)
        bad = [_removable(written(item["loc"])) for item in error.errors(include_input=False)]
    certain = not any(flaw.location[0] == "routes" for flaw in found)
    return _salvaged(data, _without(data, bad), certain), found


def _removable(location: Location) -> Location:
    """The key without which the rest may be sound; a list goes whole, for its indices count."""
    if len(location) > 2 and isinstance(location[-1], int):
        return _removable(location[:-1])
    return location


def _whole(gateway: Gateway) -> Draft:
    return Draft(
        gateway=gateway,
        backends=gateway.backends,
        names=frozenset(gateway.backends),
        routes=dict(enumerate(gateway.routes)),
        limits=dict(enumerate(gateway.limits)),
        has_clients=gateway.clients is not None,
        clients=gateway.clients,
        prices=gateway.prices,
        listen=gateway.listen,
        resources=gateway.resources,
        extproc=gateway.extproc,
        limiter=gateway.limiter,
        envoy=gateway.envoy,
        admin=gateway.admin,
        telemetry=gateway.telemetry,
        usage=gateway.usage,
    )


def _salvaged(given: dict[str, Any], data: dict[str, Any], all_routes: bool) -> Draft:
    backends = _mapping(data.get("backends"))
    return Draft(
        backends=_sound(Backend, backends.items()),
        names=frozenset(_mapping(given.get("backends"))),
        routes=_routes(_sequence(data.get("routes"))),
        all_routes=all_routes,
        limits=_sound(Limit, enumerate(_sequence(data.get("limits")))),
        has_clients=given.get("clients") is not None,
        clients=_part(Clients, data, "clients"),
        prices=data["prices"] if isinstance(data.get("prices"), str) else None,
        listen=_part(Listen, data, "listen"),
        resources=_part(Resources, data, "resources"),
        extproc=_part(Extproc, data, "extproc"),
        limiter=_part(Limiter, data, "limiter"),
        envoy=_part(Envoy, data, "envoy"),
        admin=_part(Admin, data, "admin"),
        telemetry=_part(Telemetry, data, "telemetry"),
        usage=_part(Usage, data, "usage"),
    )


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _routes(entries: list[Any]) -> dict[int, Route]:
    """Routes by index; one whose models or backends are not sound has none of them."""
    lists = {"models": ["any"], "backends": [{"backend": "any"}]}
    filled = [{**lists, **_mapping(entry)} for entry in entries]
    sound = _sound(Route, enumerate(filled))
    for index, route in sound.items():
        lacking = {key: () for key in lists if key not in _mapping(entries[index])}
        sound[index] = route.model_copy(update=lacking)
    return sound


def _sequence(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _sound(model: type[AnyModel], items: Iterable[tuple[Key, Any]]) -> dict[Key, AnyModel]:
    found = {}
    for key, value in items:
        try:
            found[key] = model.model_validate(value)
        except ValidationError:
            continue
    return found


def _part(model: type[AnyModel], data: dict[str, Any], key: str) -> AnyModel | None:
    absent = None if model in OPTIONAL else dict[str, Any]()
    return _sound(model, [(key, data.get(key, absent))]).get(key)


def _without(data: Any, locations: list[Location]) -> Any:
    """A copy of `data` without the keys at `locations`; items of its lists keep their indices."""
    here = {location[0] for location in locations if len(location) == 1}
    deeper: dict[str | int, list[Location]] = {}
    for location in locations:
        if len(location) > 1:
            deeper.setdefault(location[0], []).append(location[1:])
    if isinstance(data, dict):
        kept = ((key, value) for key, value in data.items() if key not in here)
        return {key: _without(value, deeper.get(key, [])) for key, value in kept}
    if isinstance(data, list):
        return [_without(value, deeper.get(index, [])) for index, value in enumerate(data)]
    return data
