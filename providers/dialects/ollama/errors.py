"""Errors of Ollama's shape, `{"error": "…"}`, and whatever proxies answer with.

https://docs.ollama.com/api/errors
"""

from collections.abc import Mapping
from typing import Any

import orjson

from providers.errors import ApiError, Cause, cause_of
from providers.wire import error_bodies, ndjson, overflow

REQUEST_IDS = ("x-request-id", "request-id", "x-trace-id")

TOO_LONG = overflow.form(
    "input length exceeds the (?:maximum )?context length",
    "the input length exceeds the context length: {given} tokens > {most} maximum",
    "the input length exceeds the context length",
)

MESSAGES = ("error", "message", "detail", "msg")


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error that a provider answered with, whatever its body is."""
    value = error_bodies.json_of(body)
    error = ApiError(
        status=status,
        cause=cause_of(status),
        message=error_bodies.message_in(value, MESSAGES)
        or error_bodies.plain(status, b"" if value in ({}, []) else body),
        request_id=error_bodies.request_id(headers, REQUEST_IDS),
    )
    return overflow.named(error)


def failure(value: Any) -> ApiError:
    """The error in a line of a stream, which has no status of its own."""
    words = (
        error_bodies.message_in(value, MESSAGES)
        or "the provider gave up in the middle of its answer"
    )
    return ApiError(status=500, cause=Cause.SERVER, message=words)


def error_line(error: ApiError) -> bytes:
    """The error as the last line of a stream."""
    return ndjson.line(_said(error))


def render_error(error: ApiError) -> tuple[int, Mapping[str, str], bytes]:
    """The error as a whole answer."""
    headers = {"content-type": "application/json; charset=utf-8"}
    if error.request_id:
        headers["x-request-id"] = error.request_id
    return error.status, headers, _said(error)


def _said(error: ApiError) -> bytes:
    return orjson.dumps({"error": overflow.message(error, TOO_LONG)})
