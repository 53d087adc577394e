"""Errors as Responses clients get them."""

import openai
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.dialects.openai.responses import DIALECT
from providers.errors import ApiError, Cause
from tests.providers.dialects.openai.responses.wire import client


@given(st.integers(400, 599), st.binary(max_size=200))
def test_what_any_provider_answers_can_be_rendered(status: int, body: bytes) -> None:
    error = DIALECT.parse_error(status, {}, body)
    assert orjson.loads(DIALECT.render_error(error)[2])["error"]["message"] == error.message


CLASSES = [
    (400, Cause.INVALID_REQUEST, openai.BadRequestError),
    (401, Cause.AUTHENTICATION, openai.AuthenticationError),
    (403, Cause.PERMISSION, openai.PermissionDeniedError),
    (404, Cause.NOT_FOUND, openai.NotFoundError),
    (429, Cause.RATE_LIMIT, openai.RateLimitError),
    (529, Cause.OVERLOADED, openai.InternalServerError),
    (503, Cause.UNAVAILABLE, openai.InternalServerError),
]


@pytest.mark.parametrize(("status", "cause", "raised"), CLASSES)
def test_the_sdk_raises_the_right_class(
    status: int, cause: Cause, raised: type[openai.APIStatusError]
) -> None:
    error = ApiError(status=status, cause=cause, message='no "way"\n', param="input", code="c")
    shown, headers, body = DIALECT.render_error(error)
    sdk = client(body, headers["content-type"], shown)
    with pytest.raises(raised) as failed:
        sdk.responses.create(model="m", input="hi")
    assert failed.value.param == "input"
    assert 'no "way"' in failed.value.message


def test_the_request_id_is_kept() -> None:
    error = ApiError(status=500, cause=Cause.SERVER, message="x", request_id="req_1")
    assert DIALECT.render_error(error)[1]["x-request-id"] == "req_1"
