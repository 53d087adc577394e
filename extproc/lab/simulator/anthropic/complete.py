"""Anthropic's Text Completions API, under any prefix.

https://platform.claude.com/docs/en/api/complete
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NotRequired

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from extproc.lab.simulator import sse
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Event, Json, Refusal, Turn
from extproc.lab.simulator.directives import Directives
from extproc.lab.simulator.reply import count

PATH = re.compile(r"(?P<prefix>/.*?)??/complete")
REASONS = {"stop": "stop_sequence", "length": "max_tokens", "tool_calls": "stop_sequence"}
HUMAN = "\n\nHuman:"
TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
"""`error.type` by status; other 4xx are `invalid_request_error`, 5xx `api_error`."""

# The last turn of the person, up to where Claude goes on.
SAID = re.compile(r"\n\nHuman: ?((?:(?!\n\nHuman:).)*?)\n\nAssistant:(?!.*\n\nHuman:)", re.DOTALL)


class Metadata(TypedDict):
    """`metadata` of a request."""

    user_id: NotRequired[str | None]


class Body(TypedDict):
    """A request; the SDK had a type for it until its version 1."""

    model: str
    prompt: str
    max_tokens_to_sample: int
    stop_sequences: NotRequired[list[str]]
    temperature: NotRequired[float]
    top_k: NotRequired[int]
    top_p: NotRequired[float]
    metadata: NotRequired[Metadata]
    stream: NotRequired[bool]


@cache
def _judge(strict: bool) -> TypeAdapter[Any]:
    return TypeAdapter(with_config(ConfigDict(extra="forbid" if strict else "ignore"))(Body))


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what Anthropic would not take; `strict`: unknown parameters too."""
    body = call.body
    try:
        _judge(strict).validate_python(body, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise Refusal(f"{place}: {first['msg']}", param=place) from None
    if not body["prompt"].startswith(HUMAN):
        raise Refusal('prompt must start with "\n\nHuman:" turn')
    if SAID.search(body["prompt"]) is None:
        raise Refusal('prompt must end with "\n\nAssistant:" turn')
    if body["max_tokens_to_sample"] < 1:
        raise Refusal("max_tokens_to_sample: must be greater than or equal to 1")
    if not 0 <= body.get("temperature", 1) <= 1:
        raise Refusal("temperature: range: 0..1")


def ask(call: Call) -> Asked:
    """What the body asks."""
    body = call.body
    prompt = str(body.get("prompt") or "")
    said = SAID.search(prompt)
    return Asked(
        model=str(body.get("model") or ""),
        text=said[1] if said else prompt,
        prompt_tokens=count(prompt),
        stream=bool(body.get("stream")),
        stop=body.get("stop_sequences") or (),
        max_tokens=body.get("max_tokens_to_sample"),
        body=body,
    )


def _said(turn: Turn, text: str, reason: str | None = None) -> Json:
    id = f"compl_{turn.reply.id}"
    return {
        "type": "completion",
        "id": id,
        "completion": text,
        "stop_reason": reason,
        "model": turn.reply.model,
        "stop": HUMAN if reason == "stop_sequence" else None,
        "log_id": id,
    }


def _reason(turn: Turn) -> str:
    return turn.directives.finish or REASONS[turn.reply.choices[0].finish]


def whole(turn: Turn) -> bytes:
    """The answer as one body; there are no counts in it."""
    text = "".join(turn.reply.choices[0].pieces)
    return orjson.dumps(_said(turn, text, _reason(turn)) | turn.directives.extra)


def events(turn: Turn) -> Iterator[Event]:
    """The answer as a stream."""
    yield Event(b'{"type":"ping"}', name="ping")
    for piece in turn.reply.choices[0].pieces:
        yield Event(orjson.dumps(_said(turn, piece)), name="completion")
    yield Event(orjson.dumps(_said(turn, "", _reason(turn))), name="completion")


def error(refusal: Refusal, directives: Directives) -> bytes:
    """An error body."""
    kind = "api_error" if refusal.status >= 500 else "invalid_request_error"
    kind = directives.error_type or TYPES.get(refusal.status, kind)
    inner = {"type": kind, "message": refusal.message}
    return orjson.dumps({"type": "error", "error": inner, "request_id": "req_sim"})


def stream_error(refusal: Refusal, directives: Directives) -> Event:
    """An error in mid-stream: an event of its own."""
    return Event(error(refusal, directives), name="error")


def key(call: Call) -> str:
    """The key in its own header."""
    return dict(call.headers).get("x-api-key", "")


DIALECT = Dialect(
    name="anthropic.complete",
    path=PATH,
    sdk="anthropic",
    check=check,
    ask=ask,
    whole=whole,
    events=events,
    error=error,
    stream_error=stream_error,
    frame=sse.frame,
    key=key,
)
