"""Errors of Cohere's shape, `{"message": …, "id": …}`, and whatever proxies answer with.

https://docs.cohere.com/v2/reference/errors
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from providers.chat import Json
from providers.dialects.cohere_chat.answers import render_usage
from providers.errors import ApiError, Cause, cause_of
from providers.usage import Usage

CUT = ApiError(
    status=502, cause=Cause.SERVER, message="the provider's stream ended before its answer did"
)

MAX_MESSAGE = 2_000
"""Characters of a provider's message that are shown."""

MAX_DEPTH = 6

REQUEST_IDS = ("x-request-id", "x-debug-trace-id", "request-id", "x-trace-id")

MESSAGES = ("message", "error", "detail", "msg", "data")

CAUSES = {422: Cause.INVALID_REQUEST, 498: Cause.AUTHENTICATION, 501: Cause.INVALID_REQUEST}
"""Statuses that are Cohere's own: 498 is an invalid token."""

# The SDK has an exception class for each status that it knows; overload is a 503 there.
STATUSES = {529: 503}

TITLE = re.compile(r"<(?:title|h1)[^>]*>([^<]{1,200})", re.IGNORECASE)
TAG = re.compile(r"\s*<(?:!doctype|html|head|body)\b", re.IGNORECASE)


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error that a provider answered with, whatever its body is."""
    try:
        value = orjson.loads(body)
    except ValueError:
        value = None
    message = _message(value)[:MAX_MESSAGE] or _plain(status, b"" if value in ({}, []) else body)
    given = value.get("id") if isinstance(value, dict) else None
    id = next((headers[name] for name in REQUEST_IDS if headers.get(name)), None)
    return ApiError(
        status=status,
        cause=CAUSES.get(status) or cause_of(status),
        message=message,
        code="context_length_exceeded" if message.startswith("too many tokens:") else None,
        request_id=id or (given if isinstance(given, str) and given else None),
    )


def _message(value: Any, depth: int = 0) -> str:
    if depth > MAX_DEPTH:
        return ""
    match value:
        case str():
            return value.strip()
        case list():
            return "; ".join(filter(None, [_message(item, depth + 1) for item in value[:5]]))
        case dict():
            found = (_message(value[name], depth + 1) for name in MESSAGES if value.get(name))
            return next(filter(None, found), "")
    return ""


def _plain(status: int, body: bytes) -> str:
    text = body[: 4 * MAX_MESSAGE].decode("utf-8", "replace")
    if TAG.match(text):
        title = TITLE.search(text)
        said = f": {' '.join(title[1].split())}" if title else ""
        return f"the provider answered with status {status} and an HTML page{said}"
    text = "".join(char if char.isprintable() else " " for char in text)
    text = " ".join(text.replace("\ufffd", " ").split())
    return text[:MAX_MESSAGE] or f"the provider answered with status {status} and no message"


def failure(reason: Any, message: Any) -> ApiError:
    """The error with which a stream or an answer ended."""
    words = message if isinstance(message, str) and message else ""
    timeout = reason == "TIMEOUT"
    return ApiError(
        status=504 if timeout else 500,
        cause=Cause.TIMEOUT if timeout else Cause.SERVER,
        message=words[:MAX_MESSAGE] or "the provider gave up in the middle of its answer",
    )


def error_event(error: ApiError, usage: Usage | None = None) -> bytes:
    """The error as the last event of a stream; Cohere has no event for errors only."""
    reason = "TIMEOUT" if error.cause is Cause.TIMEOUT else "ERROR"
    delta: Json = {"error": error.message, "finish_reason": reason}
    if usage is not None:
        delta["usage"] = render_usage(usage)
    data = orjson.dumps({"type": "message-end", "delta": delta})
    return b"event: message-end\ndata: " + data + b"\n\n"


def render_error(error: ApiError) -> tuple[int, Mapping[str, str], bytes]:
    """The error as a whole answer."""
    headers = {"content-type": "application/json"}
    body = {"message": error.message}
    if error.request_id:
        headers["x-request-id"] = error.request_id
        body["id"] = error.request_id
    return STATUSES.get(error.status, error.status), headers, orjson.dumps(body)
