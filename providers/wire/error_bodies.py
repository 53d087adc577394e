"""Errors in the body of a provider's answer, whatever shape it has.

The shape is mostly OpenAI's, `{"error": {"message", "type", "param", "code"}}`, or one of those
that compatible servers and the proxies before them answer with.
https://platform.openai.com/docs/guides/error-codes
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from providers.errors import ApiError, Cause, cause_of
from providers.wire import overflow

MAX_MESSAGE = 2_000
"""Characters of a provider's message that are shown."""

MAX_DEPTH = 6
"""Nested values that are searched for a message."""

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
    Cause.CONTEXT: 400,
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

SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]+)?", re.ASCII)
TITLE = re.compile(r"<(?:title|h1)[^>]*>([^<]{1,200})", re.IGNORECASE)
MARKUP = re.compile(r"\s*<(?:!doctype|html|head|body)\b", re.IGNORECASE)


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error that a provider answered with, whatever its body is."""
    try:
        value = orjson.loads(body)
    except ValueError:
        value = _words(body)
    return describe(value, status, request_id(headers, REQUEST_IDS))


def json_of(body: bytes) -> Any:
    """The JSON value of a body; None where it is no JSON."""
    try:
        return orjson.loads(body)
    except ValueError:
        return None


def request_id(headers: Mapping[str, str], names: Iterable[str]) -> str | None:
    """What the first header of `names` that says anything says."""
    return next((headers[name] for name in names if headers.get(name)), None)


def plain(status: int, body: bytes) -> str:
    """The message of a body that is no JSON, bounded; of an HTML page its title."""
    text = body[: 4 * MAX_MESSAGE].decode("utf-8", "replace")
    if MARKUP.match(text):
        title = TITLE.search(text)
        said = f": {' '.join(title[1].split())}" if title else ""
        return f"the provider answered with status {status} and an HTML page{said}"
    text = " ".join(_printable(text).replace("\ufffd", " ").split())
    return text[:MAX_MESSAGE] or f"the provider answered with status {status} and no message"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds to wait that `retry-after` names; None without it, or where it is a date."""
    value = headers.get("retry-after", "")
    return float(value) if SECONDS.fullmatch(value) else None


def message_in(value: Any, names: Sequence[str], depth: int = 0) -> str:
    """The words in a JSON value, bounded, from members called `names`; empty without any."""
    if depth > MAX_DEPTH:
        return ""
    match value:
        case str():
            return value.strip()[:MAX_MESSAGE]
        case list():
            found = [message_in(item, names, depth + 1) for item in value[:5]]
            return "; ".join(filter(None, found))[:MAX_MESSAGE]
        case dict():
            inner = (message_in(value[name], names, depth + 1) for name in names if value.get(name))
            return next(filter(None, inner), "")
    return ""


def _words(body: bytes) -> str:
    """The words of a body that is no JSON; of an HTML page its title."""
    text = body[: 4 * MAX_MESSAGE].decode("utf-8", "replace").replace("\ufffd", " ")
    if MARKUP.match(text):
        title = TITLE.search(text)
        return f"the provider answered with an HTML page: {title[1]}" if title else ""
    return _printable(text)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def describe(value: Any, status: int | None, request_id: str | None = None) -> ApiError:
    """The error in a JSON value; without a status, the one that its type or code stands for."""
    inner = _inner(value)
    kind, code = word(inner, "type", "status"), word(inner, "code")
    cause = _cause(f"{kind} {code}".lower())
    if status is None:
        status = STATUSES[cause or Cause.SERVER]
    message = " ".join((_message(inner) or _message(value)).split())
    error = ApiError(
        status=status,
        cause=agreed(status, cause),
        message=message[:MAX_MESSAGE] or f"the provider answered with status {status}",
        code=code or (kind if cause is None else None),
        param=word(inner, "param"),
        request_id=request_id or word(value, "request_id"),
    )
    return overflow.named(error)


def agreed(status: int, cause: Cause | None) -> Cause:
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
            return "; ".join(word(item, "msg") or "" for item in found[:5])
    return ""


def word(value: Any, *names: str) -> str | None:
    """The first string under one of `names` in an object; None where it is empty or none is."""
    if not isinstance(value, dict):
        return None
    return next((value[name] for name in names if isinstance(value.get(name), str)), None) or None


def _cause(words: str) -> Cause | None:
    return next((cause for mark, cause in WORDS if mark in words), None)
