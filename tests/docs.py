"""Everything that is generated and committed: `python -m tests.docs` writes it, `--check` compares.

Reference pages come from the catalogue and the dialects, the JSON Schema from the configuration's
models, Envoy's examples from the gateway.yaml beside them.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import orjson

from extproc.config import load, schema
from extproc.reference import management, overview
from extproc.reference.fates import ANSWERED, ASKED, answer_fate, fate, member_fate
from extproc.reference.page import page
from extproc.render.places import compose, helm
from extproc.render.places.alerts import alerts
from extproc.render.places.objects import SILENT
from extproc.render.places.pod import Source
from extproc.render.text import Writer
from providers.bridging import unsaid
from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Dialect
from providers.bridging.fidelity import Feature
from providers.bridging.plain import PlainDialect
from providers.bridging.session import interpreted
from providers.catalog import DIALECTS, PROVIDERS, RESOURCES, SESSIONS, SHARED
from providers.operations import SERVED_BY, Operation
from providers.vendors.provider import Provider
from tests import calls as sdk_calls
from tests.e2e.clients.backends import CHAT
from tests.e2e.providers import vectors
from tests.extproc.render.examples import examples
from tests.providers.matrix.fates import fates_of
from tests.providers.matrix.fields import VALUES

ROOT = Path(__file__).parent.parent
VECTORS = ROOT / "tests" / "e2e" / "providers" / "expected"

RULES = """\
# Rules for Prometheus, over Envoy's metrics and the server's (docs/telemetry.md). The jobs that
# scrape them are called envoy and extproc.

"""

Page = Callable[[], str]


def alert_rules() -> str:
    """What Prometheus wakes somebody for."""
    return RULES + Writer(SILENT, {}).write(alerts())


def gateway_schema() -> str:
    """The JSON Schema of gateway.yaml, for editors."""
    return orjson.dumps(schema(), option=orjson.OPT_INDENT_2).decode() + "\n"


def providers_json() -> str:
    """What each provider has, for machines."""
    found = overview.machine_readable(overview.by_name())
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n"


def operations_page() -> str:
    """Who serves which operation, at which paths, and what each format can say."""
    served = [one for one in Operation if any(one in p.dialects for p in PROVIDERS.values())]
    lines = [
        "# Operations",
        "",
        "Generated from the catalogue. A client of any format of an operation reaches every",
        "provider of it. Chat has pages of its own: [features](fidelity.md), [fields](fields.md);",
        "so have [pictures](images.md) and [transcripts](transcripts.md).",
        "The list of models is answered from the configuration, in each client's form.",
        "",
        "| provider | " + " | ".join(map(str, served)) + " |",
        "| --- |" + " --- |" * len(served),
    ]
    for provider in sorted(PROVIDERS.values(), key=lambda one: one.name):
        marks = ["yes" if _serves(provider, one) else "" for one in served]
        if any(marks):
            lines.append(f"| `{provider.name}` | {' | '.join(marks)} |")
    for operation in served:
        lines += ["", f"## {operation}", "", *_places(operation)]
        if operation in ASKED:
            lines += _members(operation)
    return "\n".join([*lines, *_session_lines(), *_kept_lines()]) + "\n"


def _session_lines() -> list[str]:
    """Who holds sessions, and in which format."""
    lines = ["", "## Sessions", "", "Frames pass in both directions; [how it works](realtime.md)."]
    lines += ["", "| provider | format | path at the provider | clients of other formats |"]
    lines += ["| --- | --- | --- | --- |"]
    for provider in sorted(PROVIDERS.values(), key=lambda one: one.name):
        for session in provider.sessions:
            path = session.upstream[0].path.replace("?model={model}", "")
            others = [one.name for one in SESSIONS.values() if interpreted(one, session)]
            told = ", ".join(others) or "none"
            lines.append(f"| `{provider.name}` | {session.name} | `{path}` | {told} |")
    return lines


def kept_cells() -> set[tuple[str, Operation]]:
    """(provider, operation) for what providers keep and can be asked for it."""
    return {
        (provider.name, RESOURCES[name].operation)
        for provider in PROVIDERS.values()
        for name in provider.keeps
        if RESOURCES[name].acts or RESOURCES[name].doing
    }


def _kept_lines() -> list[str]:
    """Who keeps what, and what can be done with it."""
    cells = kept_cells()
    kinds = sorted({operation for _, operation in cells})
    lines = [
        "",
        "## What providers keep",
        "",
        "No model is named and nothing is translated but films and, where that is wished, batches;",
        "[how it works](resources.md).",
        "",
        "| provider | " + " | ".join(kinds) + " |",
        "| --- |" + " --- |" * len(kinds),
    ]
    for name in sorted({name for name, _ in cells}):
        marks = ["yes" if (name, kind) in cells else "" for kind in kinds]
        lines.append(f"| `{name}` | {' | '.join(marks)} |")
    for kept in sorted(RESOURCES.values(), key=lambda one: one.name):
        acts = ", ".join(f"`{act.method} {act.path}`" for act in kept.acts)
        below = ", ".join(f"`{prefix}`" for prefix in kept.prefixes if prefix)
        lines += ["", f"- {kept.name}{f', below {below}' if below else ''}: {acts}"]
    return lines


def _serves(provider: Provider, operation: Operation) -> bool:
    return any(one in provider.dialects for one in SERVED_BY.get(operation, (operation,)))


def _places(operation: Operation) -> list[str]:
    """Where its clients find it."""
    return [
        f"- {dialect.name}: "
        + (", ".join(f"`{path}`" for path in _paths(dialect)) or "for providers alone")
        for dialect in sorted(DIALECTS.values(), key=lambda one: one.name)
        if dialect.operation is operation
    ]


def _paths(dialect: Dialect) -> list[str]:
    """Those of its own, and those at which a body says that it is one of its."""
    shared = [place.path for place in SHARED.values() if dialect.name in place.names]
    return [*(one.path for one in dialect.client), *shared]


def _members(operation: Operation) -> list[str]:
    """What of a request each provider's format can say."""
    request = ASKED[operation]
    found = [one for one in DIALECTS.values() if one.operation is operation and one.upstream]
    plain = sorted(
        (one for one in found if isinstance(one, PlainDialect) and one.carries),
        key=lambda one: one.name,
    )
    if not plain:
        return []
    lines = [
        "",
        f"| asked for | {' | '.join(one.name for one in plain)} |",
        f"| --- |{' --- |' * len(plain)}",
    ]
    for name in request.members():
        cells = " | ".join(member_fate(name, request, one) for one in plain)
        lines.append(f"| `{name}` | {cells} |")
    return lines


def answer_fates(operation: Operation) -> list[str]:
    """The table of what clients are told of an answer."""
    clients = [one for one in dialects(operation) if one.client and one.answers is not unsaid.ANY]
    lines = [
        f"| said | {' | '.join(one.name for one in clients)} |",
        f"| --- |{' --- |' * len(clients)}",
    ]
    for name in ANSWERED:
        cells = " | ".join(answer_fate(name, one) for one in clients)
        lines.append(f"| `{name}` | {cells} |")
    return lines


def fidelity_page() -> str:
    """What each dialect can say, and what becomes of the rest."""
    lines = [
        "# What survives a translation",
        "",
        "Generated from `providers/bridging/fidelity.py` and each dialect's `carries`. Every",
        "dialect is a client format and a provider format; a request goes from a row's feature to",
        "a column's provider. *Carried*: by the provider's own or nearest means. *Refused*: a 400",
        "that names the field, since dropping it would change the meaning. *Dropped, named*: a",
        "hint, left out and named in the answer's header `x-ai-dropped-params`. *Nearest, named*:",
        "asked for in other words, or enforced on the answer: the first tool call alone, the text",
        "up to a stop sequence, the JSON object without what surrounds it. *Fetched*: where",
        "`extproc.fetch` allows it, the server gets what is at the URL and sends the bytes.",
        "",
        "A JSON Schema is made to fit what each vendor takes (`providers/neutral/schemas/`):",
        "objects are closed, optional members become nullable and nulls leave the answer again,",
        "and bounds that a vendor does not know are told in the description and named. Where a",
        "model has no structured output, a tool that must be called carries the answer, or words",
        "do. What a family of models refuses (`providers/models/`) is dropped and named, and a",
        "`max_tokens` above the longest answer of a model that refuses it is lowered and named; a",
        "backend or a route says `family:` where the model's name does not tell it.",
        "",
        *fates(Operation.CHAT),
        "",
        "## Answers",
        "",
        "What a provider says and a client's format has no place for is named, too: by the",
        "neutral name below, or, where only one vendor knows it, by that vendor's own, such as",
        "`usage.cost` or `executableCode`; but not what says nothing to anybody else: builds,",
        "times, and what a provider says in every ordinary answer, such as that nothing was",
        "filtered. A whole answer has the names in the header `x-ai-lost-members`; the metadata",
        "has them as `lost_members`, which is where those of a stream are, whose head has gone",
        "before anything is lost. So it is in whole transcripts, speech, rankings, moderations",
        "and tokens, by the provider's names. In the place of a picture or a film the client",
        "reads what was left out; sound is told by its transcript. Nothing is named between",
        "equal dialects, where the bytes pass.",
        "",
        *answer_fates(Operation.CHAT),
        "",
        "## Text completions",
        "",
        "They are served by each other, and by chat. `llama.generate`, above, is a format of",
        "providers alone: the same server, asked with a conversation as a raw prompt.",
        "",
        *fates(Operation.COMPLETIONS),
        "",
        "What they are told of answers:",
        "",
        *answer_fates(Operation.COMPLETIONS),
        "",
        "## Names",
        "",
        "Values and names that a client's dialect has for a feature:",
        "",
    ]
    for client in dialects(Operation.CHAT, Operation.COMPLETIONS):
        names = ", ".join(f"`{name}` ({feature})" for feature, name in client.names.items())
        lines.append(f"- {client.name}: {names or 'as above'}.")
    lines += [
        "",
        "## Forms of hosts",
        "",
        "Clouds that host a vendor's models take its format with differences:",
        "",
    ]
    for provider in sorted(PROVIDERS.values(), key=lambda one: one.name):
        lines += [line for form in provider.forms.values() for line in differences(provider, form)]
    return "\n".join(lines) + "\n"


def fields_page() -> str:
    """What becomes of each field of each client's dialect at each other's provider."""
    lines = [
        "# What becomes of a client's fields",
        "",
        "Generated by sending each field that the official SDKs know to a provider of each",
        "dialect, with an example of a value. Where client and provider speak the same, the bytes",
        "pass. *Nearest*: what comes closest is sent, and what that costs is named. *Implied*: the",
        "provider does so anyway. The other words are those of [fidelity.md](fidelity.md).",
    ]
    for client in CHAT:
        targets = [target for target in CHAT if target != client]
        lines += ["", f"## {client}", "", f"| field | {' | '.join(targets)} |"]
        lines.append(f"| --- |{' --- |' * len(targets)}")
        for field in sorted(VALUES[client]):
            found = fates_of(client, field)
            cells = " | ".join(in_words(found[target]) for target in targets)
            lines.append(f"| `{field}` | {cells} |")
    return "\n".join(lines) + "\n"


WORDS = {
    "refused": "**refused**",
    "dropped": "dropped, named",
    "nearest": "nearest, named",
    "silent": "implied",
}


def in_words(what: str) -> str:
    """A cell of the table."""
    word = what.partition(":")[0]
    return WORDS.get(word, word)


def dialects(*operations: Operation) -> list[ChatDialect]:
    """Those of `operations`, in alphabetical order."""
    found = (dialect for dialect in DIALECTS.values() if dialect.operation in operations)
    return sorted(found, key=lambda one: one.name)


def fates(operation: Operation) -> list[str]:
    """A table of all features and all dialects of `operation`."""
    targets = dialects(operation)
    lines = [
        f"| feature | {' | '.join(target.name for target in targets)} |",
        f"| --- |{' --- |' * len(targets)}",
    ]
    for feature in Feature:
        cells = " | ".join(fate(feature, target) for target in targets)
        lines.append(f"| `{feature.value}` | {cells} |")
    return lines


def differences(provider: Provider, form: ChatDialect) -> list[str]:
    """What a host does not take of a dialect, as one item of a list."""
    lacks = sorted(DIALECTS[form.name].carries - form.carries)
    parts = {
        "does not carry": [str(feature) for feature in lacks],
        "refuses": sorted(form.refuses),
        "drops and names": sorted(form.drops),
    }
    said = [
        f"{what} {', '.join(f'`{n}`' for n in names)}" for what, names in parts.items() if names
    ]
    return [f"- {form.name} at {provider.name}: {'; '.join(said)}."] if said else []


def compose_file() -> str:
    """What `docker compose up` starts here."""
    path = Path("deploy/gateway.yaml")
    source = Source(load(ROOT / path), path, "", compose.BUILT)
    return compose.render(source).text


def helm_chart() -> dict[Path, str]:
    """A chart of what `extproc render kubernetes` prints."""
    path = ROOT / "envoy/openai.gateway.yaml"
    found = helm.chart(load(path), path)
    return {ROOT / "deploy/helm" / name: text for name, text in found.items()}


PAGES: dict[str, Page] = {
    "compose.yaml": compose_file,
    "deploy/alerts.yaml": alert_rules,
    "docs/gateway.schema.json": gateway_schema,
    "docs/providers.md": overview.page,
    "docs/providers.json": providers_json,
    "docs/operations.md": operations_page,
    "docs/fidelity.md": fidelity_page,
    "docs/fields.md": fields_page,
    "docs/management.md": management.page,
    "docs/sdks.md": sdk_calls.page,
}


def generated() -> dict[Path, str]:
    """Every generated file and its text."""
    found = {ROOT / name: made() for name, made in PAGES.items()}
    pages = {ROOT / f"docs/providers/{one.name}.md": page(one) for one in overview.by_name()}
    sent = {
        VECTORS / f"{one.name}.json": vectors.written(one)
        for one in overview.by_name()
        if one.dialects
    }
    return {**found, **pages, **sent, **helm_chart(), **dict(examples())}


def main() -> int:
    """Writes, or says which files are not what they should be."""
    if sys.argv[1:] != ["--check"]:
        for path, text in generated().items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return 0
    stale = [
        path.relative_to(ROOT)
        for path, text in generated().items()
        if not path.exists() or path.read_text() != text
    ]
    for path in stale:
        print(f"{path}: not in sync; run `make docs`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
