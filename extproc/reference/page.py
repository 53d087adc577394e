"""The reference page of one provider, in Markdown."""

from collections.abc import Iterable, Iterator

from extproc.reference import backends, calls
from extproc.reference.capabilities import CAPABILITIES, HINTS, NOT_YET, SECTIONS
from extproc.reference.cells import Cell, Way, every_cell, form_of, place
from extproc.reference.fates import ASKED, FATES, fate, member_fate
from providers.bridging.chat import ChatDialect
from providers.bridging.fidelity import Feature
from providers.bridging.plain import PlainDialect
from providers.operations import Operation
from providers.vendors.provider import Provider


def page(provider: Provider) -> str:
    """Everything that is known of a provider."""
    found = every_cell(provider)
    lines = [
        f"# {provider.title}",
        "",
        f"Generated from the catalogue: `extproc providers show {provider.name}`. {provider.about}",
        f"Facts from <{provider.docs}>, looked up in {provider.checked}.",
        "",
        *_paths(found),
        *_sections(provider, found),
        *_base_url(provider),
        *_configuration(provider),
        *_signing(provider),
        *_calls(provider, found),
        *_fates(provider),
    ]
    return "\n".join(lines).rstrip() + "\n"


def table(*rows: Iterable[str]) -> Iterator[str]:
    """A table; the first row is its head."""
    head, *rest = (list(row) for row in rows)
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rest:
        yield f"| {' | '.join(row)} |"


def _paths(found: list[Cell]) -> Iterator[str]:
    yield "## Upstream paths"
    yield ""
    rows = [
        (cell.capability.title, _path(way), way.dialect, _whom(way))
        for cell in found
        for way in cell.ways
    ]
    yield from table(("Capability", "Upstream path", "Format", "Spoken to"), *rows)
    yield ""


def _path(way: Way) -> str:
    streamed = f", streamed `{way.stream_path}`" if way.stream_path else ""
    return f"`{way.path}`{streamed}"


def _whom(way: Way) -> str:
    if way.asked_for:
        return "all, where the backend's `dialect` says so"
    expression = way.models.replace("|", "\\|")
    return f"models like `{expression}`" if expression else "all"


def _sections(provider: Provider, found: list[Cell]) -> Iterator[str]:
    yield "## Supported capabilities"
    yield ""
    yield "The route type is the operation in gateway.yaml and the metadata; beside it, where a"
    yield "client of OpenAI's, Cohere's or Mistral's format finds it. Clients of all other formats"
    yield "are served, too: [operations](../operations.md)."
    yield ""
    notes: list[str] = []
    for section, words in SECTIONS.items():
        own = [cell for cell in found if cell.capability.section == section]
        if own:
            yield from (f"### {section}", "", words, "")
            yield from table(HEAD, *(_row(provider, cell, notes) for cell in own))
            yield ""
            if section in HINTS:
                yield from (HINTS[section], "")
    for number, note in enumerate(notes, start=1):
        yield from (f"<sup>{number}</sup> {note}", "")
    yield from _not_yet()


HEAD = ("Capability", "Route type", "Streaming", "Model example", "Since")


def _row(provider: Provider, cell: Cell, notes: list[str]) -> tuple[str, ...]:
    mark = ""
    if cell.note:
        if cell.note not in notes:
            notes.append(cell.note)
        mark = f"<sup>{notes.index(cell.note) + 1}</sup>"
    return (
        cell.capability.title + mark,
        f"`{cell.capability.operation}` (`{place(cell)}`)",
        cell.stream,
        f"`{cell.example}`" if cell.example else "any",
        provider.since,
    )


def _not_yet() -> Iterator[str]:
    coming = [one.title for one in CAPABILITIES if one.operation in NOT_YET]
    if coming:
        yield f"Not yet, at any provider: {', '.join(coming)}."
        yield ""


def _base_url(provider: Provider) -> Iterator[str]:
    yield from (f"## Base URL of {provider.title}", "")
    own = [*provider.regions.items()]
    if not provider.base_url:
        yield "The base URL is yours: the backend's `base_url`, with each capability's path after"
        yield f"it. A path in it takes the place of `{provider.prefix}`."
    elif own:
        several = " or ".join(f"`{url}` (region `{region}`)" for region, url in own)
        yield f"The base URL is `{provider.base_url}` or {several}, with each capability's path."
    else:
        yield f"The base URL is `{provider.base_url}`, with each capability's path after it."
    yield ""
    if provider.base_url:
        yield "It is used by itself. A backend's `base_url` is for a server of one's own that"
        yield "speaks the same, a proxy, or another region's host."
        yield ""


def _configuration(provider: Provider) -> Iterator[str]:
    yield from ("## Configuration", "", "The least that works:", "")
    yield from ("```yaml", *backends.minimal(provider).splitlines(), "```", "")
    yield from ("With what else a backend and its route may say:", "")
    yield from ("```yaml", *backends.full(provider).splitlines(), "```", "")


def _signing(provider: Provider) -> Iterator[str]:
    yield from ("## How to sign in", "", "The backend's `credential` is one of:", "")
    yield from (f"- {way}" for way in backends.sign_in(provider))
    yield ""


def _calls(provider: Provider, found: list[Cell]) -> Iterator[str]:
    known = (cell.capability.key for cell in found if cell.capability.key in calls.CALLS)
    kind = next(known, None)
    if kind is None:
        return
    yield from ("## Calls", "", "With the least configuration, by curl and by an SDK:", "")
    curl, sdk = calls.of(kind, backends.example(provider))
    yield from ("```sh", *curl.splitlines(), "```", "")
    yield from ("```python", *sdk.splitlines(), "```", "")


def _fates(provider: Provider) -> Iterator[str]:
    yield from ("## What is carried, refused and dropped", "")
    yield "What a client asks that the provider cannot be told is refused by a 400 that names it,"
    yield "or, where it is a mere hint, dropped and named in `x-ai-dropped-params`."
    yield ""
    yield from _parameters(provider)
    for operation, names in provider.dialects.items():
        spoken = form_of(provider, names[0])
        groups = _groups(operation, spoken)
        if groups:
            yield from (f"### {operation}, asked in {spoken.name}", "")
            yield from (f"- {said}: {_listed(what)}." for said, what in groups.items())
            yield ""


def _groups(operation: Operation, spoken: object) -> dict[str, list[str]]:
    """Fate → what has it."""
    groups: dict[str, list[str]] = {}
    if isinstance(spoken, ChatDialect) and operation is Operation.CHAT:
        for feature in Feature:
            groups.setdefault(fate(feature, spoken), []).append(feature.value)
    elif isinstance(spoken, PlainDialect) and operation in ASKED and spoken.carries:
        asked = ASKED[operation]
        for name in asked.members():
            groups.setdefault(member_fate(name, asked, spoken), []).append(name)
    return dict(sorted(groups.items(), key=lambda pair: pair[0] != FATES[True]))


def _parameters(provider: Provider) -> Iterator[str]:
    """What the vendor is known to answer with an error, whatever the format of the client."""
    renames = [f"`{name}` as `{other}`" for name, other in provider.renames.items()]
    said = {
        "Refused parameters": _listed(provider.refuses),
        "Dropped and named parameters": _listed(provider.drops),
        "Said by another name": ", ".join(renames),
    }
    lines = [f"- {what}: {names}." for what, names in said.items() if names]
    if lines:
        yield from (*lines, "")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
