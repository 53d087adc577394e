"""Where the store of a configuration is."""

from collections.abc import Mapping
from pathlib import Path

from extproc.config.references import resolve
from extproc.config.telemetry import SQLITE, Usage
from extproc.config.values import SecretRef


def store_url(settings: Usage, config: Path, environment: Mapping[str, str]) -> str:
    """The URL of the store; a file is found from the configuration's directory. Unresolved."""
    store = settings.store
    url = resolve(store, environment) if isinstance(store, SecretRef) else store
    if not url.startswith(SQLITE):
        return url
    return SQLITE + str(config.absolute().parent / url.removeprefix(SQLITE))


def spool_paths(settings: Usage, config: Path) -> dict[str, Path]:
    """The files of what is not there yet, by who is to take it; empty: the store."""
    spool = config.absolute().parent / settings.spool
    wanted = {"logs": settings.logs, "kafka": settings.kafka}
    others = {name: spool.with_name(f"{spool.name}.{name}") for name, one in wanted.items() if one}
    return {"": spool, **others}
