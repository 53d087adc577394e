"""What must hold between the edits of one route, or of one backend."""

from collections.abc import Iterator

from extproc.config.draft import Draft
from extproc.config.edits import AnswerEdits, HeaderEdits, Most, RequestEdits
from extproc.config.problem import Flaw, Location

COUNTS = ("max_tokens", "n")
"""Of which nobody asks for none."""


def edits(draft: Draft) -> Iterator[Flaw]:
    """An edit is not undone by another one."""
    for number, route in draft.routes.items():
        yield from _edits(route.request, route.response, ("routes", number))
    for name, backend in draft.backends.items():
        yield from _edits(backend.request, backend.response, ("backends", name))
        for header in backend.request.headers.set:
            if header in backend.headers:
                at = ("backends", name, "request", "headers", "set", header)
                yield Flaw(at, "is also in the backend's headers")


def _edits(request: RequestEdits, response: AnswerEdits, at: Location) -> Iterator[Flaw]:
    yield from _headers(request.headers, (*at, "request", "headers"))
    yield from _headers(response.headers, (*at, "response", "headers"))
    at = (*at, "request")
    for name in request.defaults:
        if any(_holds(other, name) for other in request.override):
            yield Flaw((*at, "defaults", name), "has no effect, for it is also in override")
    for index, path in enumerate(request.remove):
        if any(_holds(path, put) for put in (*request.override, *request.defaults)):
            yield Flaw((*at, "remove", index), "is also in defaults or override")
    yield from _caps(request, at)


def _holds(path: str, other: str) -> bool:
    """Whether a dotted path is another, or leads there."""
    return other == path or other.startswith(f"{path}.")


def _headers(headers: HeaderEdits, at: Location) -> Iterator[Flaw]:
    for index, name in enumerate(headers.remove):
        if name in headers.set:
            yield Flaw((*at, "remove", index), "is also in set")


def _caps(request: RequestEdits, at: Location) -> Iterator[Flaw]:
    for name, cap in request.limits.items():
        most = cap.most if isinstance(cap, Most) else cap
        if name in COUNTS and most < 1:
            yield Flaw((*at, "limits", name), "must be at least 1")
        for key in ("defaults", "override"):
            put = getattr(request, key).get(name)
            if isinstance(put, int | float) and put > most:
                yield Flaw((*at, key, name), f"is more than limits.{name}")
