"""Packages that few configurations need, and that are installed by an extra's name."""

from collections.abc import Iterator

from extproc.config.credential_rules import installed
from extproc.config.draft import Draft
from extproc.config.problem import Flaw
from extproc.config.telemetry import Usage

NEEDED = {
    "admin": ("fastapi", "ruamel.yaml", "uvicorn"),
    "telemetry": ("opentelemetry.sdk", "opentelemetry.exporter.prometheus"),
    "usage": ("sqlalchemy",),
}
"""Part of gateway.yaml, and the extra's name → packages."""
DESTINATIONS = {
    "logs": ("telemetry", "opentelemetry.exporter.otlp.json.http"),
    "kafka": ("kafka", "aiokafka"),
}
"""The same for who takes records, with the extra."""


def uninstalled(draft: Draft) -> Iterator[Flaw]:
    """A flaw for each part whose packages are not there."""
    for part, packages in NEEDED.items():
        missing = [name for name in packages if not installed(name)]
        if getattr(draft, part) is not None and missing:
            extra = f"pip install 'extproc[{part}]'"
            yield Flaw((part,), f"needs {' and '.join(missing)}, not installed: {extra}")
    if draft.usage is not None:
        yield from _of_records(draft.usage)


def _of_records(usage: Usage) -> Iterator[Flaw]:
    for key, (extra, package) in DESTINATIONS.items():
        if getattr(usage, key) is not None and not installed(package):
            said = f"needs {package}, not installed: pip install 'extproc[{extra}]'"
            yield Flaw(("usage", key), said)
