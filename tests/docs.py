"""Everything that is generated and committed: `python -m tests.docs` writes it, `--check` compares.

Reference pages come from the catalogue and the dialects, the JSON Schema from the configuration's
models, Envoy's examples from the gateway.yaml beside them.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import orjson

from extproc.config import schema
from providers.catalog import DIALECTS, PROVIDERS
from providers.dialect import Dialect
from providers.fidelity import Feature, Loss, loss
from tests.render.examples import examples

ROOT = Path(__file__).parent.parent

Page = Callable[[], str]


def gateway_schema() -> str:
    """The JSON Schema of gateway.yaml, for editors."""
    return orjson.dumps(schema(), option=orjson.OPT_INDENT_2).decode() + "\n"


def providers_page() -> str:
    """Who can serve."""
    lines = [
        "# Providers",
        "",
        "Generated from the catalogue (`extproc providers`). The name is the word in gateway.yaml.",
        "",
        "| name | vendor | base URL | dialects | facts from |",
        "| --- | --- | --- | --- | --- |",
    ]
    for provider in sorted(PROVIDERS.values(), key=lambda one: one.name):
        spoken = dict.fromkeys(name for names in provider.dialects.values() for name in names)
        where = f"`{provider.base_url}`" if provider.base_url else "yours"
        lines.append(
            f"| `{provider.name}` | {provider.title} | {where} | {', '.join(spoken)} "
            f"| <{provider.docs}> |"
        )
    return "\n".join(lines) + "\n"


FATES = {True: "carried", Loss.REFUSE: "**refused**", Loss.DROP: "dropped, named"}


def fate(feature: Feature, target: Dialect) -> str:
    """What becomes of a feature at a provider of this dialect."""
    return FATES[True] if feature in target.carries else FATES[loss(feature)]


def fidelity_page() -> str:
    """What each dialect can say, and what becomes of the rest."""
    targets = sorted(DIALECTS.values(), key=lambda one: one.name)
    lines = [
        "# What survives a translation",
        "",
        "Generated from `providers/fidelity.py` and each dialect's `carries`. Every dialect is a",
        "client format and a provider format; a request goes from a row's feature to a column's",
        "provider. *Carried*: by the provider's own or nearest means. *Refused*: a 400 that names",
        "the field, since dropping it would change the meaning. *Dropped, named*: a hint, left out",
        "and named in the answer's header `x-ai-dropped-params`.",
        "",
        f"| feature | {' | '.join(target.name for target in targets)} |",
        f"| --- |{' --- |' * len(targets)}",
    ]
    for feature in Feature:
        fates = " | ".join(fate(feature, target) for target in targets)
        lines.append(f"| `{feature.value}` | {fates} |")
    lines += ["", "Values and names that a client's dialect has for a feature:", ""]
    for client in targets:
        names = ", ".join(f"`{name}` ({feature})" for feature, name in client.names.items())
        lines.append(f"- {client.name}: {names or 'as above'}.")
    return "\n".join(lines) + "\n"


PAGES: dict[str, Page] = {
    "docs/gateway.schema.json": gateway_schema,
    "docs/providers.md": providers_page,
    "docs/fidelity.md": fidelity_page,
}


def generated() -> dict[Path, str]:
    """Every generated file and its text."""
    found = {ROOT / name: page() for name, page in PAGES.items()}
    return {**found, **dict(examples())}


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
