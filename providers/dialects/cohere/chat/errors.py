"""Errors of Cohere's shape, `{"message": …, "id": …}`, and whatever proxies answer with.

https://docs.cohere.com/v2/reference/errors
"""

from collections.abc import Mapping
from typing import Any

import orjson

from providers.dialects.cohere.chat.answers import render_usage
from providers.dialects.cohere.overlong import TOO_LONG
from providers.errors import ApiError, Cause, cause_of
from providers.usage import Usage
from providers.wire import error_bodies, overflow
from providers.wire.members import Json

REQUEST_IDS = ("x-request-id", "x-debug-trace-id", "request-id", "x-trace-id")

MESSAGES = ("message", "error", "detail", "msg", "data")

CAUSES = {422: Cause.INVALID_REQUEST, 498: Cause.AUTHENTICATION, 501: Cause.INVALID_REQUEST}
"""Statuses that are Cohere's own: 498 is an invalid token."""

UNKNOWN = "invalid_token"
"""The code of a 498, which only Cohere's clients know; to others it is a 401."""

# The SDK has an exception class for each status that it knows; overload is a 503 there.
STATUSES = {529: 503}


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error that a provider answered with, whatever its body is."""
    value = error_bodies.json_of(body)
    message = error_bodies.message_in(value, MESSAGES) or error_bodies.plain(
        status, b"" if value in ({}, []) else body
    )
    given = value.get("id") if isinstance(value, dict) else None
    id = error_bodies.request_id(headers, REQUEST_IDS)
    error = ApiError(
        status=401 if status == 498 else status,
        cause=CAUSES.get(status) or cause_of(status),
        message=message,
        code=UNKNOWN if status == 498 else None,
        request_id=id or (given if isinstance(given, str) and given else None),
    )
    return overflow.named(error)


def failure(reason: Any, message: Any) -> ApiError:
    """The error with which a stream or an answer ended."""
    words = message if isinstance(message, str) and message else ""
    timeout = reason == "TIMEOUT"
    return ApiError(
        status=504 if timeout else 500,
        cause=Cause.TIMEOUT if timeout else Cause.SERVER,
        message=words[: error_bodies.MAX_MESSAGE]
        or "the provider gave up in the middle of its answer",
    )


def error_event(error: ApiError, usage: Usage | None = None) -> bytes:
    """The error as the last event of a stream; Cohere has no event for errors only."""
    reason = "TIMEOUT" if error.cause is Cause.TIMEOUT else "ERROR"
    delta: Json = {"error": overflow.message(error, TOO_LONG), "finish_reason": reason}
    if usage is not None:
        delta["usage"] = render_usage(usage)
    data = orjson.dumps({"type": "message-end", "delta": delta})
    return b"event: message-end\ndata: " + data + b"\n\n"


def render_error(error: ApiError) -> tuple[int, Mapping[str, str], bytes]:
    """The error as a whole answer."""
    headers = {"content-type": "application/json"}
    body = {"message": overflow.message(error, TOO_LONG)}
    if error.request_id:
        headers["x-request-id"] = error.request_id
        body["id"] = error.request_id
    status = 498 if error.code == UNKNOWN else error.status
    return STATUSES.get(status, status), headers, orjson.dumps(body)
