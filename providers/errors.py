"""What goes wrong, in words that every dialect can render.

GatewayError
├── InvalidRequest      400  the client's body cannot be understood
├── PromptTooLong       400  the prompt has more tokens than are allowed
├── Unsupported         400  the provider's format cannot say what the client asks
├── Unauthorized        401  a credential must come with the request, and did not
├── NotFound            404  no such path, model or operation
├── TooLarge            413  a body or a part of it is over its limit
├── Spent               429  a budget is used up
├── Unavailable         503  the configuration or a secret does not allow it now
└── BadAnswer           502  the provider's answer cannot be understood
    └── FailedAnswer    any  the provider's answer is that it failed
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec


class Cause(StrEnum):
    """Why a request failed, as dialects tell causes apart by `type`, `status` or an exception."""

    INVALID_REQUEST = "invalid_request"
    CONTEXT = "context_length"
    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    NOT_FOUND = "not_found"
    TOO_LARGE = "too_large"
    RATE_LIMIT = "rate_limit"
    QUOTA = "quota"
    TIMEOUT = "timeout"
    OVERLOADED = "overloaded"
    UNAVAILABLE = "unavailable"
    SERVER = "server"


class ApiError(msgspec.Struct, frozen=True, kw_only=True):
    """An error as it travels from one dialect to another."""

    status: int
    """The HTTP status; inside a stream, the one that the provider would have answered with."""
    cause: Cause
    message: str
    code: str | None = None
    """The provider's own machine-readable code, such as `context_length_exceeded`."""
    param: str | None = None
    """The request field that is to blame."""
    request_id: str | None = None
    retry_after: float | None = None
    """Seconds to wait before another try, where the provider named them."""
    type: str | None = None
    """The provider's own word for the kind of error, where it speaks OpenAI's format; empty: it
    said none; None: it speaks another."""
    native: Mapping[str, Any] = {}
    """What else an error of OpenAI's format says, such as Azure's `innererror`."""


CAUSES = {
    400: Cause.INVALID_REQUEST,
    401: Cause.AUTHENTICATION,
    402: Cause.QUOTA,
    403: Cause.PERMISSION,
    404: Cause.NOT_FOUND,
    408: Cause.TIMEOUT,
    413: Cause.TOO_LARGE,
    429: Cause.RATE_LIMIT,
    500: Cause.SERVER,
    503: Cause.UNAVAILABLE,
    504: Cause.TIMEOUT,
    # Anthropic's "overloaded" (https://docs.anthropic.com/en/api/errors).
    529: Cause.OVERLOADED,
}


def cause_of(status: int) -> Cause:
    """The cause that a bare HTTP status stands for."""
    fallback = Cause.INVALID_REQUEST if 400 <= status < 500 else Cause.SERVER
    return CAUSES.get(status, fallback)


def sharper(cause: Cause, status: int) -> Cause:
    """The cause that a provider names, unless it names none in particular and the status does."""
    return cause_of(status) if cause is Cause.SERVER and status >= 500 else cause


CUT = ApiError(
    status=502, cause=Cause.SERVER, message="the provider's stream ended before its answer did"
)
"""What a stream ends with that ends too early."""


BROKEN_OFF = ApiError(
    status=502, cause=Cause.SERVER, message="the provider's answer broke off with an error"
)
"""What became of an answer whose end says so, and nothing more."""


class GatewayError(Exception):
    """An exchange that this server ends itself; the message is meant for the caller."""

    status = 500
    cause = Cause.SERVER

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code

    def as_api_error(self) -> ApiError:
        """The same failure, ready for a dialect to render."""
        return ApiError(
            status=self.status,
            cause=self.cause,
            message=self.message,
            code=self.code,
            param=self.param,
        )


class InvalidRequest(GatewayError):
    """The client's body cannot be understood."""

    status = 400
    cause = Cause.INVALID_REQUEST


class Unsupported(InvalidRequest):
    """The provider's format cannot say what the client asks, and dropping it would lie."""


class PromptTooLong(InvalidRequest):
    """The prompt has more tokens than are allowed."""

    cause = Cause.CONTEXT

    def __init__(self, given: int, most: int) -> None:
        message = f"prompt is too long: {given} tokens > {most} maximum"
        super().__init__(message, code="context_length_exceeded")


class Unauthorized(GatewayError):
    """A credential must come with the request, and did not."""

    status = 401
    cause = Cause.AUTHENTICATION


class NotFound(GatewayError):
    """No such path, model or operation."""

    status = 404
    cause = Cause.NOT_FOUND


class TooLarge(GatewayError):
    """A body, or a part of it, is over its limit."""

    status = 413
    cause = Cause.TOO_LARGE


class Spent(GatewayError):
    """A budget is used up."""

    status = 429
    cause = Cause.RATE_LIMIT

    def __init__(self, message: str, *, money: bool = False) -> None:
        super().__init__(message)
        if money:
            self.cause = Cause.QUOTA


class Unavailable(GatewayError):
    """The configuration or a secret does not allow it now."""

    status = 503
    cause = Cause.UNAVAILABLE


class BadAnswer(GatewayError):
    """The provider's answer cannot be understood."""

    status = 502
    cause = Cause.SERVER


class FailedAnswer(BadAnswer):
    """The provider's answer, of status 200, is that it failed."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.message, param=error.param, code=error.code)
        self._error = error

    def as_api_error(self) -> ApiError:
        """What the provider said."""
        return self._error
