"""All providers at a glance: for the command line, the overview page and machines."""

from collections.abc import Iterable, Iterator
from typing import Any

from extproc.reference.capabilities import CAPABILITIES, NOT_YET
from extproc.reference.cells import Cell, every_cell
from extproc.reference.page import table
from providers.catalog import DIALECTS, PROVIDERS, RESOURCES, SESSIONS
from providers.operations import Operation
from providers.vendors.provider import Provider

OFFERED = {each.capability.operation for one in PROVIDERS.values() for each in every_cell(one)}
COLUMNS = [one for one in Operation if one in OFFERED]
"""Operations that some provider has."""
HOW = (
    "turns a request from the client's format into the provider's, and the answer back, chunk by "
    "chunk where it is streamed;",
    "chooses protocol, host, port, path and method, and the region's host where there are several;",
    "signs the request on the client's behalf, with a key, a signature or a cloud's identity;",
    "fills in what the route's `request` says, and mends or refuses what the vendor is known to "
    "refuse;",
    "records tokens, cost, model, provider and durations as metadata, for limits, logs and "
    "metrics;",
    "serves models of one's own through the same formats.",
)


def by_name() -> list[Provider]:
    """All providers, in alphabetical order."""
    return sorted(PROVIDERS.values(), key=lambda one: one.name)


def lines() -> Iterator[str]:
    """A table of providers and operations, for a terminal."""
    width = max(map(len, PROVIDERS))
    yield " ".join([" " * width, *COLUMNS])
    for provider in by_name():
        keys = {cell.capability.operation for cell in every_cell(provider)}
        marks = ("yes" if one in keys else "-" for one in COLUMNS)
        cols = (mark.center(len(one)) for mark, one in zip(marks, COLUMNS, strict=True))
        yield " ".join([provider.name.ljust(width), *cols]).rstrip()


def _places(client: str) -> str:
    return ", ".join(f"`{one.path}`" for one in DIALECTS[client].client[:1])


def _formats(operation: str) -> str:
    named = sorted(
        one.name for one in DIALECTS.values() if one.operation == operation and one.client
    )
    return ", ".join(named)


def page() -> str:
    """The overview page."""
    parts = [
        "# Providers",
        "",
        "Generated from the catalogue (`extproc providers`). The name is the word in gateway.yaml;",
        "each provider has a page of its own. A client of any format below reaches every provider",
        "of the operation; between equal formats the client's own bytes pass.",
        "",
        "## Capabilities",
        "",
        *_capabilities(),
        "",
        "## Providers and operations",
        "",
        *_operations(),
        "",
        "## Supported providers",
        "",
        *_described(),
        "",
        "## How it works",
        "",
        "The gateway",
        "",
        *(f"- {step}" for step in HOW),
        "",
        "So providers are exchanged in the configuration alone: requests and answers stay as the",
        "client knows them.",
    ]
    return "\n".join(parts) + "\n"


def _capabilities() -> Iterator[str]:
    rows = []
    for one in CAPABILITIES:
        if one.operation in NOT_YET:
            rows.append((one.title, one.about, "not yet", ""))
        elif one.sessions:
            rows.append((one.title, one.about, "`/v1/realtime`", ", ".join(SESSIONS)))
        elif one.kept:
            first = next(RESOURCES[one.kept[0]].places)
            rows.append((one.title, one.about, f"`{first}`", ", ".join(one.kept)))
        else:
            rows.append((one.title, one.about, _places(one.client), _formats(one.operation)))
    yield from table(("Capability", "What it does", "For example at", "Formats of clients"), *rows)


def _operations() -> Iterator[str]:
    rows = []
    for provider in by_name():
        keys = {cell.capability.operation for cell in every_cell(provider)}
        link = f"[`{provider.name}`](providers/{provider.name}.md)"
        rows.append([link, *("yes" if one in keys else "" for one in COLUMNS)])
    yield from table(["provider", *map(str, COLUMNS)], *rows)


def _described() -> Iterator[str]:
    rows = [
        (
            f"[{one.title}](providers/{one.name}.md)",
            one.about,
            f"`{one.base_url}`" if one.base_url else "yours",
            f"<{one.docs}> ({one.checked})",
        )
        for one in by_name()
    ]
    yield from table(("Provider", "Description", "Base URL", "Facts from"), *rows)


def machine_readable(providers: Iterable[Provider]) -> dict[str, Any]:
    """The same, for programs."""
    return {one.name: _described_as_data(one) for one in providers}


def _described_as_data(provider: Provider) -> dict[str, Any]:
    return {
        "title": provider.title,
        "about": provider.about,
        "docs": provider.docs,
        "checked": provider.checked,
        "since": provider.since,
        "base_url": provider.base_url or None,
        "regions": dict(provider.regions),
        "options": sorted(provider.options),
        "identities": sorted(provider.identities),
        "keyless": provider.keyless,
        "capabilities": {cell.capability.key: _as_data(cell) for cell in every_cell(provider)},
    }


def _as_data(cell: Cell) -> dict[str, Any]:
    first, *others = cell.ways
    return {
        "operation": cell.capability.operation,
        "dialect": first.dialect,
        "other_dialects": [way.dialect for way in others],
        "upstream_path": first.path,
        "upstream_stream_path": first.stream_path or first.path,
        "stream": cell.stream,
        "model_example": cell.example or None,
        "note": cell.note or None,
    }
