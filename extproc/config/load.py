"""gateway.yaml → models, or everything that is wrong with it."""

import os
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from extproc.config import (
    clients,
    credential_rules,
    document,
    extras,
    prices,
    references,
    rules,
    unchanged,
)
from extproc.config.document import written
from extproc.config.draft import Draft, draft
from extproc.config.gateway import Gateway
from extproc.config.problem import ConfigError, Flaw, Location, Problem, by_line, refusing
from extproc.config.redaction import masked
from extproc.config.references import Environment
from extproc.config.retries import patient
from extproc.config.scan import forbidden
from extproc.config.unchanged import NOTHING, Cut, Known
from providers.catalog import PROVIDERS
from providers.vendors.provider import Provider

Catalog = Mapping[str, Provider]


def load(path: Path, catalog: Catalog = PROVIDERS) -> Gateway:
    """The configuration in the file; raises ConfigError. Secrets are not looked at."""
    with refusing(path):
        file, found = document.read(path)
        if file is None:
            raise ConfigError(found)
        parts, wrong = examine(file.root.plain(), catalog)
        return prices.with_prices(_sound(parts, [*found, *file.problems(wrong)]), path)


class Looked(msgspec.Struct, frozen=True):
    """A configuration, and what was found on the way to it."""

    gateway: Gateway
    lacking: list[Problem]
    """What its backends lack now: secrets, and SDKs that keep identities fresh."""
    known: Known
    """What need not be read again where it stands in the next one, too."""


def load_and_look(
    path: Path,
    catalog: Catalog = PROVIDERS,
    environment: Environment = os.environ,
    known: Known = NOTHING,
) -> Looked:
    """The same, and what it lacks; `known` are routes of the one before."""
    with refusing(path):
        data = document.given(path)
        cuts = unchanged.cut(data)
        name = masked(str(path))
        found = _changes(cuts, name, catalog, known) if cuts and known else None
        if found is None:
            known = NOTHING
            file, wrong = document.parse(data, name)
            if file is None:
                raise ConfigError(wrong)
            parts, flaws = examine(file.root.plain(), catalog)
            gateway = _sound(parts, [*wrong, *file.problems(flaws)])
        else:
            file, parts = found
            gateway = _sound(parts, [])
        return Looked(
            prices.with_prices(gateway, path),
            by_line(file.problems(_lacking(parts, environment, []))),
            unchanged.seen(cuts, file, parts.routes, gateway.routes, known) if cuts else NOTHING,
        )


def _changes(
    cuts: Cut, name: str, catalog: Catalog, known: Known
) -> tuple[document.Document, Draft] | None:
    """What is new in a file, and the whole with it; None where something may be wrong."""
    file, wrong = document.parse(cuts.without(known).encode(), name)
    data = None if file is None or wrong else unchanged.joined(cuts, file, known)
    if file is None or data is None:
        return None
    parts, flaws = examine(data, catalog)
    return None if flaws else (file, parts)


def problems(
    path: Path, catalog: Catalog = PROVIDERS, environment: Environment = os.environ
) -> list[Problem]:
    """Everything that is wrong with the file, the clients' file and the secrets that they name."""
    try:
        with refusing(path):
            return _problems(path, catalog, environment)
    except ConfigError as error:
        return [*error.problems]


def _problems(path: Path, catalog: Catalog, environment: Environment) -> list[Problem]:
    file, found = document.read(path)
    if file is None:
        return found
    parts, wrong = examine(file.root.plain(), catalog)
    wrong += _lacking(parts, environment, wrong)
    wrong += clients.strangers(parts, path)
    found += file.problems(wrong)
    found = by_line(found)
    if parts.clients is not None:
        found += clients.problems(parts.clients, path, environment)
    if parts.prices is not None:
        found += prices.problems(parts.prices, path)
    return found


def _sound(parts: Draft, found: list[Problem]) -> Gateway:
    if parts.gateway is None or found:
        raise ConfigError(by_line(found))
    return patient(parts.gateway)


def _lacking(parts: Draft, environment: Environment, wrong: list[Flaw]) -> list[Flaw]:
    """What the sound parts name and is not there; not where `wrong` says something already."""
    named = {
        "backends": dict(parts.backends),
        "admin": parts.admin,
        "telemetry": parts.telemetry,
        "usage": parts.usage,
        "limiter": parts.limiter,
        "resources": parts.resources,
    }
    missing = [*references.unresolved(named, environment)]
    said = [written(flaw.location) for flaw in (*wrong, *missing)]
    needed = chain(credential_rules.uninstalled(parts.backends), extras.uninstalled(parts))
    return missing + [flaw for flaw in needed if not any(_near(flaw.location, at) for at in said)]


def parse(data: dict[str, Any], catalog: Catalog = PROVIDERS) -> Gateway:
    """A configuration that came as data instead of a file; raises ConfigError."""
    parts, wrong = examine(data, catalog)
    if wrong or parts.gateway is None:
        raise ConfigError(unplaced(wrong))
    return patient(parts.gateway)


def examine(data: dict[str, Any], catalog: Catalog) -> tuple[Draft, list[Flaw]]:
    """The sound parts of `data`, and everything wrong with it; the secrets aside."""
    parts, wrong = draft(data)
    broken = {written(flaw.location)[:end] for flaw in wrong for end in range(1, 16)}
    # What is said of a whole follows from what is wrong inside it.
    between = [flaw for flaw in rules.broken(parts, catalog) if flaw.location not in broken]
    return parts, [*wrong, *between, *forbidden(data)]


def _near(location: Location, other: Location) -> bool:
    """Whether `other` is inside of `location`, or is what it is a kind of."""
    return other == location[:-1] or other[: len(location)] == location


def whole_numbers(value: Any) -> Any:
    """`value` without whole floats: protobuf's Struct knows no integers, 5.0 → 5."""
    if isinstance(value, Mapping):
        return {key: whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def unplaced(wrong: Iterable[Flaw]) -> list[Problem]:
    """The same, of data that stand in no file."""
    return [
        Problem(
            file="",
            line=0,
            key=document.dotted(written(flaw.location)),
            message=flaw.message,
            allowed=flaw.allowed,
        )
        for flaw in wrong
    ]
