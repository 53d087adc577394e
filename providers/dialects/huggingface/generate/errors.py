"""Errors of Text Generation Inference, `{"error", "error_type"}`, and of those that imitate it.

https://github.com/huggingface/text-generation-inference/blob/main/docs/openapi.json
"""

from collections.abc import Mapping
from typing import Any

import orjson

from providers.errors import ApiError, Cause
from providers.wire import error_bodies, overflow
from providers.wire.members import Json

MESSAGES = ("error", "message", "detail", "msg")

CAUSES = {
    "validation": Cause.INVALID_REQUEST,
    "tool_error": Cause.INVALID_REQUEST,
    "template_error": Cause.INVALID_REQUEST,
    "overloaded": Cause.RATE_LIMIT,
    "generation": Cause.SERVER,
    "incomplete_generation": Cause.SERVER,
    "healthcheck": Cause.UNAVAILABLE,
}
"""`error_type` → its meaning."""

# The router answers 424 ("failed dependency") where the model's own server failed.
STATUSES = {424: 500}

TYPES = {
    Cause.INVALID_REQUEST: "validation",
    Cause.CONTEXT: "validation",
    Cause.TOO_LARGE: "validation",
    Cause.RATE_LIMIT: "overloaded",
    Cause.QUOTA: "overloaded",
    Cause.OVERLOADED: "overloaded",
    Cause.TIMEOUT: "generation",
    Cause.UNAVAILABLE: "generation",
    Cause.SERVER: "generation",
}
"""The others have none, and are known by their status alone."""

TOO_LONG = overflow.form(
    "`inputs` (?:must have less than|tokens [+] `max_new_tokens` must be)",
    "Input validation error: `inputs` must have less than {most} tokens. Given: {given}",
    "Input validation error: `inputs` must have less than the model's tokens",
)

OVERLOADED = 429
"""What an overloaded server answers here."""


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error that a provider answered with, whatever its body is."""
    value = error_bodies.json_of(body)
    request_id = error_bodies.request_id(headers, error_bodies.REQUEST_IDS)
    message = error_bodies.message_in(value, MESSAGES) or error_bodies.plain(
        status, b"" if value in ({}, []) else body
    )
    return _error(value, STATUSES.get(status, status), message, request_id)


def _error(value: Any, status: int, message: str, request_id: str | None = None) -> ApiError:
    kind = error_bodies.word(value, "error_type")
    cause = CAUSES.get(kind or "")
    error = ApiError(
        status=status,
        cause=error_bodies.agreed(status, cause),
        message=message,
        code=kind if cause is None else None,
        request_id=request_id,
    )
    return overflow.named(error)


def failure(value: Json) -> ApiError:
    """The error in an event, or in what should be an answer."""
    kind = CAUSES.get(error_bodies.word(value, "error_type") or "", Cause.SERVER)
    status = error_bodies.STATUSES[kind]
    message = error_bodies.message_in(value, MESSAGES)
    return _error(value, status, message or "the provider gave up in the middle of its answer")


def error_body(error: ApiError) -> bytes:
    """The error, in an answer and in a stream."""
    body = {"error": overflow.message(error, TOO_LONG)}
    kind = TYPES.get(error.cause)
    if kind is not None:
        body["error_type"] = kind
    return orjson.dumps(body)


def error_event(error: ApiError) -> bytes:
    """The event that ends a stream which failed."""
    return b"data:" + error_body(error) + b"\n\n"


def render_error(error: ApiError) -> tuple[int, Mapping[str, str], bytes]:
    """The error as a whole answer."""
    headers = {"content-type": "application/json"}
    if error.request_id:
        headers["x-request-id"] = error.request_id
    status = OVERLOADED if error.cause is Cause.OVERLOADED else error.status
    return status, headers, error_body(error)
