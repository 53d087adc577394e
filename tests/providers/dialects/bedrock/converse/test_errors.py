"""Errors of every shape, and the exceptions that boto3 raises."""

import orjson
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from providers.dialects.bedrock.converse import DIALECT
from providers.dialects.bedrock.errors import SHOWN
from providers.errors import ApiError, Cause
from tests.providers.dialects.bedrock.answers import QUESTION
from tests.providers.dialects.bedrock.service import MODEL, client


@pytest.mark.parametrize(
    ("status", "headers", "body", "cause", "code", "said"),
    [
        (
            400,
            {"x-amzn-errortype": "ValidationException:http://internal.amazon.com/coral/"},
            b'{"message":"Bad"}',
            Cause.INVALID_REQUEST,
            "ValidationException",
            "Bad",
        ),
        (
            403,
            {"x-amzn-errortype": "UnrecognizedClientException"},
            b'{"message":"The security token included in the request is invalid."}',
            Cause.AUTHENTICATION,
            "UnrecognizedClientException",
            "security token",
        ),
        (
            429,
            {},
            b'{"__type":"com.amazon.coral.service#ThrottlingException","Message":"Slow"}',
            Cause.RATE_LIMIT,
            "ThrottlingException",
            "Slow",
        ),
        (
            424,
            {"x-amzn-errortype": "ModelErrorException"},
            b'{"message":"m","originalStatusCode":500}',
            Cause.SERVER,
            "ModelErrorException",
            "m",
        ),
        (
            403,
            {},
            b'{"Message":"User is not authorized"}',
            Cause.PERMISSION,
            None,
            "not authorized",
        ),
        (502, {}, b"<html><title>502 Bad Gateway</title>", Cause.SERVER, None, "502 Bad Gateway"),
        (503, {}, b"", Cause.UNAVAILABLE, None, "503"),
        (500, {}, b"\xff\xfe\x00", Cause.SERVER, None, "500"),
        (500, {}, b"[1]", Cause.SERVER, None, "[1]"),
        (400, {}, b'{"error":{"message":"nested"}}', Cause.INVALID_REQUEST, None, "nested"),
        (
            500,
            {"x-amzn-errortype": "ValidationException"},
            b"{}",
            Cause.SERVER,
            "ValidationException",
            "{}",
        ),
    ],
)
def test_errors_of_every_shape_are_understood(
    *,
    status: int,
    headers: dict[str, str],
    body: bytes,
    cause: Cause,
    code: str | None,
    said: str,
) -> None:
    error = DIALECT.parse_error(status, {**headers, "x-amzn-requestid": "r1"}, body)
    assert (error.status, error.cause, error.code) == (status, cause, code)
    assert (error.request_id, said in error.message) == ("r1", True)


@given(st.integers(300, 599), st.binary(max_size=300))
def test_no_body_makes_the_error_parser_raise(status: int, body: bytes) -> None:
    assert DIALECT.parse_error(status, {}, body).message


def test_a_long_message_is_bounded() -> None:
    body = orjson.dumps({"message": "x" * 10_000})
    assert len(DIALECT.parse_error(400, {}, body).message) == 2000


@pytest.mark.parametrize("method", ["converse", "converse_stream"])
@pytest.mark.parametrize("cause", list(Cause))
def test_the_sdk_raises_the_exception_of_the_cause(cause: Cause, method: str) -> None:
    error = ApiError(status=529, cause=cause, message="Sorry", request_id="r1")
    made = client(lambda request: DIALECT.render_error(error))
    with pytest.raises(ClientError, match="Sorry") as caught:
        getattr(made, method)(**QUESTION)
    kind, status = SHOWN[cause]
    assert caught.value.response["Error"]["Code"] == kind
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert caught.value.response["ResponseMetadata"]["RequestId"] == "r1"
    if kind in MODEL.shape_names:
        assert isinstance(caught.value, getattr(made.exceptions, kind))


def test_bedrocks_own_error_keeps_type_and_status() -> None:
    error = ApiError(status=424, cause=Cause.SERVER, message="m", code="ModelErrorException")
    status, headers, _ = DIALECT.render_error(error)
    assert (status, headers["x-amzn-errortype"]) == (424, "ModelErrorException")


def test_a_status_of_the_servers_side_is_kept() -> None:
    assert DIALECT.render_error(ApiError(status=502, cause=Cause.SERVER, message="m"))[0] == 502
