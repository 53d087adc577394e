"""Which kinds of request a backend serves, under the names of the management API."""

from collections.abc import Callable, Iterator

from extproc.admin.models import AllowedRequests
from extproc.config.backend import Backend
from providers.bridging.plain import PlainDialect
from providers.bridging.resource import Act
from providers.catalog import DIALECTS, PROVIDERS, RESOURCES
from providers.operations import SERVED_BY, Operation

ASKED = {
    "text_completion": (Operation.COMPLETIONS, "openai.completions"),
    "chat_completion": (Operation.CHAT, "openai.chat"),
    "responses": (Operation.CHAT, "openai.responses"),
    "count_tokens": (Operation.COUNT_TOKENS, ""),
    "embedding": (Operation.EMBEDDINGS, ""),
    "speech": (Operation.SPEECH, "openai.speech"),
    "transcription": (Operation.TRANSCRIPTION, "openai.transcriptions"),
    "image_generation": (Operation.IMAGES, "openai.images"),
}
"""Kind → operation, and the format of clients whose streams are meant; empty: there are none."""


def _is_item(act: Act) -> bool:
    return act.method == "GET" and act.path.endswith("}")


def _is_list(act: Act) -> bool:
    return act.method == "GET" and "{" not in act.path


def _holds(act: Act) -> bool:
    return act.method == "GET" and act.path.endswith(("/content", ":download"))


def _ends(act: Act) -> bool:
    return act.method == "POST" and act.path.endswith(("cancel", "stop"))


def _begins(act: Act) -> bool:
    return act.method == "POST" and not _ends(act)


Kind = tuple[Operation, Callable[[Act], bool]]
KEPT: dict[str, Kind] = {
    "batch_create": (Operation.BATCHES, _begins),
    "batch_list": (Operation.BATCHES, _is_list),
    "batch_retrieve": (Operation.BATCHES, _is_item),
    "batch_cancel": (Operation.BATCHES, _ends),
    "batch_results": (Operation.BATCHES, lambda act: act.path.endswith("/results")),
    "file_upload": (Operation.FILES, _begins),
    "file_list": (Operation.FILES, _is_list),
    "file_retrieve": (Operation.FILES, _is_item),
    "file_delete": (Operation.FILES, lambda act: act.method == "DELETE"),
    "file_content": (Operation.FILES, _holds),
}
"""Kind → operation, and the acts on what is kept that are meant."""


def allowed(backend: Backend) -> AllowedRequests:
    """What `backend` serves."""
    found = {"list_models": True}
    for kind, (operation, streamed) in ASKED.items():
        served = _serves(backend, operation)
        found[kind] = served
        if streamed:
            found[f"{kind}_stream"] = served and _streams(backend, operation, streamed)
    found |= {kind: _keeps(backend, *wanted) for kind, wanted in KEPT.items()}
    # Vendors put the results of a batch into a file, unless they have a path for them.
    if found["batch_create"] and found["file_content"]:
        found["batch_results"] = True
    return AllowedRequests(**found)


def _may(backend: Backend, operation: Operation) -> bool:
    return backend.operations is None or operation in backend.operations


def _serves(backend: Backend, operation: Operation) -> bool:
    known = PROVIDERS[backend.provider].dialects
    if operation is Operation.COUNT_TOKENS and backend.estimate_counts:
        return _may(backend, operation)
    serving = SERVED_BY.get(operation, (operation,))
    return any(one in known and _may(backend, one) for one in serving)


def _streams(backend: Backend, operation: Operation, client: str) -> bool:
    """Whether a client's stream passes as it is, or can be made of a whole answer."""
    dialect = DIALECTS[client]
    if not isinstance(dialect, PlainDialect) or dialect.render_stream is not None:
        return True
    return client in PROVIDERS[backend.provider].dialects.get(operation, ())


def _keeps(backend: Backend, operation: Operation, meant: Callable[[Act], bool]) -> bool:
    return _may(backend, operation) and any(map(meant, _acts(backend, operation)))


def _acts(backend: Backend, operation: Operation) -> Iterator[Act]:
    for kind in PROVIDERS[backend.provider].keeps:
        if RESOURCES[kind].operation is operation:
            yield from RESOURCES[kind].acts


def overrides(backend: Backend) -> dict[str, str]:
    """The paths that the user has set; those of streams are the same."""
    found: dict[str, str] = {}
    for kind, (operation, streamed) in ASKED.items():
        path = backend.paths.get(operation)
        if path is not None:
            found[kind] = str(path)
            found |= {f"{kind}_stream": str(path)} if streamed else {}
    return found
