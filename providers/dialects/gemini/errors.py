"""Errors of Google's shape (google.rpc.Status), and of whatever else an endpoint answers with.

https://ai.google.dev/gemini-api/docs/troubleshooting, https://google.aip.dev/193
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from providers.errors import ApiError, Cause, cause_of, sharper
from providers.wire import error_bodies, overflow
from providers.wire.members import Json

REQUEST_IDS = ("x-request-id", "x-goog-request-id", "x-cloud-trace-context")

CODES = {
    "INVALID_ARGUMENT": (400, Cause.INVALID_REQUEST),
    "FAILED_PRECONDITION": (400, Cause.INVALID_REQUEST),
    "OUT_OF_RANGE": (400, Cause.INVALID_REQUEST),
    "UNAUTHENTICATED": (401, Cause.AUTHENTICATION),
    "PERMISSION_DENIED": (403, Cause.PERMISSION),
    "NOT_FOUND": (404, Cause.NOT_FOUND),
    "ALREADY_EXISTS": (409, Cause.INVALID_REQUEST),
    "ABORTED": (409, Cause.INVALID_REQUEST),
    "RESOURCE_EXHAUSTED": (429, Cause.RATE_LIMIT),
    "CANCELLED": (499, Cause.INVALID_REQUEST),
    "DATA_LOSS": (500, Cause.SERVER),
    "INTERNAL": (500, Cause.SERVER),
    "UNKNOWN": (500, Cause.SERVER),
    "UNIMPLEMENTED": (501, Cause.SERVER),
    "UNAVAILABLE": (503, Cause.UNAVAILABLE),
    "DEADLINE_EXCEEDED": (504, Cause.TIMEOUT),
}
"""`status` → (HTTP status, cause): https://cloud.google.com/apis/design/errors."""

STATUSES = {
    Cause.INVALID_REQUEST: "INVALID_ARGUMENT",
    Cause.CONTEXT: "INVALID_ARGUMENT",
    Cause.AUTHENTICATION: "UNAUTHENTICATED",
    Cause.PERMISSION: "PERMISSION_DENIED",
    Cause.NOT_FOUND: "NOT_FOUND",
    Cause.TOO_LARGE: "INVALID_ARGUMENT",
    Cause.RATE_LIMIT: "RESOURCE_EXHAUSTED",
    Cause.QUOTA: "RESOURCE_EXHAUSTED",
    Cause.TIMEOUT: "DEADLINE_EXCEEDED",
    Cause.OVERLOADED: "UNAVAILABLE",
    Cause.UNAVAILABLE: "UNAVAILABLE",
    Cause.SERVER: "INTERNAL",
}

TOO_LONG = overflow.form(
    "exceeds the maximum number of tokens",
    "The input token count ({given}) exceeds the maximum number of tokens allowed ({most}).",
    "The input token count exceeds the maximum number of tokens allowed",
)

DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]+)?)s", re.ASCII)
TYPES = "type.googleapis.com/google.rpc."
NAMES = ("error", "message", "detail", "errors", "msg", "Message")
"""Where proxies before Google say what is wrong."""


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error that a provider answered with, whatever its body is."""
    value = error_bodies.json_of(body)
    request_id = error_bodies.request_id(headers, REQUEST_IDS)
    if isinstance(value, dict | list) and value:
        return describe(value, status, request_id)
    message = error_bodies.plain(status, b"" if value in ({}, []) else body)
    return overflow.named(
        ApiError(status=status, cause=cause_of(status), message=message, request_id=request_id)
    )


def describe(value: Any, status: int | None, request_id: str | None = None) -> ApiError:
    """The error in a JSON value; without an HTTP status, the one that the value stands for."""
    inner = _inner(value)
    word = error_bodies.word(inner, "status")
    known, cause = CODES.get(word or "", (None, None))
    if status is None:
        code = inner.get("code")
        status = code if type(code) is int and 400 <= code < 600 else known or 500
    if cause is None or (status >= 500) != (CODES[word or ""][0] >= 500):
        cause = cause_of(status)
    cause = sharper(cause, status)
    details = _details(inner)
    reason = error_bodies.word(details.get("ErrorInfo", {}), "reason")
    # https://ai.google.dev/gemini-api/docs/troubleshooting: a bad key is a 400 there.
    if reason == "API_KEY_INVALID":
        status, cause = 401, Cause.AUTHENTICATION
    elif cause is Cause.RATE_LIMIT and _is_spent(details):
        cause = Cause.QUOTA
    message = _message(value, inner) or f"the provider answered with status {status}"
    error = ApiError(
        status=status,
        cause=cause,
        message=message[: error_bodies.MAX_MESSAGE],
        code=reason or word,
        param=_field(details),
        request_id=request_id or error_bodies.word(details.get("RequestInfo", {}), "requestId"),
        retry_after=_seconds(error_bodies.word(details.get("RetryInfo", {}), "retryDelay")),
    )
    return overflow.named(error)


def failure(candidate: Json) -> ApiError:
    """The error for which a candidate ended before it said anything."""
    reason = error_bodies.word(candidate, "finishReason") or "OTHER"
    words = error_bodies.word(candidate, "finishMessage")
    return ApiError(
        status=500,
        cause=Cause.SERVER,
        message=(words or f"the model did not answer: {reason}")[: error_bodies.MAX_MESSAGE],
        code=reason,
    )


def _inner(value: Any) -> Json:
    """The status object; streams and some gateways wrap it in an array."""
    for _ in range(4):
        if isinstance(value, list) and value:
            value = value[0]
        elif isinstance(value, dict) and isinstance(value.get("error"), dict | list):
            value = value["error"]
        else:
            break
    return value if isinstance(value, dict) else {}


def _message(value: Any, inner: Json) -> str:
    found = error_bodies.word(inner, "message", "error", "error_description", "detail", "msg")
    return (found or error_bodies.message_in(value, NAMES)).strip()


def _details(inner: Json) -> dict[str, Json]:
    """Short type name → the first detail of that type."""
    found: dict[str, Json] = {}
    details = inner.get("details")
    for detail in details if isinstance(details, list) else ():
        kind = error_bodies.word(detail, "@type")
        if kind is not None:
            found.setdefault(kind.rpartition(".")[2], detail)
    return found


def _violations(detail: Json | None, name: str) -> list[Json]:
    items = detail.get(name) if detail else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _is_spent(details: dict[str, Json]) -> bool:
    """Whether a quota of a day is used up, not one of a minute."""
    violations = _violations(details.get("QuotaFailure"), "violations")
    return any("PerDay" in (error_bodies.word(item, "quotaId") or "") for item in violations)


def _seconds(duration: str | None) -> float | None:
    """A protobuf Duration as JSON writes it, such as `34.07s`."""
    match = DURATION.fullmatch(duration or "")
    return float(match[1]) if match else None


def _field(details: dict[str, Json]) -> str | None:
    violations = _violations(details.get("BadRequest"), "fieldViolations")
    return next((error_bodies.word(item, "field") for item in violations), None)


def error_status(error: ApiError) -> int:
    """The HTTP status as Google says it: 529 is Anthropic's."""
    return 503 if error.status == 529 else error.status


def error_body(error: ApiError) -> Json:
    """The error as Google says it; the SDK wants `error` as the first member."""
    said: Json = {
        "code": error_status(error),
        "message": overflow.message(error, TOO_LONG),
        "status": STATUSES[error.cause],
    }
    details: list[Json] = []
    if error.code is not None and error.code != said["status"]:
        details.append({"@type": f"{TYPES}ErrorInfo", "reason": error.code})
    if error.param is not None:
        violation = {"field": error.param, "description": error.message}
        details.append({"@type": f"{TYPES}BadRequest", "fieldViolations": [violation]})
    if error.request_id is not None:
        details.append({"@type": f"{TYPES}RequestInfo", "requestId": error.request_id})
    if error.retry_after is not None:
        delay = f"{error.retry_after:.9f}".rstrip("0").rstrip(".")
        details.append({"@type": f"{TYPES}RetryInfo", "retryDelay": f"{delay}s"})
    if details:
        said["details"] = details
    return {"error": said}


def render_error(error: ApiError) -> tuple[int, Mapping[str, str], bytes]:
    """The error as a whole answer."""
    headers = {"content-type": "application/json; charset=UTF-8"}
    if error.request_id:
        headers["x-request-id"] = error.request_id
    return error_status(error), headers, orjson.dumps(error_body(error))
