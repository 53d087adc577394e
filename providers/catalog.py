"""Every provider and dialect that there is, collected from the modules beside this one.

A module in `vendors` announces its providers as `PROVIDERS`, one in a family of `dialects` its wire
formats as `DIALECTS`; there is no second list anywhere.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from providers import dialects, vendors
from providers.bridging.batching import Commissioning, Running
from providers.bridging.dialect import Dialect, Place
from providers.bridging.resource import Kept
from providers.bridging.session import SessionDialect
from providers.vendors.provider import Provider


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """Every module of `package`, imported."""
    for info in pkgutil.iter_modules(package.__path__):
        yield importlib.import_module(f"{package.__name__}.{info.name}")


def collect(
    announcing: Iterable[ModuleType], attribute: str, key: Callable[[Any], str]
) -> dict[str, Any]:
    """What modules announce as `attribute`; a name twice is a bug."""
    found: dict[str, Any] = {}
    for module in announcing:
        for item in getattr(module, attribute, ()):
            if found.setdefault(key(item), item) is not item:
                raise ValueError(f"{attribute}: {key(item)!r} is defined twice")
    return found


def _dialects() -> dict[str, Dialect]:
    formats = (module for family in modules(dialects) for module in modules(family))
    return collect(formats, "DIALECTS", lambda dialect: dialect.name)


def _entrances() -> dict[str, Dialect]:
    formats = (module for family in modules(dialects) for module in modules(family))
    return collect(formats, "ENTRANCES", lambda dialect: f"{dialect.name} at {dialect.host}")


def _shared() -> dict[str, Place]:
    formats = (module for family in modules(dialects) for module in modules(family))
    return collect(formats, "SHARED_PLACES", lambda place: place.path)


def _resources() -> dict[str, Kept]:
    formats = (module for family in modules(dialects) for module in modules(family))
    return collect(formats, "RESOURCES", lambda kept: kept.name)


def _sessions() -> dict[str, SessionDialect]:
    formats = (module for family in modules(dialects) for module in modules(family))
    return collect(formats, "SESSIONS", lambda session: session.name)


def _providers() -> dict[str, Provider]:
    return collect(modules(vendors), "PROVIDERS", lambda provider: provider.name)


DIALECTS: Mapping[str, Dialect] = _dialects()
ENTRANCES: Mapping[str, Dialect] = _entrances()
"""Forms of dialects that clients speak which were made for a cloud."""
SHARED: Mapping[str, Place] = _shared()
"""Places of several dialects, of which the body says which one it is."""
RESOURCES: Mapping[str, Kept] = _resources()
"""What providers keep for clients."""
SESSIONS: Mapping[str, SessionDialect] = _sessions()
"""Formats of sessions, in which both sides send frames."""
PROVIDERS: Mapping[str, Provider] = _providers()


def kept_by(provider: Provider) -> Mapping[str, Kept]:
    """What clients may ask for of what it keeps, by name → its own kind of that."""
    own = {name: RESOURCES[name] for name in provider.keeps}
    doing = {
        operation: kind
        for kind in own.values()
        if kind.doing is not None
        for operation in kind.does or (kind.operation,)
    }
    followed = {
        name: doing[kind.operation]
        for name, kind in RESOURCES.items()
        if kind.following is not None and kind.operation in doing
    }
    return followed | own


def runs(client: Kept, own: Kept) -> bool:
    """Whether one of them is how batches are asked for, and the other how they are run."""
    return isinstance(client.following, Commissioning) and isinstance(own.doing, Running)
