"""Errors of Anthropic's API, in an answer and in a stream.

https://platform.claude.com/docs/en/api/errors
"""

from collections.abc import Mapping

import orjson

from providers.dialects.anthropic.errors import TOO_LONG, TYPES
from providers.errors import ApiError, Cause
from providers.wire import error_bodies, overflow
from providers.wire.members import Json

OVERLOADED = 529


def _body(error: ApiError) -> Json:
    kind = TYPES[error.cause]
    message = overflow.message(error, TOO_LONG) or "the request failed"
    return {
        "type": "error",
        "error": {"type": kind, "message": message},
        "request_id": error.request_id,
    }


def failure(said: Json) -> ApiError:
    """The error that an event tells."""
    error = error_bodies.describe(said, None)
    # Anthropic's own status is not the one of other APIs.
    return error_bodies.describe(said, OVERLOADED) if error.cause is Cause.OVERLOADED else error


def error_event(error: ApiError) -> bytes:
    """The event that ends a stream which failed."""
    return b"event: error\ndata: " + orjson.dumps(_body(error)) + b"\n\n"


def render_error(error: ApiError) -> tuple[int, Mapping[str, str], bytes]:
    """The error as a whole answer; the SDK tells classes apart by the status."""
    headers = {"content-type": "application/json"}
    if error.request_id:
        headers["request-id"] = error.request_id
    status = OVERLOADED if error.cause is Cause.OVERLOADED else error.status
    return status, headers, orjson.dumps(_body(error))
