"""Google's interactions: a model's turn, of which the Gemini API keeps what was said.

https://ai.google.dev/api/interactions-api
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from extproc.lab.simulator import sse
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Event, Json, Refusal, Tool, Turn
from extproc.lab.simulator.directives import Directives
from extproc.lab.simulator.gemini import generate_content
from extproc.lab.simulator.reply import PER_MESSAGE, PER_TOOL, count

PATH = re.compile(r"(?P<prefix>/.*?)??/interactions")
WHEN = "2026-01-01T00:00:00Z"
LIMITS = {"length": "incomplete", "tool_calls": "requires_action"}


@cache
def _model(name: str) -> type[BaseModel]:
    from google.genai._gaos.types import interactions

    found: type[BaseModel] = getattr(interactions, name)
    return found


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what the SDK's own model of a request refuses; `strict`: for members that
    it has not, too."""
    body = call.body
    if ("model" in body) is ("agent" in body):
        raise Refusal("Exactly one of 'model' and 'agent' must be given.", param="model")
    if "input" not in body:
        raise Refusal("The field 'input' is required.", param="input")
    if body.get("background") and body.get("store") is False:
        raise Refusal("What is done in the background must be stored.", param="store")
    model = _model("CreateModelInteraction" if "model" in body else "CreateAgentInteraction")
    for name in sorted(body.keys() - model.model_fields.keys()) if strict else ():
        raise Refusal(f"Unknown parameter '{name}'.", param=name)
    try:
        model.model_validate(body)
    except ValidationError as error:
        worst = error.errors(include_url=False)[0]
        raise Refusal(worst["msg"], param=str(worst["loc"][0])) from None


def ask(call: Call) -> Asked:
    """What the body asks."""
    body = call.body
    steps = _steps(body.get("input"))
    results = [one for one in steps if one.get("type") == "function_result"]
    spoken = [text for text in map(_text, steps) if text]
    tools = [one for one in body.get("tools") or () if one.get("type") == "function"]
    system = str(body.get("system_instruction") or "")
    return Asked(
        model=str(body.get("model") or body.get("agent")),
        text=spoken[-1] if spoken else "",
        prompt_tokens=count(system) + PER_TOOL * len(tools) + sum(map(_size, spoken)),
        stream=bool(body.get("stream")),
        tools=[Tool(one["name"], one.get("parameters") or {}) for one in tools],
        results=[str(one["result"]) for one in results],
        rounds=len(results),
        max_tokens=(body.get("generation_config") or {}).get("max_output_tokens"),
        body=body,
    )


def _size(text: str) -> int:
    return PER_MESSAGE + count(text)


def _steps(said: Any) -> list[Json]:
    """A text, a content, contents, or steps."""
    items = said if isinstance(said, list) else [said]
    return [{"type": "text", "text": one} if isinstance(one, str) else one for one in items]


def _text(step: Json) -> str:
    if step.get("type") == "text":
        return str(step["text"])
    content = step.get("content") if step.get("type") == "user_input" else None
    return "\n".join(str(one["text"]) for one in content or () if one.get("type") == "text")


def _answered(turn: Turn) -> list[Json]:
    """The steps of the answer."""
    choice = turn.reply.choices[0]
    said = [{"type": "text", "text": "".join(choice.pieces)}] if choice.pieces else []
    calls = [
        {
            "type": "function_call",
            "id": f"call_{one.id}",
            "name": one.name,
            "arguments": orjson.loads("".join(one.pieces)),
        }
        for one in choice.calls
    ]
    return [*({"type": "model_output", "content": [one]} for one in said), *calls]


def _envelope(turn: Turn, status: str) -> Json:
    return {
        "id": f"v1_{turn.reply.id}",
        "status": status,
        "model": turn.reply.model,
        "created": WHEN,
        "updated": WHEN,
    }


def _usage(turn: Turn) -> Json:
    used = turn.reply.usage
    return {
        "total_input_tokens": used.prompt,
        "total_cached_tokens": used.cached,
        "total_output_tokens": used.completion - used.reasoning,
        "total_thought_tokens": used.reasoning,
        "total_tool_use_tokens": 0,
        "total_tokens": used.prompt + used.completion,
    }


def _ended(turn: Turn) -> Json:
    finish = turn.directives.finish or turn.reply.choices[0].finish
    ended = _envelope(turn, LIMITS.get(finish, "completed"))
    before = turn.asked.body.get("previous_interaction_id")
    if before:
        ended["previous_interaction_id"] = before
    return ended if turn.directives.usage == "none" else ended | {"usage": _usage(turn)}


def whole(turn: Turn) -> bytes:
    """The answer as one body."""
    return orjson.dumps(_ended(turn) | {"steps": _answered(turn)} | turn.directives.extra)


def events(turn: Turn) -> Iterator[Event]:
    """The answer as a stream, which `[DONE]` ends."""
    begun = {"object": "interaction", **_envelope(turn, "in_progress")}
    yield _event("interaction.created", interaction=begun)
    yield _event("interaction.status_update", interaction_id=begun["id"], status="in_progress")
    for index, step in enumerate(_answered(turn)):
        yield from _told(turn, index, step)
    ended = {"object": "interaction", **_ended(turn)} | turn.directives.extra
    yield _event("interaction.completed", interaction=ended)
    yield Event(b"[DONE]", name="done", closing=True)


def _told(turn: Turn, index: int, step: Json) -> Iterator[Event]:
    if step["type"] == "model_output":
        yield _event("step.start", index=index, step={"type": "model_output"})
        for piece in turn.reply.choices[0].pieces:
            yield _event("step.delta", index=index, delta={"type": "text", "text": piece})
    else:
        arguments = orjson.dumps(step["arguments"]).decode()
        yield _event("step.start", index=index, step={**step, "arguments": {}})
        delta = {"type": "arguments_delta", "arguments": arguments}
        yield _event("step.delta", index=index, delta=delta)
    yield _event("step.stop", index=index)


def _event(kind: str, **members: Any) -> Event:
    return Event(orjson.dumps({**members, "event_type": kind}), name=kind)


def _error(refusal: Refusal, directives: Directives) -> Json:
    usual = generate_content.STATUSES.get(refusal.status, "INTERNAL").lower()
    code = directives.error_code or directives.error_type or usual
    return {"code": code, "message": refusal.message}


def error(refusal: Refusal, directives: Directives) -> bytes:
    """An error body, whose code is a word here."""
    return orjson.dumps({"error": _error(refusal, directives)})


def stream_error(refusal: Refusal, directives: Directives) -> Event:
    """An error in mid-stream."""
    return _event("error", error=_error(refusal, directives))


DIALECT = Dialect(
    name="gemini.interactions",
    path=PATH,
    sdk="google.genai",
    check=check,
    ask=ask,
    whole=whole,
    events=events,
    error=error,
    stream_error=stream_error,
    frame=sse.frame,
    key=generate_content.key,
)
