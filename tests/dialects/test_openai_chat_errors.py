"""Errors of every shape become OpenAI's, and raise the SDK's right exception."""

from typing import Any

import httpx
import openai
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.dialects.openai_chat import DIALECT
from providers.error_bodies import MAX_MESSAGE
from providers.errors import ApiError, Cause


def parse(status: int, body: Any, headers: dict[str, str] | None = None) -> ApiError:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return DIALECT.parse_error(status, headers or {}, data)


OPENAI = {"message": "no", "type": "invalid_request_error", "param": "n", "code": "bad"}
GEMINI = {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}
FASTAPI = [{"loc": ["body", "n"], "msg": "no", "type": "missing"}]
MISTRAL = {"object": "error", "message": {"detail": FASTAPI}, "type": "invalid_request_error"}
OPENROUTER = {"message": "Provider returned error", "code": 400, "metadata": {"raw": "no"}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": OPENAI}, "no"),
        ({"error": "no"}, "no"),
        ({"error": ["no"]}, "no"),
        ({"message": "no"}, "no"),
        ({"detail": "no"}, "no"),
        ({"detail": FASTAPI}, "body.n: no"),
        ([{"error": GEMINI}], "no"),
        ({"errors": [{"message": "no"}]}, "no"),
        ({"errors": ["no"]}, "no"),
        ({"object": "error", "message": "no", "type": "BadRequestError", "code": 400}, "no"),
        (MISTRAL, "body.n: no"),
        ({"error": OPENROUTER}, "Provider returned error: no"),
        ({"code": "Client specified an invalid argument", "error": "no"}, "no"),
        ({"Response": {"Error": {"Code": "Bad", "Message": "no"}}}, "no"),
        ("no", "no"),
        (b"no", "no"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_message_is_found_in_every_shape(body: Any, message: str) -> None:
    error = parse(400, body)
    assert (error.status, error.cause, error.message) == (400, Cause.INVALID_REQUEST, message)


def test_openais_own_members_survive() -> None:
    error = parse(400, {"error": OPENAI}, {"x-request-id": "req_1"})
    assert (error.param, error.code, error.request_id) == ("n", "bad", "req_1")
    _, headers, body = DIALECT.render_error(error)
    assert orjson.loads(body) == {"error": OPENAI}
    assert headers["x-request-id"] == "req_1"


@pytest.mark.parametrize(
    ("status", "kind", "cause"),
    [
        (429, "insufficient_quota", Cause.QUOTA),
        (429, "tokens", Cause.RATE_LIMIT),
        (503, "overloaded_error", Cause.OVERLOADED),
        (500, "overloaded_error", Cause.OVERLOADED),
        (401, "invalid_request_error", Cause.AUTHENTICATION),
        (404, "invalid_request_error", Cause.NOT_FOUND),
        (403, "anything", Cause.PERMISSION),
        (500, "invalid_request_error", Cause.SERVER),
    ],
)
def test_status_and_type_tell_the_cause(status: int, kind: str, cause: Cause) -> None:
    assert parse(status, {"error": {"message": "no", "type": kind}}).cause is cause


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "status 502"),
        (b"\xff\xfe\x00", "status 502"),
        (b"<html><head><title>502 Bad Gateway</title></head></html>", "HTML page: 502 Bad Gateway"),
        (b"<!DOCTYPE html><body>" + b"x" * 99_999, "HTML page"),
        (b"upstream  connect\r\nerror", "upstream connect error"),
        (b"{}", "status 502"),
        (b'{"a":', '{"a":'),
        (b"null", "null"),
        (b"[" * 900 + b"]" * 900, "status 502"),
        (b'{"detail":' * 900 + b"1" + b"}" * 900, "status 502"),
    ],
)
def test_what_is_no_error_object_is_still_an_error(body: bytes, words: str) -> None:
    error = parse(502, body)
    assert error.status == 502
    assert words in error.message
    assert "<" not in error.message


def test_the_message_is_bounded() -> None:
    assert len(parse(400, {"error": "x" * 99_999}).message) == MAX_MESSAGE
    assert len(parse(400, b"x" * 99_999).message) == MAX_MESSAGE


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-600, 600) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "errors", "message", "detail", "code", "type", "loc", "status"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.integers(400, 599), junk | st.binary(max_size=50))
def test_no_body_makes_it_raise(status: int, body: Any) -> None:
    error = parse(status, body)
    assert error.status == status
    assert error.message


@pytest.mark.parametrize(
    ("status", "cause", "kind"),
    [
        (400, Cause.INVALID_REQUEST, openai.BadRequestError),
        (401, Cause.AUTHENTICATION, openai.AuthenticationError),
        (403, Cause.PERMISSION, openai.PermissionDeniedError),
        (404, Cause.NOT_FOUND, openai.NotFoundError),
        (422, Cause.INVALID_REQUEST, openai.UnprocessableEntityError),
        (429, Cause.RATE_LIMIT, openai.RateLimitError),
        (500, Cause.SERVER, openai.InternalServerError),
        (529, Cause.OVERLOADED, openai.InternalServerError),
    ],
)
def test_the_sdk_raises_its_own_exception(status: int, cause: Cause, kind: type[Exception]) -> None:
    error = ApiError(status=status, cause=cause, message='say "no"\n', code="c", request_id="r")
    told, headers, body = DIALECT.render_error(error)

    def serve(request: httpx.Request) -> httpx.Response:
        return httpx.Response(told, headers=dict(headers), content=body)

    sdk = openai.OpenAI(
        api_key="k",
        base_url="http://gateway.test/v1",
        max_retries=0,
        http_client=httpx.Client(transport=httpx.MockTransport(serve)),
    )
    with pytest.raises(kind) as caught:
        sdk.chat.completions.create(model="m", messages=[])
    assert isinstance(caught.value, openai.APIStatusError)
    assert caught.value.code == "c"
    assert caught.value.request_id == "r"
    assert 'say "no"' in caught.value.message


def test_overloaded_keeps_its_status() -> None:
    error = ApiError(status=529, cause=Cause.OVERLOADED, message="busy")
    assert DIALECT.render_error(error)[0] == 529
