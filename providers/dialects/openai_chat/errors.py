"""Errors of OpenAI's shape, and of every other shape that compatible providers answer with.

https://platform.openai.com/docs/guides/error-codes
"""

from collections.abc import Mapping
from typing import Any

import orjson

from providers import error_bodies
from providers.chat import Json
from providers.errors import ApiError, Cause, cause_of

MESSAGES = ("message", "msg", "Message", "detail", "error", "error_msg", "description")

REQUEST_IDS = ("x-request-id", "request-id", "apim-request-id", "x-amzn-requestid", "x-trace-id")

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

# Words in a provider's type, code or status that say more than the HTTP status.
WORDS = (
    ("insufficient_quota", Cause.QUOTA),
    ("billing", Cause.QUOTA),
    ("rate_limit", Cause.RATE_LIMIT),
    ("resource_exhausted", Cause.RATE_LIMIT),
    ("overloaded", Cause.OVERLOADED),
    ("authentication", Cause.AUTHENTICATION),
    ("invalid_api_key", Cause.AUTHENTICATION),
    ("unauthenticated", Cause.AUTHENTICATION),
    ("permission", Cause.PERMISSION),
    ("not_found", Cause.NOT_FOUND),
    ("invalid_request", Cause.INVALID_REQUEST),
    ("invalid_argument", Cause.INVALID_REQUEST),
    ("timeout", Cause.TIMEOUT),
    ("unavailable", Cause.UNAVAILABLE),
)


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error that a provider answered with, whatever its body is."""
    value = error_bodies.json_of(body)
    request_id = error_bodies.request_id(headers, REQUEST_IDS)
    if isinstance(value, dict | list | str) and value:
        return describe(value, status, request_id)
    message = error_bodies.plain(status, b"" if value in ({}, []) else body)
    return ApiError(status=status, cause=cause_of(status), message=message, request_id=request_id)


def describe(value: Any, status: int | None, request_id: str | None = None) -> ApiError:
    """The error in a JSON value; without a status, the one that its type or code stands for."""
    inner = _inner(value)
    kind, code = error_bodies.word(inner, "type", "status", "__type"), _code(inner)
    cause = _cause(kind, code)
    if status is None:
        status = _status(inner) or error_bodies.STATUSES[cause or Cause.SERVER]
    message = _message(inner) or _message(value) or f"the provider answered with status {status}"
    return ApiError(
        status=status,
        cause=error_bodies.agreed(status, cause),
        message=message[: error_bodies.MAX_MESSAGE],
        code=code or (kind if kind and cause is None else None),
        param=error_bodies.word(inner, "param"),
        request_id=request_id or error_bodies.word(value, "request_id", "requestId"),
    )


def _inner(value: Any) -> Any:
    """The object that holds the message: providers wrap it in arrays and members."""
    for _ in range(4):
        if isinstance(value, list) and value:
            value = value[0]
            continue
        if not isinstance(value, dict):
            break
        # Tencent Cloud says {"Response": {"Error": {…}}}.
        names = ("error", "errors", "Error", "Response")
        found = next((value[name] for name in names if isinstance(value.get(name), dict | list)), 0)
        if not found:
            break
        value = found
    return value


def _message(value: Any, depth: int = 0) -> str:
    if depth > error_bodies.MAX_DEPTH:
        return ""
    match value:
        case str():
            return value.strip()
        case list():
            return "; ".join(filter(None, [_message(item, depth + 1) for item in value[:5]]))
        case dict():
            found = [_message(value[name], depth + 1) for name in MESSAGES if value.get(name)]
            text = next(filter(None, found), "")
            return _located(value, text) + _raw(value)
    return ""


def _located(value: Json, text: str) -> str:
    """FastAPI says where: {"loc": ["body", "messages"], "msg": …}."""
    place = value.get("loc")
    if not text or not isinstance(place, list):
        return text
    return f"{'.'.join(str(step) for step in place)}: {text}"


def _raw(value: Json) -> str:
    """OpenRouter hides the real provider's words in `metadata.raw`.

    https://openrouter.ai/docs/api-reference/errors
    """
    metadata = value.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    return f": {raw}" if isinstance(raw, str) and raw else ""


def _code(value: Any) -> str | None:
    """The machine-readable code; a number is mostly the HTTP status again."""
    return error_bodies.word(value, "code", "Code") or error_bodies.word(value, "status")


def _cause(kind: str | None, code: str | None) -> Cause | None:
    words = f"{kind} {code}".lower()
    return next((cause for word, cause in WORDS if word in words), None)


def _status(value: Any) -> int | None:
    """Inside a stream the HTTP status stands in the error, if anywhere."""
    for name in ("code", "status", "status_code", "http_status"):
        status = value.get(name) if isinstance(value, dict) else None
        if isinstance(status, str) and status.isascii() and status.isdigit():
            status = int(status[:4])
        if isinstance(status, int) and 400 <= status < 600:
            return status
    return None


def error_body(error: ApiError) -> Json:
    """The error as OpenAI says it."""
    return {
        "error": {
            "message": error.message,
            "type": TYPES[error.cause],
            "param": error.param,
            "code": error.code,
        }
    }


def error_event(error: ApiError) -> bytes:
    """The error as one event of a stream."""
    return b"data: " + orjson.dumps(error_body(error)) + b"\n\n"


def render_error(error: ApiError) -> tuple[int, Mapping[str, str], bytes]:
    """The error as a whole answer."""
    headers = {"content-type": "application/json"}
    if error.request_id:
        headers["x-request-id"] = error.request_id
    return error.status, headers, orjson.dumps(error_body(error))
