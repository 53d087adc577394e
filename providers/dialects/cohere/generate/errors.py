"""Errors of Cohere's version 1: `{"message"}` in an answer, `err` in a stream.

https://docs.cohere.com/v1/reference/errors
"""

from collections.abc import Mapping

import orjson

from providers.dialects.cohere.overlong import TOO_LONG
from providers.errors import ApiError, Cause, cause_of
from providers.wire import error_bodies, overflow
from providers.wire.members import Json

REQUEST_IDS = ("x-request-id", "x-debug-trace-id", "request-id", "x-trace-id")

MESSAGES = ("message", "err", "error", "detail", "msg")

CAUSES = {422: Cause.INVALID_REQUEST, 498: Cause.AUTHENTICATION, 501: Cause.INVALID_REQUEST}
"""Statuses that are Cohere's own: 498 is an invalid token."""

# The SDK has an exception class for each status that it knows; overload is a 503 there.
STATUSES = {529: 503}


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error that a provider answered with, whatever its body is."""
    value = error_bodies.json_of(body)
    message = error_bodies.message_in(value, MESSAGES) or error_bodies.plain(
        status, b"" if value in ({}, []) else body
    )
    error = ApiError(
        status=status,
        cause=CAUSES.get(status) or cause_of(status),
        message=message,
        request_id=error_bodies.request_id(headers, REQUEST_IDS) or error_bodies.word(value, "id"),
    )
    return overflow.named(error)


def failure(said: Json) -> ApiError:
    """The error that an event tells."""
    timeout = said.get("finish_reason") == "TIMEOUT"
    return ApiError(
        status=504 if timeout else 500,
        cause=Cause.TIMEOUT if timeout else Cause.SERVER,
        message=error_bodies.message_in(said, MESSAGES)
        or "the provider gave up in the middle of its answer",
    )


def error_event(error: ApiError) -> Json:
    """The event that ends a stream which failed."""
    return {
        "event_type": "stream-error",
        "is_finished": True,
        "finish_reason": "TIMEOUT" if error.cause is Cause.TIMEOUT else "ERROR",
        "err": overflow.message(error, TOO_LONG),
    }


def render_error(error: ApiError) -> tuple[int, Mapping[str, str], bytes]:
    """The error as a whole answer."""
    headers = {"content-type": "application/json"}
    body = {"message": overflow.message(error, TOO_LONG)}
    if error.request_id:
        headers["x-request-id"] = error.request_id
        body["id"] = error.request_id
    return STATUSES.get(error.status, error.status), headers, orjson.dumps(body)
