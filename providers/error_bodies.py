"""Errors in the body of a provider's answer, whatever shape it has.

The shape is mostly OpenAI's, `{"error": {"message", "type", "param", "code"}}`, or one of those
that compatible servers and the proxies before them answer with.
https://platform.openai.com/docs/guides/error-codes
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from providers.errors import ApiError, Cause, cause_of

MAX_MESSAGE = 2_000
"""Characters of a provider's message that are shown."""

REQUEST_IDS = ("x-request-id", "request-id", "apim-request-id", "x-trace-id", "cf-ray")

# Words in a provider's type or code that say more than the HTTP status.
WORDS = (
    ("insufficient_quota", Cause.QUOTA),
    ("billing", Cause.QUOTA),
    ("rate_limit", Cause.RATE_LIMIT),
    ("too_many_requests", Cause.RATE_LIMIT),
    ("overloaded", Cause.OVERLOADED),
    ("authentication", Cause.AUTHENTICATION),
    ("invalid_api_key", Cause.AUTHENTICATION),
    ("unauthorized", Cause.AUTHENTICATION),
    ("permission", Cause.PERMISSION),
    ("not_found", Cause.NOT_FOUND),
    ("invalid_", Cause.INVALID_REQUEST),
    ("context_length", Cause.INVALID_REQUEST),
    ("image_", Cause.INVALID_REQUEST),
    ("timeout", Cause.TIMEOUT),
    ("unavailable", Cause.UNAVAILABLE),
)

STATUSES = {
    Cause.INVALID_REQUEST: 400,
    Cause.AUTHENTICATION: 401,
    Cause.PERMISSION: 403,
    Cause.NOT_FOUND: 404,
    Cause.TOO_LARGE: 413,
    Cause.RATE_LIMIT: 429,
    Cause.QUOTA: 429,
    Cause.TIMEOUT: 504,
    Cause.OVERLOADED: 503,
    Cause.UNAVAILABLE: 503,
    Cause.SERVER: 500,
}

TITLE = re.compile(r"<(?:title|h1)[^>]*>([^<]{1,200})", re.IGNORECASE)
MARKUP = re.compile(r"\s*<(?:!doctype|html|head|body)\b", re.IGNORECASE)


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error that a provider answered with, whatever its body is."""
    try:
        value = orjson.loads(body)
    except ValueError:
        value = _plain(body)
    request_id = next((headers[name] for name in REQUEST_IDS if headers.get(name)), None)
    return describe(value, status, request_id)


def _plain(body: bytes) -> str:
    """The words of a body that is no JSON; of an HTML page its title."""
    text = body[: 4 * MAX_MESSAGE].decode("utf-8", "replace").replace("\ufffd", " ")
    if MARKUP.match(text):
        title = TITLE.search(text)
        return f"the provider answered with an HTML page: {title[1]}" if title else ""
    return "".join(char if char.isprintable() else " " for char in text)


def describe(value: Any, status: int | None, request_id: str | None = None) -> ApiError:
    """The error in a JSON value; without a status, the one that its type or code stands for."""
    inner = _inner(value)
    kind, code = _word(inner, "type", "status"), _word(inner, "code")
    cause = _cause(f"{kind} {code}".lower())
    if status is None:
        status = STATUSES[cause or Cause.SERVER]
    message = " ".join((_message(inner) or _message(value)).split())
    return ApiError(
        status=status,
        cause=_agreed(status, cause),
        message=message[:MAX_MESSAGE] or f"the provider answered with status {status}",
        code=code or (kind if cause is None else None),
        param=_word(inner, "param"),
        request_id=request_id or _word(value, "request_id"),
    )


def _agreed(status: int, cause: Cause | None) -> Cause:
    """The status decides between client's and provider's fault; the words tell more."""
    expected = cause_of(status)
    if cause in (None, Cause.INVALID_REQUEST) or (status >= 500) != (STATUSES[cause] >= 500):
        return expected
    return cause


def _inner(value: Any) -> Any:
    """The object that holds the message: providers wrap it in arrays and members."""
    for _ in range(4):
        if isinstance(value, list) and value:
            value = value[0]
        elif isinstance(value, dict) and isinstance(value.get("error"), dict | list):
            value = value["error"]
        elif isinstance(value, dict) and isinstance(value.get("response"), dict):
            value = value["response"]
        else:
            break
    return value


def _message(value: Any) -> str:
    """The words of an error, in OpenAI's shape, FastAPI's or others'."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(filter(None, map(_message, value[:5])))
    if not isinstance(value, dict):
        return ""
    for name in ("message", "msg", "detail", "error"):
        found = value.get(name)
        if isinstance(found, str) and found:
            return found
        if name == "detail" and isinstance(found, list):
            return "; ".join(_word(item, "msg") or "" for item in found[:5])
    return ""


def _word(value: Any, *names: str) -> str | None:
    if not isinstance(value, dict):
        return None
    return next((value[name] for name in names if isinstance(value.get(name), str)), None) or None


def _cause(words: str) -> Cause | None:
    return next((cause for word, cause in WORDS if word in words), None)
