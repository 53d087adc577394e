"""Errors of ElevenLabs' shape, `{"detail": {"status", "message"}}`, and FastAPI's own.

https://elevenlabs.io/docs/developers/resources/error-messages
"""

from collections.abc import Mapping

import orjson

from providers.errors import ApiError, Cause, cause_of
from providers.wire import error_bodies

CAUSES = {
    "quota_exceeded": Cause.QUOTA,
    "invalid_api_key": Cause.AUTHENTICATION,
    "needs_authorization": Cause.AUTHENTICATION,
    "missing_permissions": Cause.PERMISSION,
    "model_not_found": Cause.NOT_FOUND,
    "voice_not_found": Cause.NOT_FOUND,
    "max_character_limit_exceeded": Cause.TOO_LARGE,
    "too_many_concurrent_requests": Cause.RATE_LIMIT,
    "system_busy": Cause.OVERLOADED,
}
"""`status` → its meaning; the first says it to clients."""
MESSAGES = ("message", "msg", "error", "detail")


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error that a provider answered with, whatever its body is."""
    value = error_bodies.json_of(body)
    detail = value.get("detail") if isinstance(value, dict) else None
    code = detail.get("status") if isinstance(detail, dict) else None
    code = code if isinstance(code, str) else None
    return ApiError(
        status=status,
        cause=CAUSES.get(code or "") or cause_of(status),
        message=error_bodies.message_in(value, MESSAGES)
        or error_bodies.message_in(detail, MESSAGES)
        or error_bodies.plain(status, b"" if value in ({}, []) else body),
        code=code,
        request_id=error_bodies.request_id(headers, ("request-id", "x-trace-id")),
    )


def render_error(error: ApiError) -> tuple[int, Mapping[str, str], bytes]:
    """The error in ElevenLabs' words."""
    code = next((code for code, cause in CAUSES.items() if cause is error.cause), "error")
    detail = {"status": error.code or code, "message": error.message}
    headers = {"request-id": error.request_id} if error.request_id else {}
    return error.status, headers, orjson.dumps({"detail": detail})
