"""Errors of Google's shape (google.rpc.Status), and of whatever else an endpoint answers with.

https://ai.google.dev/gemini-api/docs/troubleshooting, https://google.aip.dev/193
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from providers.chat import Json
from providers.errors import ApiError, Cause, cause_of

MAX_MESSAGE = 2_000
"""Characters of a provider's message that are shown."""

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

TYPES = "type.googleapis.com/google.rpc."

CUT = ApiError(
    status=502, cause=Cause.SERVER, message="the provider's stream ended before its answer did"
)

TITLE = re.compile(r"<(?:title|h1)[^>]*>([^<]{1,200})", re.IGNORECASE)
TAG = re.compile(r"\s*<(?:!doctype|html|head|body)\b", re.IGNORECASE)


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error that a provider answered with, whatever its body is."""
    try:
        value = orjson.loads(body)
    except ValueError:
        value = None
    request_id = next((headers[name] for name in REQUEST_IDS if headers.get(name)), None)
    if isinstance(value, dict | list) and value:
        return describe(value, status, request_id)
    message = _plain(status, b"" if value in ({}, []) else body)
    return ApiError(status=status, cause=cause_of(status), message=message, request_id=request_id)


def describe(value: Any, status: int | None, request_id: str | None = None) -> ApiError:
    """The error in a JSON value; without an HTTP status, the one that the value stands for."""
    inner = _inner(value)
    word = _word(inner, "status")
    known, cause = CODES.get(word or "", (None, None))
    if status is None:
        code = inner.get("code")
        status = code if type(code) is int and 400 <= code < 600 else known or 500
    if cause is None or (status >= 500) != (CODES[word or ""][0] >= 500):
        cause = cause_of(status)
    details = _details(inner)
    reason = _word(details.get("ErrorInfo", {}), "reason")
    # https://ai.google.dev/gemini-api/docs/troubleshooting: a bad key is a 400 there.
    if reason == "API_KEY_INVALID":
        status, cause = 401, Cause.AUTHENTICATION
    elif cause is Cause.RATE_LIMIT and _is_spent(details):
        cause = Cause.QUOTA
    message = _message(value, inner) or f"the provider answered with status {status}"
    return ApiError(
        status=status,
        cause=cause,
        message=message[:MAX_MESSAGE],
        code=reason or word,
        param=_field(details),
        request_id=request_id or _word(details.get("RequestInfo", {}), "requestId"),
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
    found = _word(inner, "message", "error", "error_description", "detail", "msg")
    if found is None and isinstance(value, dict):
        found = _word(value, "error", "message")
    return (found or "").strip()


def _word(value: Any, *names: str) -> str | None:
    if not isinstance(value, dict):
        return None
    return next((value[name] for name in names if isinstance(value.get(name), str)), None) or None


def _details(inner: Json) -> dict[str, Json]:
    """Short type name → the first detail of that type."""
    found: dict[str, Json] = {}
    details = inner.get("details")
    for detail in details if isinstance(details, list) else ():
        kind = _word(detail, "@type")
        if kind is not None:
            found.setdefault(kind.rpartition(".")[2], detail)
    return found


def _violations(detail: Json | None, name: str) -> list[Json]:
    items = detail.get(name) if detail else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _is_spent(details: dict[str, Json]) -> bool:
    """Whether a quota of a day is used up, not one of a minute."""
    violations = _violations(details.get("QuotaFailure"), "violations")
    return any("PerDay" in (_word(item, "quotaId") or "") for item in violations)


def _field(details: dict[str, Json]) -> str | None:
    violations = _violations(details.get("BadRequest"), "fieldViolations")
    return next((_word(item, "field") for item in violations), None)


def _plain(status: int, body: bytes) -> str:
    text = body[: 4 * MAX_MESSAGE].decode("utf-8", "replace")
    if TAG.match(text):
        title = TITLE.search(text)
        said = f": {' '.join(title[1].split())}" if title else ""
        return f"the provider answered with status {status} and an HTML page{said}"
    text = "".join(char if char.isprintable() else " " for char in text)
    text = " ".join(text.replace("\ufffd", " ").split())
    return text[:MAX_MESSAGE] or f"the provider answered with status {status} and no message"


def error_status(error: ApiError) -> int:
    """The HTTP status as Google says it: 529 is Anthropic's."""
    return 503 if error.status == 529 else error.status


def error_body(error: ApiError) -> Json:
    """The error as Google says it; the SDK wants `error` as the first member."""
    said: Json = {
        "code": error_status(error),
        "message": error.message,
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
    if details:
        said["details"] = details
    return {"error": said}


def render_error(error: ApiError) -> tuple[int, Mapping[str, str], bytes]:
    """The error as a whole answer."""
    headers = {"content-type": "application/json; charset=UTF-8"}
    if error.request_id:
        headers["x-request-id"] = error.request_id
    return error_status(error), headers, orjson.dumps(error_body(error))
