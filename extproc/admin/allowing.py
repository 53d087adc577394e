"""Which requests a backend shall serve, said by its `operations`."""

from collections.abc import Mapping, MutableMapping
from typing import Any

from pydantic import ValidationError

from extproc.admin.requests import ASKED, KEPT, allowed
from extproc.config.backend import Backend
from extproc.config.backend_rules import servable
from providers.catalog import PROVIDERS
from providers.operations import ASKED_FOR

OPERATIONS = {
    **{kind: operation for kind, (operation, _) in (*ASKED.items(), *KEPT.items())},
    **{f"{kind}_stream": operation for kind, (operation, streamed) in ASKED.items() if streamed},
}
"""Kind of request → the operation that it belongs to."""

RESULTS = "batch_results"
"""What no operation has for itself: it comes and goes with batches, or with files."""


def allow(backend: MutableMapping[str, Any], kind: str, *, wanted: bool) -> None:
    """Puts the kind's operation into those that the backend may serve, or takes it out."""
    if kind == RESULTS:
        return
    provider = PROVIDERS.get(str(backend.get("provider")))
    every = [] if provider is None else [one for one in servable(provider) if one not in ASKED_FOR]
    said = backend.get("operations")
    now = every if said is None else [said] if isinstance(said, str) else [*said]
    operation = OPERATIONS[kind]
    now = [str(one) for one in now if wanted or one != operation]
    now += [operation.value] if wanted and operation not in now else []
    if sorted(now) == sorted(every):
        backend.pop("operations", None)
    else:
        backend["operations"] = now


def differing(backend: Mapping[str, Any], wanted: Mapping[str, bool]) -> list[str]:
    """The kinds of which `operations` cannot say what is wanted."""
    try:
        found = allowed(Backend.model_validate(backend))
    except ValidationError:
        return []  # whoever checks the whole file says it better
    return [kind for kind, value in wanted.items() if getattr(found, kind) != value]
