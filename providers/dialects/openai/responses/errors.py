"""Errors of the Responses API inside answers: failed ones, and events in mid-stream.

https://platform.openai.com/docs/guides/error-codes
"""

import orjson

from providers.errors import ApiError, Cause
from providers.wire.members import Json

FAILURES = {
    Cause.INVALID_REQUEST: "invalid_prompt",
    # Codex compacts a conversation on this one.
    Cause.CONTEXT: "context_length_exceeded",
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
        "code": _code(error),
        "message": error.message,
        "param": error.param,
        "sequence_number": number,
    }
    return b"event: error\ndata: " + orjson.dumps(event) + b"\n\n"


def _code(error: ApiError) -> str:
    known = FAILURES.get(error.cause, "server_error")
    return known if error.cause is Cause.CONTEXT else error.code or known
