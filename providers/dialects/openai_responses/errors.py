"""Errors of the Responses API: bodies, failed answers, and events in mid-stream.

https://platform.openai.com/docs/guides/error-codes
"""

from collections.abc import Mapping

import orjson

from providers.chat import Json
from providers.errors import ApiError, Cause

TYPES = {
    Cause.INVALID_REQUEST: "invalid_request_error",
    Cause.AUTHENTICATION: "authentication_error",
    Cause.PERMISSION: "permission_error",
    Cause.NOT_FOUND: "not_found_error",
    Cause.TOO_LARGE: "invalid_request_error",
    Cause.RATE_LIMIT: "rate_limit_error",
    Cause.QUOTA: "insufficient_quota",
    Cause.TIMEOUT: "timeout_error",
    Cause.OVERLOADED: "overloaded_error",
    Cause.UNAVAILABLE: "server_error",
    Cause.SERVER: "server_error",
}

FAILURES = {
    Cause.INVALID_REQUEST: "invalid_prompt",
    Cause.TOO_LARGE: "invalid_prompt",
    Cause.RATE_LIMIT: "rate_limit_exceeded",
    Cause.QUOTA: "rate_limit_exceeded",
}
"""Codes of a failed answer, as far as the SDK's types know them; else `server_error`."""


def failure(error: ApiError) -> Json:
    """The error as a failed answer says it."""
    return {"code": FAILURES.get(error.cause, "server_error"), "message": error.message}


def error_event(error: ApiError, number: int) -> bytes:
    """The error as one event of a stream, which nothing follows."""
    event = {
        "type": "error",
        "code": error.code or FAILURES.get(error.cause, "server_error"),
        "message": error.message,
        "param": error.param,
        "sequence_number": number,
    }
    return b"event: error\ndata: " + orjson.dumps(event) + b"\n\n"


def render_error(error: ApiError) -> tuple[int, Mapping[str, str], bytes]:
    """The error as a whole answer."""
    headers = {"content-type": "application/json"}
    if error.request_id:
        headers["x-request-id"] = error.request_id
    body = {
        "error": {
            "message": error.message,
            "type": TYPES[error.cause],
            "param": error.param,
            "code": error.code,
        }
    }
    # OpenAI says "overloaded" with 503; 529 is Anthropic's.
    status = 503 if error.status == 529 else error.status
    return status, headers, orjson.dumps(body)
