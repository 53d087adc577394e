"""Every provider and dialect that there is, collected from the modules beside this one.

A module in `vendors` announces its providers as `PROVIDERS`, one in `dialects` its wire formats as
`DIALECTS`; there is no second list anywhere.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

from providers import dialects, vendors
from providers.dialect import Dialect
from providers.provider import Provider


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """Every module of `package`, imported."""
    for info in pkgutil.iter_modules(package.__path__):
        yield importlib.import_module(f"{package.__name__}.{info.name}")


def collect(package: ModuleType, attribute: str, key: Callable[[Any], str]) -> dict[str, Any]:
    """What the modules of `package` announce as `attribute`; a name twice is a bug."""
    found: dict[str, Any] = {}
    for module in modules(package):
        for item in getattr(module, attribute, ()):
            if found.setdefault(key(item), item) is not item:
                raise ValueError(f"{attribute}: {key(item)!r} is defined twice")
    return found


def _dialects() -> dict[str, Dialect]:
    return collect(dialects, "DIALECTS", lambda dialect: dialect.name)


def _providers() -> dict[str, Provider]:
    return collect(vendors, "PROVIDERS", lambda provider: provider.name)


DIALECTS: Mapping[str, Dialect] = _dialects()
PROVIDERS: Mapping[str, Provider] = _providers()
