"""Errors in bodies of every shape: each is understood as far as it can be, and none raises."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import Cause
from providers.wire.error_bodies import MAX_MESSAGE, describe, parse_error

BODIES: list[tuple[int, bytes, Cause, str]] = [
    (
        400,
        b'{"error":{"message":"no","type":"invalid_request_error"}}',
        Cause.INVALID_REQUEST,
        "no",
    ),
    (429, b'{"error":{"message":"no","code":"insufficient_quota"}}', Cause.QUOTA, "no"),
    (429, b'{"error":{"message":"no","type":"requests"}}', Cause.RATE_LIMIT, "no"),
    (401, b'{"error":"no key"}', Cause.AUTHENTICATION, "no key"),
    (401, b'"no key"', Cause.AUTHENTICATION, "no key"),
    (422, b'{"detail":[{"loc":["body"],"msg":"bad"}]}', Cause.INVALID_REQUEST, "bad"),
    (404, b'{"detail":"Not Found"}', Cause.NOT_FOUND, "Not Found"),
    (503, b'{"error":{"message":"no","type":"overloaded_error"}}', Cause.OVERLOADED, "no"),
    (500, b'[{"error":{"message":"boom"}}]', Cause.SERVER, "boom"),
    (502, b"<html><head><title>Bad Gateway</title></head></html>", Cause.SERVER, "Bad Gateway"),
    (502, b"<html></html>", Cause.SERVER, "status 502"),
    (500, b"", Cause.SERVER, "status 500"),
    (500, b"plain words", Cause.SERVER, "plain words"),
    (500, b"\xff\xfe\x00", Cause.SERVER, "status 500"),
    (500, b"[]", Cause.SERVER, "status 500"),
]


@pytest.mark.parametrize(("status", "body", "cause", "message"), BODIES)
def test_any_body_is_an_error(status: int, body: bytes, cause: Cause, message: str) -> None:
    error = parse_error(status, {"x-request-id": "r"}, body)
    assert (error.status, error.cause, error.request_id) == (status, cause, "r")
    assert message in error.message


@given(st.integers(400, 599), st.binary(max_size=200))
def test_garbage_never_raises(status: int, body: bytes) -> None:
    error = parse_error(status, {}, body)
    assert error.status == status
    assert error.message.strip()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "detail", "type", "code", "response", "msg"]),
            inner,
            max_size=3,
        )
    ),
)


@given(JSON, st.none() | st.integers(400, 599))
def test_any_json_is_an_error(value: object, status: int | None) -> None:
    error = describe(value, status)
    assert 400 <= error.status < 600
    assert error.message


def test_a_message_is_bounded() -> None:
    body = orjson.dumps({"error": {"message": "x" * (5 * MAX_MESSAGE)}})
    assert len(parse_error(500, {}, body).message) == MAX_MESSAGE


@pytest.mark.parametrize(
    ("code", "status"),
    [("rate_limit_exceeded", 429), ("invalid_prompt", 400), ("server_error", 500), (None, 500)],
)
def test_without_a_status_the_code_says_one(code: str | None, status: int) -> None:
    assert describe({"error": {"code": code, "message": "x"}}, None).status == status


def test_the_code_and_the_parameter_are_kept() -> None:
    inner = {"message": "m", "type": "invalid_request_error", "param": "input", "code": "c"}
    error = describe({"error": inner, "request_id": "r"}, 400)
    assert (error.code, error.param, error.request_id) == ("c", "input", "r")
