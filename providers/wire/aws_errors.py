"""Errors as AWS tells them to clients: the type in a header, or in an exception of a stream.

https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
"""

from collections.abc import Mapping

import orjson

from providers.errors import ApiError, Cause
from providers.wire import aws_event_stream as frames
from providers.wire import overflow

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
    "ConflictException": (409, Cause.INVALID_REQUEST),
    "DependencyFailedException": (424, Cause.SERVER),
    "BadGatewayException": (502, Cause.SERVER),
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
