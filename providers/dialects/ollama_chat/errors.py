"""Errors of Ollama's shape, `{"error": "…"}`, and whatever proxies answer with.

https://docs.ollama.com/api/errors
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from providers.errors import ApiError, Cause, cause_of
from providers.framing import ndjson

MAX_MESSAGE = 2_000
"""Characters of a provider's message that are shown."""

MAX_DEPTH = 6

REQUEST_IDS = ("x-request-id", "request-id", "x-trace-id")

MESSAGES = ("error", "message", "detail", "msg")

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
    return ApiError(
        status=status,
        cause=cause_of(status),
        message=message_of(value) or _plain(status, b"" if value in ({}, []) else body),
        request_id=next((headers[name] for name in REQUEST_IDS if headers.get(name)), None),
    )


def message_of(value: Any, depth: int = 0) -> str:
    """The words in a JSON value, bounded; empty where there are none."""
    if depth > MAX_DEPTH:
        return ""
    match value:
        case str():
            return value.strip()[:MAX_MESSAGE]
        case list():
            found = [message_of(item, depth + 1) for item in value[:5]]
            return "; ".join(filter(None, found))[:MAX_MESSAGE]
        case dict():
            inner = (message_of(value[name], depth + 1) for name in MESSAGES if value.get(name))
            return next(filter(None, inner), "")
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


def failure(value: Any) -> ApiError:
    """The error in a line of a stream, which has no status of its own."""
    words = message_of(value) or "the provider gave up in the middle of its answer"
    return ApiError(status=500, cause=Cause.SERVER, message=words)


def error_line(error: ApiError) -> bytes:
    """The error as the last line of a stream."""
    return ndjson.line(orjson.dumps({"error": error.message}))


def render_error(error: ApiError) -> tuple[int, Mapping[str, str], bytes]:
    """The error as a whole answer."""
    headers = {"content-type": "application/json; charset=utf-8"}
    if error.request_id:
        headers["x-request-id"] = error.request_id
    return error.status, headers, orjson.dumps({"error": error.message})
