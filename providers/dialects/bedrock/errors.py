"""Errors of AWS's shape: the type in a header or the body, the message in the body.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors
"""

from collections.abc import Mapping
from typing import Any

import orjson

from providers.errors import ApiError, Cause, cause_of
from providers.wire import aws_event_stream as frames
from providers.wire import error_bodies, overflow

REQUEST_IDS = ("x-amzn-requestid", "x-amz-request-id", "x-request-id")

# Type → (status where none is known, cause). Bedrock answers to bad credentials with 403.
# https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
TYPES = {
    "AccessDeniedException": (403, Cause.PERMISSION),
    "NotAuthorized": (403, Cause.PERMISSION),
    "OptInRequired": (403, Cause.PERMISSION),
    "UnrecognizedClientException": (403, Cause.AUTHENTICATION),
    "InvalidSignatureException": (403, Cause.AUTHENTICATION),
    "IncompleteSignature": (403, Cause.AUTHENTICATION),
    "IncompleteSignatureException": (403, Cause.AUTHENTICATION),
    "InvalidClientTokenId": (403, Cause.AUTHENTICATION),
    "MissingAuthenticationToken": (403, Cause.AUTHENTICATION),
    "MissingAuthenticationTokenException": (403, Cause.AUTHENTICATION),
    "ExpiredTokenException": (403, Cause.AUTHENTICATION),
    "RequestExpired": (403, Cause.AUTHENTICATION),
    "ResourceNotFoundException": (404, Cause.NOT_FOUND),
    "UnknownOperationException": (404, Cause.NOT_FOUND),
    "ThrottlingException": (429, Cause.RATE_LIMIT),
    "TooManyRequestsException": (429, Cause.RATE_LIMIT),
    "ServiceQuotaExceededException": (429, Cause.QUOTA),
    "ModelNotReadyException": (429, Cause.UNAVAILABLE),
    "ModelTimeoutException": (408, Cause.TIMEOUT),
    "ModelErrorException": (424, Cause.SERVER),
    "ModelStreamErrorException": (424, Cause.SERVER),
    "InternalServerException": (500, Cause.SERVER),
    "InternalFailure": (500, Cause.SERVER),
    "ServiceUnavailableException": (503, Cause.UNAVAILABLE),
    "ServiceUnavailable": (503, Cause.UNAVAILABLE),
    "ValidationException": (400, Cause.INVALID_REQUEST),
    "ValidationError": (400, Cause.INVALID_REQUEST),
    "SerializationException": (400, Cause.INVALID_REQUEST),
}

# Cause → (type, status) for a client; boto3 chooses its exception class by the type.
SHOWN = {
    Cause.INVALID_REQUEST: ("ValidationException", 400),
    Cause.CONTEXT: ("ValidationException", 400),
    Cause.AUTHENTICATION: ("UnrecognizedClientException", 403),
    Cause.PERMISSION: ("AccessDeniedException", 403),
    Cause.NOT_FOUND: ("ResourceNotFoundException", 404),
    Cause.TOO_LARGE: ("ValidationException", 413),
    Cause.RATE_LIMIT: ("ThrottlingException", 429),
    Cause.QUOTA: ("ServiceQuotaExceededException", 400),
    Cause.TIMEOUT: ("ModelTimeoutException", 408),
    Cause.OVERLOADED: ("ServiceUnavailableException", 503),
    Cause.UNAVAILABLE: ("ServiceUnavailableException", 503),
    Cause.SERVER: ("InternalServerException", 500),
}

TOO_LONG = overflow.form(
    r"input is too long|prompt is too long|too many input tokens",
    "Input is too long for requested model: {given} tokens > {most} maximum",
    "Input is too long for requested model",
)
"""How the models there say it, Claude in its own vendor's words."""

# Inside a stream only these are modeled.
STREAMED = {
    Cause.INVALID_REQUEST: "validationException",
    Cause.CONTEXT: "validationException",
    Cause.AUTHENTICATION: "validationException",
    Cause.PERMISSION: "validationException",
    Cause.NOT_FOUND: "validationException",
    Cause.TOO_LARGE: "validationException",
    Cause.RATE_LIMIT: "throttlingException",
    Cause.QUOTA: "throttlingException",
    Cause.TIMEOUT: "modelStreamErrorException",
    Cause.OVERLOADED: "serviceUnavailableException",
    Cause.UNAVAILABLE: "serviceUnavailableException",
    Cause.SERVER: "internalServerException",
}


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
    return cause


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


def render_error(error: ApiError) -> tuple[int, Mapping[str, str], bytes]:
    """The error as a whole answer."""
    kind, status = SHOWN[error.cause]
    if error.code in TYPES:
        kind, status = error.code, error.status
    elif error.status >= 500 and status >= 500 and error.status != 529:
        status = error.status
    headers = {"content-type": "application/json", "x-amzn-errortype": kind}
    if error.request_id:
        headers["x-amzn-requestid"] = error.request_id
    return status, headers, _said(error)


def exception_event(error: ApiError) -> bytes:
    """The error as the last message of a stream."""
    own = _streamed(error.code or "")
    kind = own if own in EXCEPTIONS else STREAMED[error.cause]
    return frames.encode_raw(EXCEPTIONS[kind], _said(error))


def _said(error: ApiError) -> bytes:
    return orjson.dumps({"message": overflow.message(error, TOO_LONG)})


def _streamed(kind: str) -> str:
    """`ThrottlingException` is `throttlingException` inside a stream."""
    return kind[:1].lower() + kind[1:]


EXCEPTIONS = {kind: frames.exception_headers(kind) for kind in set(STREAMED.values())}
