"""Packages that few configurations need, and that are installed by an extra's name."""

from collections.abc import Iterator

from extproc.config.credential_rules import installed
from extproc.config.draft import Draft
from extproc.config.problem import Flaw

NEEDED = {
    "admin": ("fastapi", "ruamel.yaml", "uvicorn"),
    "telemetry": ("opentelemetry.sdk", "opentelemetry.exporter.prometheus"),
    "usage": ("sqlalchemy",),
}
"""Part of gateway.yaml, and the extra's name → packages."""


def uninstalled(draft: Draft) -> Iterator[Flaw]:
    """A flaw for each part whose packages are not there."""
    for part, packages in NEEDED.items():
        missing = [name for name in packages if not installed(name)]
        if getattr(draft, part) is not None and missing:
            extra = f"pip install 'extproc[{part}]'"
            yield Flaw((part,), f"needs {' and '.join(missing)}, not installed: {extra}")
