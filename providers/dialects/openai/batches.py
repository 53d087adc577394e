"""Batches in OpenAI's format, and the files of their requests and answers.

https://platform.openai.com/docs/guides/batch
https://platform.openai.com/docs/api-reference/batch/object
"""

from collections.abc import Mapping
from typing import Any

import orjson

from providers.bridging.batching import Commissioning
from providers.errors import InvalidRequest, NotFound, Unsupported
from providers.neutral.batch_lists import Shown, Standing
from providers.neutral.batches import Counts, Document, Line, Part, Run, Slip, State
from providers.wire import members
from providers.wire.members import Json

CHAT, RESPONSES, EMBEDDINGS = "/v1/chat/completions", "/v1/responses", "/v1/embeddings"
SPOKEN = {CHAT: "openai.chat", RESPONSES: "openai.responses", EMBEDDINGS: "openai.embeddings"}
SHORT = {CHAT: "c", RESPONSES: "r", EMBEDDINGS: "e"}
"""What ids call them."""
PLACES = {short: place for place, short in SHORT.items()}
PREFIXES = {
    Part.INPUT: "file-",
    Part.BATCH: "batch_",
    Part.OUTPUT: "file-",
    Part.ERRORS: "file-",
}
WINDOW = "24h"
KNOWN = frozenset({"input_file_id", "endpoint", "completion_window"})
LINE = frozenset({"custom_id", "method", "url", "body"})
LONGEST_ID = 512

EARLY = {
    State.EXPIRED: (
        "batch_expired",
        "This request could not be executed before the completion window expired.",
    ),
    State.CANCELLED: (
        "batch_cancelled",
        "This request was not executed because the batch was cancelled.",
    ),
}


def parse_line(number: int, data: bytes) -> Line:
    """A request of a batch; raises InvalidRequest."""
    try:
        said = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"it is not valid JSON: {error}", param="file") from None
    if not isinstance(said, dict):
        raise InvalidRequest("it is no JSON object", param="file")
    odd = sorted(said.keys() - LINE)
    if odd:
        raise InvalidRequest(f"it has an unknown member, {odd[0][:100]!r}", param="file")
    id, place, body = said.get("custom_id"), said.get("url"), said.get("body")
    if not isinstance(id, str) or not 0 < len(id) <= LONGEST_ID:
        raise InvalidRequest("custom_id must be a text that names it", param="file")
    if said.get("method", "POST") != "POST":
        raise InvalidRequest("method must be POST", param="file")
    if not isinstance(place, str) or place not in SHORT:
        raise Unsupported(f"url must be one of {', '.join(SHORT)}", param="file")
    if not isinstance(body, dict):
        raise InvalidRequest("body must be a JSON object", param="file")
    if body.get("stream"):
        raise InvalidRequest("a batch cannot stream", param="file")
    return Line(id=id, endpoint=SHORT[place], body=body)


def standing_of(id: str) -> Standing:
    """What an id says; raises NotFound."""
    head = next((prefix for prefix in set(PREFIXES.values()) if id.startswith(prefix)), None)
    if head is None:
        raise NotFound(f"there is nothing with the id {id[:200]!r}")
    found = Standing.of(id.removeprefix(head))
    slip = found.slip
    if PREFIXES[slip.part] != head or slip.endpoint not in ("", *PLACES):
        raise NotFound(f"there is nothing with the id {id[:200]!r}")
    return found


def id_of(slip: Slip) -> str:
    """The id that says it."""
    return PREFIXES[slip.part] + slip.text()


def asked(body: Json) -> tuple[str, str, tuple[str, ...]]:
    """(the file's id, what its lines ask for, what is dropped); raises InvalidRequest."""
    file = members.required_text(body, "input_file_id")
    place = members.required_text(body, "endpoint")
    window = members.required_text(body, "completion_window")
    if place not in SHORT:
        raise Unsupported(f"endpoint must be one of {', '.join(SHORT)}", param="endpoint")
    if window != WINDOW:
        raise Unsupported(f"completion_window must be {WINDOW}", param="completion_window")
    return file, SHORT[place], tuple(sorted(name for name in body if name not in KNOWN))


def render_file(slip: Slip, document: Document) -> Json:
    """A file, of requests or of answers."""
    source = slip.part is Part.INPUT
    size = slip.size if source else document.size
    return {
        "id": id_of(slip),
        "object": "file",
        "bytes": size,
        "created_at": document.created or slip.created,
        "filename": document.name or f"batch_{'input' if source else 'output'}.jsonl",
        "purpose": "batch" if source else "batch_output",
        "status": "processed",
        "expires_at": document.expires or None,
    }


def render_gone(slip: Slip) -> Json:
    """A file that was deleted."""
    return {"id": id_of(slip), "object": "file", "deleted": True}


def render_page(shown: Shown) -> Json:
    """A list of batches (https://platform.openai.com/docs/api-reference/batch/list)."""
    listed = [(PREFIXES[Part.BATCH] + at.text(), at.slip, run) for at, run in shown.batches]
    ids = [id for id, _, _ in listed]
    last = PREFIXES[Part.BATCH] + shown.last.text() if shown.last else ids[-1] if ids else None
    return {
        "object": "list",
        "data": [{**render_batch(slip, run), "id": id} for id, slip, run in listed],
        "first_id": ids[0] if ids else None,
        "last_id": last,
        "has_more": shown.last is not None,
    }


def render_batch(slip: Slip, run: Run) -> Json:
    """A batch, with every time that is known; lists of some providers do not say what it asks."""
    counts = run.counts or _guessed(slip, run)
    done = bool(run.results)
    output = done and (counts.completed or not counts.failed)
    return {
        "id": id_of(slip),
        "object": "batch",
        "endpoint": PLACES.get(slip.endpoint),
        "model": slip.model or None,
        "errors": _errors(run),
        "input_file_id": id_of(slip.source),
        "completion_window": WINDOW,
        "status": run.state.value,
        "output_file_id": id_of(slip.as_part(Part.OUTPUT, run.results)) if output else None,
        "error_file_id": (
            id_of(slip.as_part(Part.ERRORS, run.results)) if done and counts.failed else None
        ),
        **_times(slip, run),
        "request_counts": {
            "total": counts.total,
            "completed": counts.completed,
            "failed": counts.failed,
        },
        "metadata": None,
    }


def _guessed(slip: Slip, run: Run) -> Counts:
    """What can be said of a batch whose provider counts nothing."""
    return Counts(slip.lines, completed=slip.lines if run.state is State.COMPLETED else 0)


ENDS = {
    State.COMPLETED: "completed_at",
    State.FAILED: "failed_at",
    State.EXPIRED: "expired_at",
    State.CANCELLED: "cancelled_at",
}


def _times(slip: Slip, run: Run) -> Mapping[str, Any]:
    created = run.created or slip.created
    begun = run.state is not State.VALIDATING
    ended = run.ended if run.state in ENDS else 0
    known = {name: ended if run.state is state else 0 for state, name in ENDS.items()}
    times = {
        "in_progress_at": created if begun else 0,
        "finalizing_at": ended if run.state is State.COMPLETED else 0,
        "cancelling_at": run.stopped,
        "expires_at": run.expires,
        **known,
    }
    return {"created_at": created, **{name: when or None for name, when in times.items()}}


def _errors(run: Run) -> Json | None:
    if not run.failure:
        return None
    error = {"code": "batch_failed", "message": run.failure, "param": None, "line": None}
    return {"object": "list", "data": [error]}


def render_result(own: str, id: str, status: int, body: bytes) -> Json:
    """What a request was answered."""
    return {
        "id": f"batch_req_{own}",
        "custom_id": id,
        "response": {"status_code": status, "request_id": own, "body": orjson.Fragment(body)},
        "error": None,
    }


def render_ended(own: str, id: str, state: State) -> Json:
    """A request that was never answered."""
    code, message = EARLY[state]
    return {
        "id": f"batch_req_{own}",
        "custom_id": id,
        "response": None,
        "error": {"code": code, "message": message},
    }


COMMISSIONING = Commissioning(
    dialects={SHORT[place]: name for place, name in SPOKEN.items()},
    line=parse_line,
    usual=SHORT[CHAT],
    unsaid=("endpoint", "model"),
    standing=standing_of,
    made=asked,
    id=id_of,
    file=render_file,
    batch=render_batch,
    page=render_page,
    gone=render_gone,
    result=render_result,
    ended=render_ended,
)
