"""A whole completion, both ways, and the errors that stand for one.

https://platform.openai.com/docs/api-reference/completions/object
"""

from collections.abc import Mapping
from typing import Any

import orjson

from providers.chat import Audio, ChatResponse, Choice, Finish, Json, Part, Refusal, Text
from providers.dialect import Context, Seen
from providers.dialects.openai_completions.logprobs import parse_logprobs, render_logprobs
from providers.error_bodies import describe
from providers.errors import ApiError, BadAnswer, Cause
from providers.members import dicts, string, whole
from providers.usage import Usage

REASONS = {
    "stop": Finish.STOP,
    "length": Finish.LENGTH,
    "content_filter": Finish.CONTENT_FILTER,
    "error": Finish.ERROR,
    # Together's words.
    "eos": Finish.STOP,
}

NAMES = {
    Finish.LENGTH: "length",
    Finish.ERROR: "length",
    Finish.CONTENT_FILTER: "content_filter",
    Finish.REFUSAL: "content_filter",
}
"""The others are `stop`."""

TYPES = {
    Cause.AUTHENTICATION: "authentication_error",
    Cause.PERMISSION: "permission_error",
    Cause.NOT_FOUND: "not_found_error",
    Cause.RATE_LIMIT: "rate_limit_error",
    Cause.QUOTA: "insufficient_quota",
    Cause.TIMEOUT: "timeout_error",
    Cause.OVERLOADED: "overloaded_error",
    Cause.UNAVAILABLE: "server_error",
    Cause.SERVER: "server_error",
}
"""`error.type`; the others are `invalid_request_error`."""


def parse_response(body: Json) -> ChatResponse:
    """The answer; raises BadAnswer where it is none."""
    choices = dicts(body.get("choices"))
    if not choices:
        message = describe(body, None).message if body.get("error") else "it holds no choices"
        raise BadAnswer(f"the provider's answer cannot be used: {message}")
    created = body.get("created")
    return ChatResponse(
        id=string(body.get("id")),
        model=string(body.get("model")),
        created=int(created) if isinstance(created, int | float) and 0 <= created < 1e12 else 0,
        choices=tuple(_choice(choice, position) for position, choice in enumerate(choices)),
        usage=parse_usage(body.get("usage")),
    )


def _choice(choice: Json, position: int) -> Choice:
    index, text = whole(choice.get("index")), string(choice.get("text"))
    return Choice(
        parts=(Text(text=text),) if text else (),
        finish=parse_finish(choice.get("finish_reason")),
        index=position if index is None else index,
        logprobs=parse_logprobs(choice.get("logprobs")),
    )


def parse_finish(reason: Any) -> Finish | None:
    """The meaning of a provider's word; an unknown word is a plain stop."""
    if not isinstance(reason, str) or not reason:
        return None
    return REASONS.get(reason, Finish.STOP)


def parse_usage(raw: Any) -> Usage | None:
    """The counts in a `usage` object; None where there are none."""
    if not isinstance(raw, dict) or whole(raw.get("prompt_tokens")) is None:
        return None
    input, output = whole(raw["prompt_tokens"]) or 0, whole(raw.get("completion_tokens")) or 0
    asked, made = raw.get("prompt_tokens_details"), raw.get("completion_tokens_details")
    read = whole(asked.get("cached_tokens")) if isinstance(asked, dict) else 0
    thought = whole(made.get("reasoning_tokens")) if isinstance(made, dict) else 0
    return Usage(
        input=input,
        output=output,
        cache_read=min(read or 0, input),
        reasoning=min(thought or 0, output),
    )


def render_usage(usage: Usage) -> Json:
    """The counts as OpenAI says them."""
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.total,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def words(part: Part) -> str:
    """What of a part can be told: thoughts and calls have no place here."""
    if isinstance(part, Text | Refusal):
        return part.text
    return part.transcript or "" if isinstance(part, Audio) else ""


def render_response(response: ChatResponse, context: Context) -> Json:
    """The answer as the SDK expects it."""
    body: Json = {
        "id": response.id or context.id,
        "object": "text_completion",
        "created": response.created or context.now,
        "model": response.model or context.model,
        "choices": [
            {
                "text": "".join(map(words, choice.parts)),
                "index": choice.index,
                "logprobs": render_logprobs(choice.logprobs),
                "finish_reason": finish_name(choice.finish),
            }
            for choice in response.choices
        ],
    }
    if response.usage is not None:
        body["usage"] = render_usage(response.usage)
    return body


def finish_name(finish: Finish | None) -> str:
    """OpenAI's word."""
    return "stop" if finish is None else NAMES.get(finish, "stop")


def watch(body: Json) -> Seen:
    """What an answer, or a chunk of it, says of itself."""
    reasons = [parse_finish(choice.get("finish_reason")) for choice in dicts(body.get("choices"))]
    seen = Seen(
        usage=parse_usage(body.get("usage")),
        model=string(body.get("model")),
        finish=next(filter(None, reasons), None),
    )
    if body.get("error"):
        seen.error, seen.finish = describe(body, None), Finish.ERROR
    return seen


def error_body(error: ApiError) -> bytes:
    """The error as OpenAI says it, in an answer and in a stream."""
    return orjson.dumps(
        {
            "error": {
                "message": error.message,
                "type": TYPES.get(error.cause, "invalid_request_error"),
                "param": error.param,
                "code": error.code,
            }
        }
    )


def render_error(error: ApiError) -> tuple[int, Mapping[str, str], bytes]:
    """The error as a whole answer."""
    headers = {"content-type": "application/json"}
    if error.request_id:
        headers["x-request-id"] = error.request_id
    # OpenAI says "overloaded" with 503; 529 is Anthropic's.
    return 503 if error.status == 529 else error.status, headers, error_body(error)
