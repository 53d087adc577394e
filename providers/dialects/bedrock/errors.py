"""Errors of AWS's shape: the type in a header or the body, the message in the body.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors
"""

from collections.abc import Mapping
from typing import Any

import orjson

from providers.errors import ApiError, Cause, cause_of, sharper
from providers.wire import aws_event_stream as frames
from providers.wire import error_bodies, overflow
from providers.wire.aws_errors import SHOWN, TYPES, exception_event, render_error

__all__ = ("exception_event", "parse_error", "parse_exception", "render_error")

REQUEST_IDS = ("x-amzn-requestid", "x-amz-request-id", "x-request-id")


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error that a provider answered with, whatever its body is."""
    value = error_bodies.json_of(body)
    kind = _kind(headers.get("x-amzn-errortype")) or _named(value)
    known = TYPES.get(kind or "")
    error = ApiError(
        status=status,
        cause=_agreed(status, known[1] if known else None),
        message=_message(value) or error_bodies.plain(status, body),
        code=kind,
        request_id=error_bodies.request_id(headers, REQUEST_IDS),
    )
    return overflow.named(error)


def _agreed(status: int, cause: Cause | None) -> Cause:
    """The type tells more than the status, unless the two contradict each other."""
    if cause is None or (status >= 500 and SHOWN[cause][1] < 500):
        return Cause.SERVER if status == 424 else cause_of(status)
    return sharper(cause, status)


def _kind(value: Any) -> str | None:
    """The bare type of `com.amazon.coral#ValidationException:http://internal/…`."""
    if not isinstance(value, str):
        return None
    return value.partition(":")[0].rpartition("#")[2].strip() or None


def _named(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    return _kind(value.get("__type")) or _kind(value.get("code"))


def _message(value: Any) -> str:
    """API Gateway and old services write `Message`; a proxy before Bedrock may nest it."""
    if not isinstance(value, dict):
        return ""
    for name in ("message", "Message", "errorMessage", "originalMessage"):
        if isinstance(value.get(name), str) and value[name].strip():
            return str(value[name])[: error_bodies.MAX_MESSAGE]
    inner = value.get("error")
    return inner[: error_bodies.MAX_MESSAGE] if isinstance(inner, str) else _message(inner)


def parse_exception(headers: Mapping[str, frames.Header], payload: bytes) -> ApiError:
    """The error in a stream: `:message-type` is `exception` (modeled) or `error` (not)."""
    try:
        value = orjson.loads(payload)
    except ValueError:
        value = None
    name = headers.get(":exception-type") or headers.get(":error-code")
    kind = _kind(name) or "InternalServerException"
    kind = kind[:1].upper() + kind[1:]
    status, cause = TYPES.get(kind, (500, Cause.SERVER))
    unmodeled = headers.get(":error-message")
    said = _message(value) or (unmodeled if isinstance(unmodeled, str) else "")
    error = ApiError(
        status=status,
        cause=cause,
        message=said[: error_bodies.MAX_MESSAGE] or f"the provider broke off with {kind}",
        code=kind,
    )
    return overflow.named(error)
