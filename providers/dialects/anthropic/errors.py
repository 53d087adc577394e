"""Errors of the Messages API, and of the clouds and proxies that speak it.

https://platform.claude.com/docs/en/api/errors
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from providers.errors import ApiError, Cause, cause_of, sharper
from providers.wire import error_bodies, overflow
from providers.wire.members import Json

REQUEST_IDS = ("request-id", "x-request-id", "x-amzn-requestid", "apim-request-id", "cf-ray")

TYPES = {
    Cause.INVALID_REQUEST: "invalid_request_error",
    Cause.CONTEXT: "invalid_request_error",
    Cause.AUTHENTICATION: "authentication_error",
    Cause.PERMISSION: "permission_error",
    Cause.NOT_FOUND: "not_found_error",
    Cause.TOO_LARGE: "request_too_large",
    Cause.RATE_LIMIT: "rate_limit_error",
    Cause.QUOTA: "billing_error",
    Cause.TIMEOUT: "timeout_error",
    Cause.OVERLOADED: "overloaded_error",
    Cause.UNAVAILABLE: "api_error",
    Cause.SERVER: "api_error",
}

CAUSES = {
    "invalid_request_error": Cause.INVALID_REQUEST,
    "authentication_error": Cause.AUTHENTICATION,
    "billing_error": Cause.QUOTA,
    "permission_error": Cause.PERMISSION,
    "not_found_error": Cause.NOT_FOUND,
    "request_too_large": Cause.TOO_LARGE,
    "rate_limit_error": Cause.RATE_LIMIT,
    "timeout_error": Cause.TIMEOUT,
    "overloaded_error": Cause.OVERLOADED,
    "api_error": Cause.SERVER,
    # Amazon Bedrock, in `x-amzn-errortype`, `__type` or an exception event.
    "validationexception": Cause.INVALID_REQUEST,
    "accessdeniedexception": Cause.PERMISSION,
    "unrecognizedclientexception": Cause.AUTHENTICATION,
    "expiredtokenexception": Cause.AUTHENTICATION,
    "resourcenotfoundexception": Cause.NOT_FOUND,
    "throttlingexception": Cause.RATE_LIMIT,
    "servicequotaexceededexception": Cause.QUOTA,
    "modeltimeoutexception": Cause.TIMEOUT,
    "modelnotreadyexception": Cause.UNAVAILABLE,
    "serviceunavailableexception": Cause.UNAVAILABLE,
    "internalserverexception": Cause.SERVER,
    "modelstreamerrorexception": Cause.SERVER,
    # Google Cloud, in `status`.
    "invalid_argument": Cause.INVALID_REQUEST,
    "failed_precondition": Cause.INVALID_REQUEST,
    "unauthenticated": Cause.AUTHENTICATION,
    "permission_denied": Cause.PERMISSION,
    "not_found": Cause.NOT_FOUND,
    "resource_exhausted": Cause.RATE_LIMIT,
    "deadline_exceeded": Cause.TIMEOUT,
    "unavailable": Cause.UNAVAILABLE,
    "internal": Cause.SERVER,
}

STATUSES = {
    Cause.INVALID_REQUEST: 400,
    Cause.CONTEXT: 400,
    Cause.AUTHENTICATION: 401,
    Cause.QUOTA: 402,
    Cause.PERMISSION: 403,
    Cause.NOT_FOUND: 404,
    Cause.TOO_LARGE: 413,
    Cause.RATE_LIMIT: 429,
    Cause.SERVER: 500,
    Cause.UNAVAILABLE: 503,
    Cause.TIMEOUT: 504,
    Cause.OVERLOADED: 529,
}

TOO_LONG = overflow.form(
    r"prompt is too long|exceed context limit: \d+ \+ \d+ > \d+",
    "prompt is too long: {given} tokens > {most} maximum",
    "prompt is too long",
)
"""Claude Code compacts a conversation on these words."""

TITLE = re.compile(r"<(?:title|h1)[^>]*>([^<]{1,200})", re.IGNORECASE)
MARKUP = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error that a provider answered with, whatever its body is."""
    try:
        value = orjson.loads(body)
    except ValueError:
        value = _plain(body)
    request_id = error_bodies.request_id(headers, REQUEST_IDS)
    kind = headers.get("x-amzn-errortype", "").partition(":")[0]
    return describe(value, status, request_id, kind)


def _plain(body: bytes) -> str:
    """The words of a body that is no JSON."""
    text = body.decode("utf-8", "replace").strip()
    if MARKUP.match(text) is None:
        return text
    title = TITLE.search(text)
    return title[1].strip() if title else ""


def describe(
    value: Any, status: int | None, request_id: str | None = None, kind: str = ""
) -> ApiError:
    """The error in a JSON value; without a status, the one that its type stands for."""
    inner = _inner(value)
    kind = kind or _word(inner, "type", "status", "__type").rpartition("#")[2]
    cause = CAUSES.get(kind.lower())
    if status is None:
        status = STATUSES[cause or Cause.SERVER]
    if cause is None or (cause is not Cause.OVERLOADED and _blames(cause) != (status < 500)):
        cause = cause_of(status)
    cause = sharper(cause, status)
    message = _message(inner) or f"the provider answered with status {status}"
    details = inner.get("details") if isinstance(inner, dict) else None
    error = ApiError(
        status=status,
        cause=cause,
        message=message[: error_bodies.MAX_MESSAGE],
        code=_word(details, "error_code") or _word(inner, "code") or None,
        request_id=request_id or _word(value, "request_id") or None,
    )
    return overflow.named(error)


def _blames(cause: Cause) -> bool:
    """Whether `cause` blames the client."""
    return STATUSES[cause] < 500


def _inner(value: Any) -> Any:
    """The object that holds the message: Google wraps it in an array too."""
    for _ in range(3):
        if isinstance(value, list) and value:
            value = value[0]
        elif isinstance(value, dict) and isinstance(value.get("error"), dict | list | str):
            value = value["error"]
        else:
            break
    return value


def _message(inner: Any) -> str:
    if isinstance(inner, str):
        return inner.strip()
    return _word(inner, "message", "Message", "detail", "error_description").strip()


def _word(value: Any, *names: str) -> str:
    if not isinstance(value, dict):
        return ""
    return next((value[name] for name in names if isinstance(value.get(name), str)), "")


def render_error(error: ApiError) -> tuple[int, Mapping[str, str], bytes]:
    """(status, headers, body): the SDK tells classes apart by the status."""
    headers = {"content-type": "application/json"}
    if error.request_id:
        headers["request-id"] = error.request_id
    return _status(error), headers, orjson.dumps(_body(error))


def _status(error: ApiError) -> int:
    if error.cause is Cause.OVERLOADED:
        return STATUSES[Cause.OVERLOADED]
    return error.status if 400 <= error.status < 600 else STATUSES[error.cause]


def _body(error: ApiError) -> Json:
    message = overflow.message(error, TOO_LONG) or "the request failed"
    if error.param and error.cause is not Cause.CONTEXT and error.param not in message:
        message = f"{error.param}: {message}"
    inner: Json = {"type": TYPES[error.cause], "message": message}
    if error.code:
        inner["details"] = {"error_code": error.code}
    return {"type": "error", "error": inner, "request_id": error.request_id}


def error_event(error: ApiError) -> bytes:
    """The event that ends a stream which failed."""
    return b"event: error\ndata: " + orjson.dumps(_body(error)) + b"\n\n"
