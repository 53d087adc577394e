"""gateway.yaml → models, or everything that is wrong with it."""

import os
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from extproc.config import clients, credential_rules, document, extras, prices, references, rules
from extproc.config.document import written
from extproc.config.draft import Draft, draft
from extproc.config.gateway import Gateway
from extproc.config.problem import ConfigError, Flaw, Location, Problem, by_line, refusing
from extproc.config.references import Environment
from extproc.config.retries import patient
from extproc.config.scan import forbidden
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


def load_and_look(
    path: Path, catalog: Catalog = PROVIDERS, environment: Environment = os.environ
) -> tuple[Gateway, list[Problem]]:
    """The same, and what its backends lack now: secrets, and SDKs that keep identities fresh."""
    with refusing(path):
        file, found = document.read(path)
        if file is None:
            raise ConfigError(found)
        parts, wrong = examine(file.root.plain(), catalog)
        gateway = prices.with_prices(_sound(parts, [*found, *file.problems(wrong)]), path)
        return gateway, by_line(file.problems(_lacking(parts, environment, [])))


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
