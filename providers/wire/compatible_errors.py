"""Errors of OpenAI's shape, and of every other shape that compatible providers answer with.

https://platform.openai.com/docs/guides/error-codes
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from providers.errors import ApiError, Cause, FailedAnswer, cause_of
from providers.wire import error_bodies, overflow
from providers.wire.members import Json, dicts

MESSAGES = ("message", "msg", "Message", "detail", "error", "error_msg", "description")

REQUEST_IDS = ("x-request-id", "request-id", "apim-request-id", "x-amzn-requestid", "x-trace-id")

SHARED = frozenset({"message", "type", "param", "code"})
"""Members of every error; what else one says is `ApiError.native`."""

# Words in a provider's type, code or status that say more than the HTTP status.
WORDS = (
    ("insufficient_quota", Cause.QUOTA),
    ("billing", Cause.QUOTA),
    ("rate_limit", Cause.RATE_LIMIT),
    ("too_many_requests", Cause.RATE_LIMIT),
    ("resource_exhausted", Cause.RATE_LIMIT),
    ("overloaded", Cause.OVERLOADED),
    ("capacity", Cause.OVERLOADED),
    ("authentication", Cause.AUTHENTICATION),
    ("invalid_api_key", Cause.AUTHENTICATION),
    ("unauthenticated", Cause.AUTHENTICATION),
    ("unauthorized", Cause.AUTHENTICATION),
    ("permission", Cause.PERMISSION),
    ("not_found", Cause.NOT_FOUND),
    ("invalid_", Cause.INVALID_REQUEST),
    ("context_length", Cause.INVALID_REQUEST),
    ("content_filter", Cause.INVALID_REQUEST),
    ("image_", Cause.INVALID_REQUEST),
    ("timeout", Cause.TIMEOUT),
    ("unavailable", Cause.UNAVAILABLE),
)

CODES = {
    Cause.AUTHENTICATION: "invalid_api_key",
    Cause.OVERLOADED: "server_is_overloaded",
    Cause.RATE_LIMIT: "rate_limit_exceeded",
    Cause.QUOTA: "insufficient_quota",
}

FAULTS = frozenset({Cause.OVERLOADED, Cause.SERVER, Cause.TIMEOUT, Cause.UNAVAILABLE})
"""What no client is to blame for, whatever the status: Bedrock's models fail with 424."""

TOO_LONG = "context_length_exceeded"

# Cohere's word for a bad token; the SDKs know 401 only.
STATUSES = {498: 401}

FULL = 498
"""What Groq says when its flex tier is full: https://console.groq.com/docs/errors."""

DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]+)?)s", re.ASCII)


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error that a provider answered with, whatever its body is."""
    value = error_bodies.json_of(body)
    if status == FULL and b"capacity" in body:
        status = 503
    request_id = error_bodies.request_id(headers, REQUEST_IDS)
    if isinstance(value, dict | list | str) and value:
        return describe(value, status, request_id)
    error = ApiError(
        status=status,
        cause=cause_of(status),
        message=error_bodies.plain(status, b"" if value in ({}, []) else body),
        request_id=request_id,
    )
    return overflow.named(error)


def describe(value: Any, status: int | None, request_id: str | None = None) -> ApiError:
    """The error in a JSON value; without a status, the one that its type or code stands for."""
    inner = _inner(value)
    kind = error_bodies.word(inner, "type", "__type")
    code = error_bodies.word(inner, "code", "Code", "status")
    cause = _cause(f"{kind} {code} {error_bodies.word(inner, 'status')}".lower())
    if status is None:
        status = _status(inner) or error_bodies.STATUSES[cause or Cause.SERVER]
    message = _message(inner) or _message(value) or f"the provider answered with status {status}"
    if code == str(status):
        code = None  # Azure's management says the status again
    error = ApiError(
        status=status,
        cause=error_bodies.agreed(status, cause),
        message=message[: error_bodies.MAX_MESSAGE],
        code=code,
        # Events, and Anthropic's bodies, say with `error` what they are.
        type="" if kind in (None, "error") else kind,
        param=error_bodies.word(inner, "param"),
        request_id=request_id or error_bodies.word(value, "request_id", "requestId"),
        retry_after=_delay(inner),
        native=_rest(inner, value),
    )
    return overflow.named(error)


def _delay(inner: Any) -> float | None:
    """Seconds to wait, as Google says them in the details of an error."""
    details = inner.get("details") if isinstance(inner, dict) else None
    delays = (error_bodies.word(each, "retryDelay") for each in dicts(details))
    match = next(filter(None, (DURATION.fullmatch(each or "") for each in delays)), None)
    return float(match[1]) if match else None


def must_hold(answer: Json, content: str) -> None:
    """Raises FailedAnswer where an answer of status 200 is an error in place of its `content`."""
    if answer.get("error") and answer.get(content) is None:
        raise FailedAnswer(describe(answer, None))


def _inner(value: Any) -> Any:
    """The object that holds the message: providers wrap it in arrays and members."""
    for _ in range(4):
        if isinstance(value, list) and value:
            value = value[0]
            continue
        if not isinstance(value, dict):
            break
        # A failed answer of the Responses API is in `response`; Tencent Cloud says
        # {"Response": {"Error": {…}}}.
        names = ("error", "errors", "Error", "Response", "response")
        found = next((value[name] for name in names if isinstance(value.get(name), dict | list)), 0)
        if not found:
            break
        value = found
    return value


def _rest(inner: Any, value: Any) -> Json:
    """What else the error object says, such as Azure's `innererror`."""
    if not isinstance(value, dict) or not isinstance(inner, dict) or inner is value:
        return {}
    return {name: each for name, each in inner.items() if name not in SHARED}


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


def _cause(words: str) -> Cause | None:
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


def type_of(error: ApiError) -> str:
    """OpenAI's word for the kind of an error; most are `invalid_request_error`, 401 and 404 too."""
    if error.type:
        return error.type
    if error.cause is Cause.QUOTA:
        return "insufficient_quota"
    if error.cause is Cause.RATE_LIMIT:
        # The type of a rate limit is what there was too much of.
        return "tokens" if "token" in error.message.lower() else "requests"
    ours = error.status >= 500 or error.cause in FAULTS
    return "server_error" if ours else "invalid_request_error"


def code_of(error: ApiError) -> str | None:
    """OpenAI's code for an error; a provider that speaks OpenAI's format has its own."""
    if error.cause is Cause.CONTEXT:
        return TOO_LONG
    if error.type or (error.type is not None and error.code):
        return error.code
    if error.cause is Cause.NOT_FOUND and "model" in error.message.lower():
        return "model_not_found"
    return CODES.get(error.cause) or error.code


def error_body(error: ApiError) -> Json:
    """The error as OpenAI says it."""
    members = {
        "message": error.message,
        "type": type_of(error),
        "param": error.param,
        "code": code_of(error),
    }
    return {"error": {**members, **error.native}}


def error_event(error: ApiError) -> bytes:
    """The error as one event of a stream."""
    return b"data: " + orjson.dumps(error_body(error)) + b"\n\n"


def render_error(error: ApiError) -> tuple[int, Mapping[str, str], bytes]:
    """The error as a whole answer."""
    headers = {"content-type": "application/json"}
    if error.request_id:
        headers["x-request-id"] = error.request_id
    status = STATUSES.get(error.status, error.status)
    return status, headers, orjson.dumps(error_body(error))
