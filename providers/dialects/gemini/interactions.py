"""The gemini.interactions dialect: a model's turn, and what the Gemini API keeps of it.

Nobody else has it, so nothing is translated. Agents, which are no models, are asked for by the
passthrough alone. https://ai.google.dev/api/interactions-api (2026-11)
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from providers.bridging.dialect import Dialect, Endpoint, Seen
from providers.bridging.kept_ids import Ids
from providers.bridging.resource import Act, Kept
from providers.bridging.watching import WatchingRelay
from providers.dialects.gemini import errors
from providers.dialects.gemini.errors import STATUSES, parse_error
from providers.dialects.gemini.kept_ids import ELSEWHERE
from providers.dialects.gemini.resources import PREFIXES
from providers.errors import ApiError, BadAnswer, cause_of
from providers.neutral.chat import Finish
from providers.operations import Operation
from providers.usage import Usage, count, told
from providers.wire import sse
from providers.wire.members import Json, string
from providers.wire.splice import model_edit

NAME = "gemini.interactions"
ROOT = "/interactions"
REVISION = frozenset({"api-revision"})
"""Google's SDKs say with it which members they read."""

# An interaction, an environment, or a file that is kept, by its name or its URL.
SHAPE = re.compile(
    r"(?:https?://[\w.:-]+/v1\w*/)?(?P<id>(?:files/|cachedContents/)?[\w.~:-]+)"
    r"(?::download(?:\?alt=media)?)?",
    re.ASCII,
)
WORDS = frozenset({"arguments", "generation_config", "labels", "response_format", "tools"})
"""Members that hold a client's or a model's own words."""

ASKED = Ids(
    kind="",
    kinds=frozenset(),
    names=frozenset({"previous_interaction_id", "environment", "cached_content", "uri"}),
    apart=WORDS,
    shape=SHAPE,
    elsewhere=ELSEWHERE,
)
SHOWN = Ids(
    kind="",
    kinds=frozenset(),
    names=frozenset({"id", "interaction_id", "previous_interaction_id", "environment_id"}),
    # Their own ids are those of calls, which the model has made up.
    apart=WORDS | {"delta", "environment", "input", "step", "steps", "usage"},
)

FINISHES = {
    "completed": Finish.STOP,
    "requires_action": Finish.TOOL_CALLS,
    "requires_continuation": Finish.PAUSE,
    "incomplete": Finish.LENGTH,
    "budget_exceeded": Finish.LENGTH,
    "cancelled": Finish.STOP,
    "failed": Finish.ERROR,
}
"""Status → why the model stopped; one of the others is that of an answer that is still made."""


COUNTS = ("input", "output", "cached", "tool_use", "thought")


def parse_usage(raw: Any) -> Usage | None:
    """The counts; thoughts and what tools have read are in the total alone."""
    if not isinstance(raw, dict):
        return None
    counted = {name: count(raw.get(f"total_{name}_tokens")) for name in COUNTS}
    asked, answered = counted["input"], counted["output"]
    extra, thought = counted["tool_use"] or 0, counted["thought"] or 0
    prompt = None if asked is None else asked + extra
    output = None if answered is None else answered + thought
    return told(
        prompt,
        output,
        cache_read=min(counted["cached"] or 0, prompt or 0),
        reasoning=min(thought, output or 0),
    )


def watch(answer: Json) -> Seen:
    """What an interaction says of itself; raises BadAnswer where it is none."""
    status = answer.get("status")
    if not isinstance(status, str):
        raise BadAnswer("the provider's answer has no status")
    finish = FINISHES.get(status)
    # What goes on in the background is told when it is asked for again.
    usage = parse_usage(answer.get("usage")) if finish else Usage()
    return Seen(usage=usage, model=string(answer.get("model")), finish=finish)


def finished(answer: Json) -> Seen:
    """One that is asked for again, or an event of it, once it has come to its end."""
    inner = answer.get("interaction", answer)
    known = isinstance(inner, dict) and inner.get("status") in FINISHES
    return watch(inner) if known else Seen()


# The first event that names the model, and those that end a stream.
MARKS = re.compile(rb"interaction\.(?:created|completed)|event: error|\"error\"")


class InteractionRelay(WatchingRelay):
    """Passes the events on; the last one but `[DONE]` says what was used."""

    WORDS = re.compile(rb'"(?:text|arguments)":\s*"((?:[^"\\]|\\.)*)')

    def __init__(self, shows_usage: bool) -> None:
        super().__init__(sse.Splitter(), b"\n\n")

    def _notable(self, data: bytes) -> bool:
        return MARKS.search(data) is not None

    def _object(self, piece: bytes) -> bytes:
        return sse.parse(piece)[1]

    def _said(self, said: Json) -> None:
        seen, inner = self.seen, said.get("interaction")
        kind = said.get("event_type")
        if kind == "error" or (said.get("error") and inner is None):
            seen.error, seen.finish = failure(said), Finish.ERROR
        elif isinstance(inner, dict):
            seen.model = seen.model or string(inner.get("model"))
            if kind == "interaction.completed":
                seen.usage = parse_usage(inner.get("usage"))
                seen.finish = FINISHES.get(string(inner.get("status")), Finish.STOP)

    def _render(self, error: ApiError) -> bytes:
        event = {"event_type": "error", **error_body(error)}
        return b"event: error\ndata: " + orjson.dumps(event) + b"\n\n"


def error_body(error: ApiError) -> Json:
    """The error, whose code is a word here."""
    code = error.code or STATUSES[error.cause]
    return {"error": {"code": code.lower(), "message": error.message}}


def render_error(error: ApiError) -> tuple[int, Mapping[str, str], bytes]:
    """The error as a whole answer."""
    status, headers, _ = errors.render_error(error)
    return status, headers, orjson.dumps(error_body(error))


def failure(event: Json) -> ApiError:
    """The error that ends a stream; its code is a word, or a URI that ends with one."""
    inner = event.get("error")
    said: Json = inner if isinstance(inner, dict) else {}
    code = string(said.get("code"))
    word = code.rpartition("/")[2].upper()
    cause = next((one for one, name in STATUSES.items() if name == word), cause_of(500))
    message = string(said.get("message")) or "the provider has broken off"
    return ApiError(status=500, cause=cause, message=message, code=code or None)


FACTS: dict[str, Any] = {
    "operation": Operation.INTERACTIONS,
    "own_headers": REVISION,
    "parse_error": parse_error,
    "render_error": render_error,
    "watch": watch,
    "ids": lambda body: ASKED,
    "shown": SHOWN,
}

DIALECT = Dialect(
    name=NAME,
    client=tuple(Endpoint(path=f"{prefix}{ROOT}") for prefix in PREFIXES),
    upstream=(Endpoint(path=ROOT),),
    relay=InteractionRelay,
    edits=model_edit,
    **FACTS,
)

KEPT = Kept(
    name=NAME,
    client=(),
    upstream=(),
    prefixes=PREFIXES,
    root=ROOT,
    acts=(
        Act(method="GET", path=f"{ROOT}/{{interaction}}", streams=True, told=finished),
        Act(method="DELETE", path=f"{ROOT}/{{interaction}}"),
        Act(method="POST", path=f"{ROOT}/{{interaction}}/cancel", told=finished),
    ),
    queries=frozenset({"include_input", "last_event_id", "stream"}),
    charged=False,
    **FACTS,
)

DIALECTS = (DIALECT,)
RESOURCES = (KEPT,)
