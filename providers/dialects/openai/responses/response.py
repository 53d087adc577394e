"""A whole answer of the Responses API, both ways.

https://platform.openai.com/docs/api-reference/responses/object
"""

import orjson

from providers.bridging.dialect import Context, Seen
from providers.dialects.openai.answers import seconds
from providers.dialects.openai.responses.errors import failure
from providers.dialects.openai.responses.items import acts, logprobs_of, parse_item, render_items
from providers.dialects.openai.responses.kept import holder, refers
from providers.dialects.openai.responses.usage import render_usage, usage_of
from providers.errors import ApiError, BadAnswer, Cause, FailedAnswer
from providers.neutral.chat import ChatResponse, Choice, Finish, Part, Refusal
from providers.usage import Usage
from providers.wire.compatible_errors import describe, must_hold
from providers.wire.members import Json, dicts, string

INCOMPLETE = {
    Finish.LENGTH: "max_output_tokens",
    Finish.CONTENT_FILTER: "content_filter",
}

LAST = ("response.completed", "response.incomplete")
BROKEN = ApiError(status=502, cause=Cause.SERVER, message="the provider broke off its answer")


def parse_response(body: Json) -> ChatResponse:
    """The answer; raises BadAnswer where it is none."""
    output = body.get("output")
    if not isinstance(output, list) or body.get("status") == "failed":
        if body.get("error"):
            raise FailedAnswer(describe(body, None))
        raise BadAnswer("the provider's answer holds no output")
    items = dicts(output)
    parts = tuple(part for at, item in enumerate(items) for part in parse_item(item, at))
    likely = [each for item in items for each in logprobs_of(item)]
    return ChatResponse(
        id=string(body.get("id")),
        model=string(body.get("model")),
        choices=(
            Choice(
                parts=parts,
                finish=finish_of(body, any(map(acts, parts)), any(map(_refuses, parts))),
                logprobs={"content": likely} if likely else None,
            ),
        ),
        created=seconds(body.get("created_at")),
        usage=usage_of(body),
        service_tier=string(body.get("service_tier")) or None,
    )


def _refuses(part: Part) -> bool:
    return isinstance(part, Refusal)


def finish_of(response: Json, called: bool, refused: bool) -> Finish:
    """Why the model stopped."""
    match response.get("status"):
        case "failed" | "cancelled":
            return Finish.ERROR
        case "incomplete":
            details = response.get("incomplete_details")
            reason = details.get("reason") if isinstance(details, dict) else None
            return Finish.CONTENT_FILTER if reason == "content_filter" else Finish.LENGTH
        case "queued" | "in_progress":
            return Finish.PAUSE
    if called:
        return Finish.TOOL_CALLS
    return Finish.REFUSAL if refused else Finish.STOP


def watch(body: Json) -> Seen:
    """What a whole answer says of itself; raises FailedAnswer."""
    must_hold(body, "output")
    return said_of(body)


def said_of(body: Json) -> Seen:
    """What an answer, whole or in an event, says of itself."""
    items = dicts(body.get("output"))
    called = any(item.get("type") == "function_call" for item in items)
    seen = Seen(usage=usage_of(body), model=string(body.get("model")))
    if "status" in body or items:
        refused = any(
            part.get("type") == "refusal"
            for item in items
            if item.get("type") == "message"
            for part in dicts(item.get("content"))
        )
        seen.finish = finish_of(body, called, refused)
    if body.get("error"):
        seen.error, seen.finish = describe(body, None), Finish.ERROR
    return seen


def render_response(response: ChatResponse, context: Context) -> Json:
    """The answer as the SDK expects it; the format holds one choice."""
    choice = response.choices[0] if response.choices else Choice()
    finish = choice.finish or Finish.STOP
    id = response.id or context.id
    refused = any(map(_refuses, choice.parts))
    items = render_items(choice.parts, id, choice.logprobs, finish)
    if refers(context) and (held := holder(items)) is not None:
        items.append(held)
    return {
        **envelope(id, response.model or context.model, response.created or context.now),
        **context.echo,
        **ending(finish, refused, response.created or context.now),
        "output": items,
        "usage": usage_member(response.usage),
        "service_tier": response.service_tier,
    }


def usage_member(usage: Usage | None) -> Json | None:
    """The counts; null where nobody counted."""
    return None if usage is None else render_usage(usage)


ECHOED = (
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "reasoning",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
)
"""Members of a request that its answer repeats."""


def echo(body: Json) -> Json:
    """What an answer to `body` repeats of it."""
    return {name: body[name] for name in ECHOED if body.get(name) is not None}


def envelope(id: str, model: str, created: int) -> Json:
    """An answer that has just begun; of its request it repeats OpenAI's defaults."""
    return {
        "id": id,
        "object": "response",
        "created_at": created,
        "status": "in_progress",
        "background": False,
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "metadata": {},
        "model": model,
        "output": [],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": None,
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None,
        "user": None,
    }


def ending(finish: Finish, refused: bool, now: int, error: ApiError | None = None) -> Json:
    """The members that say how an answer ended."""
    if error is not None or finish is Finish.ERROR:
        return {"status": "failed", "error": failure(error or BROKEN)}
    if finish is Finish.REFUSAL and not refused:
        finish = Finish.CONTENT_FILTER
    reason = INCOMPLETE.get(finish)
    if reason is not None:
        return {"status": "incomplete", "incomplete_details": {"reason": reason}}
    return {"status": "completed", "completed_at": now}


def told_whole(stream: bytes) -> Json | None:
    """The answer with which a stream ends; None where a server does not say all of it again."""
    at = stream.rfind(b"\ndata:")
    line = stream[at + len(b"\ndata:") :].partition(b"\n")[0]
    try:
        event = orjson.loads(line) if at >= 0 else None
    except orjson.JSONDecodeError:
        return None
    if not isinstance(event, dict) or event.get("type") not in LAST:
        return None
    answer = event.get("response")
    return answer if isinstance(answer, dict) and dicts(answer.get("output")) else None
