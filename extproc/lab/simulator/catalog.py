"""Every dialect that the simulator speaks: the modules below this room that announce `DIALECT`."""

import importlib
import pkgutil
from functools import cache

from extproc.lab import simulator
from extproc.lab.simulator.dialect import Dialect


@cache
def dialects() -> tuple[Dialect, ...]:
    """All dialects; a name twice is a bug."""
    found: dict[str, Dialect] = {}
    for info in pkgutil.walk_packages(simulator.__path__, f"{simulator.__name__}."):
        dialect = getattr(importlib.import_module(info.name), "DIALECT", None)
        if isinstance(dialect, Dialect) and found.setdefault(dialect.name, dialect) is not dialect:
            raise ValueError(f"dialect {dialect.name!r} is defined twice")
    return tuple(found.values())
