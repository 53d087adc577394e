"""What a provider can be asked for, where and in which formats, by the plan that would do it."""

from collections.abc import Iterator

import msgspec

from extproc.exchange.plan import Plan
from extproc.exchange.served import Route, Served, path_of, whole_path
from extproc.reference.capabilities import CAPABILITIES, Capability
from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Dialect, Uneventful
from providers.bridging.fidelity import Feature
from providers.bridging.plain import PlainDialect
from providers.bridging.session import SessionDialect
from providers.catalog import DIALECTS, RESOURCES
from providers.operations import SERVED_BY, Operation
from providers.vendors.provider import Provider

PLACES = {name: f"{{{name}}}" for name in ("region", "project", "instance")} | {"api_version": ""}
"""A backend whose options stand for themselves."""
PIECES = "as one piece"
"""Of a stream of which the provider gives the whole at once."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One format in which a provider is asked."""

    dialect: str
    path: str
    stream_path: str
    """Empty: as `path`."""
    models: str
    """Expression of the only models that are asked so; empty: all."""
    asked_for: bool
    """Whether the configuration must say so."""


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A capability that a provider has."""

    capability: Capability
    ways: tuple[Way, ...]
    stream: str
    """`yes`, `no`, or how else a client that wants a stream is served."""
    example: str
    note: str


def cells(provider: Provider) -> list[Cell]:
    """All that a provider can be asked for, in the order of the pages."""
    return [cell for one in CAPABILITIES if (cell := _cell(provider, one)) is not None]


def kept_cells(provider: Provider) -> list[Cell]:
    """All that a provider keeps for clients, in the order of the pages."""
    return [cell for one in CAPABILITIES if (cell := _kept(provider, one)) is not None]


def every_cell(provider: Provider) -> list[Cell]:
    """All of both, and sessions, in the order of the pages."""
    found = [*cells(provider), *kept_cells(provider), *_sessions(provider)]
    return sorted(found, key=lambda cell: CAPABILITIES.index(cell.capability))


def _sessions(provider: Provider) -> Iterator[Cell]:
    for capability in CAPABILITIES:
        if capability.sessions and provider.sessions:
            yield Cell(
                capability=capability,
                ways=tuple(_held(provider, one) for one in provider.sessions),
                stream="yes",
                example=provider.examples.get(capability.operation, ""),
                note=provider.notes.get(capability.operation, ""),
            )


def _held(provider: Provider, session: SessionDialect) -> Way:
    served = Served(name="up", provider=provider, options=PLACES)
    path = path_of(served, session, stream=False).partition("?")[0]
    return Way(dialect=session.name, path=path, stream_path="", models="", asked_for=False)


def _kept(provider: Provider, capability: Capability) -> Cell | None:
    kinds = [RESOURCES[name] for name in capability.kept if name in provider.keeps]
    if not kinds:
        return None
    served = Served(name="up", provider=provider, options=PLACES)
    streams = any(act.streams for kind in kinds for act in kind.acts)
    makes = capability.operation in provider.dialects
    return Cell(
        capability=capability,
        ways=tuple(
            Way(
                dialect=kind.name,
                path=whole_path(served, kind.name, kind.root).partition("?")[0],
                stream_path="",
                models="",
                asked_for=False,
            )
            for kind in kinds
        ),
        stream="yes" if streams else "no",
        example="",
        # What is kept of films is a part of making them, whose note stands there.
        note="" if makes else provider.notes.get(capability.operation, ""),
    )


def place(cell: Cell) -> str:
    """Where its clients find it."""
    capability = cell.capability
    if capability.kept:
        kinds = (cell.ways[0].dialect, *capability.kept)
        return next(place for kind in kinds for place in RESOURCES[kind].places)
    if capability.sessions:
        return cell.ways[0].path
    return DIALECTS[capability.client].client[0].path


def _cell(provider: Provider, capability: Capability) -> Cell | None:
    if not capability.client:
        return None
    operation = Operation(capability.operation)
    client = DIALECTS[capability.client]
    serving = [one for one in served_by(operation) if one in provider.dialects]
    if not serving or not _calls(provider, serving[0], capability):
        return None
    if client.alone and client.name not in provider.dialects[serving[0]]:
        return None
    spoken = _spoken(provider, serving, client)
    return Cell(
        capability=capability,
        ways=tuple(
            _way(provider, DIALECTS[name] if client.alone else client, name) for name in spoken
        ),
        stream=_stream(form_of(provider, spoken[0]), client),
        example=provider.examples.get(operation) or provider.examples.get(serving[0], ""),
        note=provider.notes.get(operation, ""),
    )


def _spoken(provider: Provider, serving: list[Operation], client: Dialect) -> list[str]:
    """The formats in which it is asked, the usual one first; some models have one to themselves."""
    if client.alone:
        # What nobody translates has a path for each of its formats.
        return sorted(provider.dialects[serving[0]], key=lambda name: name != client.name)
    found: list[str] = []
    for operation in serving:
        found += provider.dialects[operation]
        if any(name not in provider.speaks for name in found):
            break
    if client.name in found and not _is_special(provider, client.name):
        found.sort(key=lambda name: name != client.name)
    return sorted(found, key=lambda name: name in provider.asked_for)


def _is_special(provider: Provider, name: str) -> bool:
    return name in provider.asked_for or name in provider.speaks


def served_by(operation: Operation) -> tuple[Operation, ...]:
    """The provider's operations that can serve it, the best one first."""
    return SERVED_BY.get(operation, (operation,))


def form_of(provider: Provider, name: str) -> Dialect:
    """The provider's own form of a dialect."""
    return provider.forms.get(name) or DIALECTS[name]


def _calls(provider: Provider, operation: Operation, capability: Capability) -> bool:
    """Whether models call functions, where that is the question."""
    if capability.key != "function_calling":
        return True
    spoken = form_of(provider, provider.dialects[operation][0])
    knows = isinstance(spoken, ChatDialect) and Feature.TOOLS in spoken.carries
    return knows and "tools" not in provider.refuses


def _way(provider: Provider, client: Dialect, name: str) -> Way:
    served = Served(
        name="up",
        provider=provider,
        options=PLACES,
        dialects={DIALECTS[name].operation: name},
    )
    plan = Plan({"up": served}, [Route(models=("*",), upstream={"up": ""})])
    streams = any(place.stream is not False for place in DIALECTS[name].upstream)
    whole, stream = plan.target(client, "m", "up").paths
    return Way(
        dialect=name,
        path=whole,
        stream_path=stream if streams and stream != whole else "",
        models=provider.speaks.get(name, ""),
        asked_for=name in provider.asked_for,
    )


def _stream(target: Dialect, client: Dialect) -> str:
    if isinstance(target, ChatDialect):
        return "yes" if target.charged else "no"
    if target.name == client.name and target.relay is not Uneventful:
        return "yes"
    if isinstance(client, PlainDialect) and client.render_stream is not None:
        return PIECES
    return "no"
