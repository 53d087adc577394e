"""Errors of every shape become OpenAI's, and raise the SDK's right exception."""

from typing import Any

import httpx
import openai
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.bridging.bridge import bridge
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.dialects.openai.chat import DIALECT
from providers.errors import ApiError, BadAnswer, Cause
from providers.wire import overflow
from providers.wire.compatible_errors import describe
from providers.wire.error_bodies import MAX_MESSAGE


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


def test_groqs_full_tier_is_no_bad_token() -> None:
    error = parse(498, {"error": {"message": "Flex tier capacity exceeded", "type": "capacity"}})
    assert (error.status, error.cause) == (503, Cause.OVERLOADED)
    assert DIALECT.render_error(error)[0] == 503
    assert parse(498, {"message": "invalid token"}).status == 498


def test_google_says_when_to_come_back() -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}]
    value = {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED", "details": details}
    assert parse(429, [{"error": value}]).retry_after == 34.5


@pytest.mark.parametrize("details", [None, "x", [1], [{"retryDelay": 3}], [{"retryDelay": "s"}]])
def test_odd_details_of_an_error_do_no_harm(details: Any) -> None:
    assert parse(429, {"error": {"message": "no", "details": details}}).retry_after is None


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
        # Cohere's word for a bad token.
        (498, Cause.AUTHENTICATION, openai.AuthenticationError),
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
    assert caught.value.request_id == "r"
    assert 'say "no"' in caught.value.message


def test_overloaded_keeps_its_status() -> None:
    error = ApiError(status=529, cause=Cause.OVERLOADED, message="busy")
    assert DIALECT.render_error(error)[0] == 529


SAID = [
    (400, Cause.INVALID_REQUEST, "no", "invalid_request_error", None),
    (401, Cause.AUTHENTICATION, "no", "invalid_request_error", "invalid_api_key"),
    (403, Cause.PERMISSION, "no", "invalid_request_error", None),
    (404, Cause.NOT_FOUND, "no model m", "invalid_request_error", "model_not_found"),
    (404, Cause.NOT_FOUND, "no such page", "invalid_request_error", None),
    (413, Cause.TOO_LARGE, "no", "invalid_request_error", None),
    (429, Cause.RATE_LIMIT, "too many requests", "requests", "rate_limit_exceeded"),
    (429, Cause.RATE_LIMIT, "too many input tokens", "tokens", "rate_limit_exceeded"),
    (402, Cause.QUOTA, "no", "insufficient_quota", "insufficient_quota"),
    (500, Cause.SERVER, "no", "server_error", None),
    (503, Cause.UNAVAILABLE, "no", "server_error", None),
    (504, Cause.TIMEOUT, "no", "server_error", None),
    (529, Cause.OVERLOADED, "no", "server_error", "server_is_overloaded"),
]


@pytest.mark.parametrize("name", ["openai.chat", "openai.responses", "openai.completions"])
@pytest.mark.parametrize(("status", "cause", "message", "kind", "code"), SAID)
def test_an_error_of_another_format_is_said_as_openai_says_it(
    name: str, status: int, cause: Cause, message: str, kind: str, code: str | None
) -> None:
    error = ApiError(status=status, cause=cause, message=message)
    said = orjson.loads(DIALECTS[name].render_error(error)[2])["error"]
    assert said == {"message": message, "type": kind, "param": None, "code": code}


@pytest.mark.parametrize(
    "message",
    [
        "prompt is too long: 210000 tokens > 200000 maximum",
        "Input is too long for requested model.",
        "The input token count (9) exceeds the maximum number of tokens allowed (8).",
        "too many tokens: total number of tokens in the prompt exceeds the limit",
        "This model's maximum context length is 4096 tokens",
    ],
)
def test_a_prompt_that_does_not_fit_has_the_code_that_clients_look_for(message: str) -> None:
    error = overflow.named(
        ApiError(status=400, cause=Cause.INVALID_REQUEST, message=message, code="other")
    )
    said = orjson.loads(DIALECT.render_error(error)[2])["error"]
    assert said["code"] == "context_length_exceeded"


@pytest.mark.parametrize("target", ["openai.chat", "openai.responses", "openai.completions"])
def test_a_compatible_providers_own_type_and_code_are_kept(target: str) -> None:
    inner = {"message": "slow", "type": "tokens_limit", "param": None, "code": "1300"}
    client = DIALECTS["openai.chat" if target != "openai.chat" else "openai.responses"]
    crossing = bridge(client, DIALECTS[target], Quirks())
    _, status, _, body = crossing.error(429, {}, orjson.dumps({"error": inner}))
    assert (status, orjson.loads(body)) == (429, {"error": inner})


AZURE = {
    "message": "The response was filtered",
    "type": None,
    "param": "prompt",
    "code": "content_filter",
    "status": 400,
    "innererror": {
        "code": "ResponsibleAIPolicyViolation",
        "content_filter_result": {"hate": {"filtered": True, "severity": "high"}},
    },
}


def test_azures_filter_passes_unchanged() -> None:
    data = orjson.dumps({"error": AZURE})
    passage = bridge(DIALECT, DIALECT, Quirks())
    error, status, _, body = passage.error(400, {}, data)
    assert (status, body) == (400, data)
    assert (error.cause, error.code) == (Cause.INVALID_REQUEST, "content_filter")


def test_azures_filter_is_told_to_clients_of_other_formats_of_openai() -> None:
    crossing = bridge(DIALECTS["openai.responses"], DIALECT, Quirks())
    _, _, _, body = crossing.error(400, {}, orjson.dumps({"error": AZURE}))
    assert orjson.loads(body)["error"] == {**AZURE, "type": "invalid_request_error"}


def test_what_stands_beside_the_error_is_not_taken_for_a_part_of_it() -> None:
    assert parse(400, {"object": "error", "message": "no", "other": 1}).native == {}
    assert parse(
        400, {"error": {"message": "no", "metadata": {"a": 1}}, "user_id": "u"}
    ).native == {"metadata": {"a": 1}}


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("rate_limit_exceeded", 429),
        ("invalid_prompt", 400),
        ("server_is_overloaded", 503),
        ("server_error", 500),
        (None, 500),
    ],
)
def test_without_a_status_the_code_says_one(code: str | None, status: int) -> None:
    assert describe({"response": {"error": {"code": code, "message": "x"}}}, None).status == status


def test_a_body_that_says_less_than_openai_gains_a_type_and_a_code() -> None:
    error = parse(401, {"error": {"code": "401", "message": "Access denied"}})
    said = orjson.loads(DIALECT.render_error(error)[2])["error"]
    assert (said["type"], said["code"]) == ("invalid_request_error", "invalid_api_key")
    error = parse(404, {"error": {"code": "DeploymentNotFound", "message": "no such model"}})
    assert orjson.loads(DIALECT.render_error(error)[2])["error"]["code"] == "DeploymentNotFound"


@pytest.mark.parametrize(
    ("kind", "status", "type_"),
    [
        ("ModelErrorException", 424, "server_error"),
        ("ModelTimeoutException", 408, "server_error"),
        ("ValidationException", 400, "invalid_request_error"),
    ],
)
def test_a_fault_of_the_model_is_no_fault_of_the_request(
    kind: str, status: int, type_: str
) -> None:
    between = bridge(DIALECT, DIALECTS["bedrock.converse"], Quirks())
    headers = {"x-amzn-errortype": kind}
    _, shown, _, body = between.error(status, headers, b'{"message": "no"}')
    assert shown == status
    assert orjson.loads(body)["error"]["type"] == type_


FAILED: dict[str, dict[str, Any]] = {
    "openai.chat": {"error": {"message": "slow down", "code": 429}},
    "openai.completions": {"error": {"message": "slow down", "type": "rate_limit_exceeded"}},
    "openai.responses": {
        **{"id": "resp_1", "object": "response", "status": "failed", "output": []},
        "error": {"code": "rate_limit_exceeded", "message": "slow down"},
    },
}


@pytest.mark.parametrize("name", FAILED)
def test_an_answer_that_is_a_failure_is_an_error_with_its_cause(name: str) -> None:
    with pytest.raises(BadAnswer) as failed:
        DIALECTS[name].parse_response(FAILED[name])
    error = failed.value.as_api_error()
    assert (error.status, error.cause, error.message) == (429, Cause.RATE_LIMIT, "slow down")
