"""Errors of Google, and those that its clients are told."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.bridging.bridge import bridge
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.dialects.gemini.generate_content import DIALECT
from providers.errors import ApiError, Cause
from providers.operations import Operation

RETRY = [
    {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"},
    {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{"quotaId": "GenerateRequestsPerDayPerProject"}],
    },
]
BAD_KEY = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
FIELD = [
    {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{"field": "contents[0]", "description": "bad"}],
    }
]


def google(code, status, details=()):
    return {"code": code, "message": "m", "status": status, "details": list(details)}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (429, google(429, "RESOURCE_EXHAUSTED"), (429, Cause.RATE_LIMIT, "RESOURCE_EXHAUSTED")),
        (429, google(429, "RESOURCE_EXHAUSTED", RETRY), (429, Cause.QUOTA, "RESOURCE_EXHAUSTED")),
        (
            400,
            google(400, "INVALID_ARGUMENT", BAD_KEY),
            (401, Cause.AUTHENTICATION, "API_KEY_INVALID"),
        ),
        (403, google(403, "PERMISSION_DENIED"), (403, Cause.PERMISSION, "PERMISSION_DENIED")),
        (404, google(404, "NOT_FOUND"), (404, Cause.NOT_FOUND, "NOT_FOUND")),
        (503, google(503, "UNAVAILABLE"), (503, Cause.UNAVAILABLE, "UNAVAILABLE")),
        (504, google(504, "DEADLINE_EXCEEDED"), (504, Cause.TIMEOUT, "DEADLINE_EXCEEDED")),
        (500, google(500, "SOMETHING"), (500, Cause.SERVER, "SOMETHING")),
        (502, google(400, "INVALID_ARGUMENT"), (502, Cause.SERVER, "INVALID_ARGUMENT")),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_errors_of_google_are_understood(status, body, expected, wrapped):
    whole = [{"error": body}] if wrapped else {"error": body}
    error = DIALECT.parse_error(status, {"x-request-id": "r"}, orjson.dumps(whole))
    assert (error.status, error.cause, error.code) == expected
    assert (error.message, error.request_id) == ("m", "r")


def test_the_field_that_is_to_blame_is_named():
    body = orjson.dumps({"error": google(400, "INVALID_ARGUMENT", FIELD)})
    error = DIALECT.parse_error(400, {}, body)
    assert error.param == "contents[0]"
    assert orjson.loads(DIALECT.render_error(error)[2])["error"]["details"][0]["fieldViolations"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "no message"),
        (b"{}", "no message"),
        (b"<html><title>502  Bad\nGateway</title>", "HTML page: 502 Bad Gateway"),
        (b"\xff\xfe\x00garbage", "garbage"),
        (b'{"error":"plain"}', "plain"),
        (b'{"message":"top"}', "top"),
        (b'{"Message":"of a proxy"}', "of a proxy"),
        (b'{"detail":{"status":"x","message":"of a proxy"}}', "of a proxy"),
        (b'{"detail":[{"loc":["body"],"msg":"of a proxy"}]}', "of a proxy"),
        (b'{"errors":[{"message":"of a proxy"}],"success":false}', "of a proxy"),
        (b'{"error":["of a proxy"]}', "of a proxy"),
        (b'{"error":{"message":{"detail":[{"msg":"of a proxy"}]}}}', "of a proxy"),
        (b'{"error":{"message":5}}', "status 502"),
        (b'[{"error":[]}]', "status 502"),
        (b'{"error":{"message":"%b"}}' % (b"x" * 5000), "x" * 2000),
        (b"upstream connect error", "upstream connect error"),
    ],
)
def test_any_body_of_an_error_is_read(body, message):
    error = DIALECT.parse_error(502, {}, body)
    assert (error.status, error.cause) == (502, Cause.SERVER)
    assert message in error.message
    assert len(error.message) <= 2000


@given(st.binary(max_size=60), st.integers(400, 599))
def test_no_body_makes_the_parser_fail(body: bytes, status: int) -> None:
    assert DIALECT.parse_error(status, {}, body).message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "status", "code", "details", "@type", "x"]), inner
        )
    ),
    max_leaves=12,
)


@given(JSON, st.integers(400, 599))
def test_no_json_makes_the_parser_fail(value: object, status: int) -> None:
    text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS) if _fits(value) else b"1"
    assert DIALECT.parse_error(status, {}, text).message


def _fits(value: object) -> bool:
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


def test_an_error_is_told_in_googles_words():
    error = ApiError(
        status=529, cause=Cause.OVERLOADED, message="busy", code="overloaded", request_id="r"
    )
    status, headers, body = DIALECT.render_error(error)
    assert (status, headers["x-request-id"]) == (503, "r")
    assert body.startswith(b'{"error":')
    assert orjson.loads(body)["error"]["status"] == "UNAVAILABLE"
    again = DIALECT.parse_error(status, headers, body)
    assert (again.cause, again.message, again.code) == (Cause.UNAVAILABLE, "busy", "overloaded")


WAIT = "type.googleapis.com/google.rpc.RetryInfo"


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("34s", 34.0), ("34.074824224s", 34.074824224), ("0s", 0.0), ("soon", None), (34, None)],
)
def test_the_time_to_wait_is_read(delay, seconds):
    body = google(429, "RESOURCE_EXHAUSTED", [{"@type": WAIT, "retryDelay": delay}])
    assert DIALECT.parse_error(429, {}, orjson.dumps({"error": body})).retry_after == seconds


@pytest.mark.parametrize(("seconds", "delay"), [(7.0, "7s"), (0.5, "0.5s"), (86_400.0, "86400s")])
def test_the_time_to_wait_is_told_in_googles_words(seconds, delay):
    error = ApiError(status=429, cause=Cause.RATE_LIMIT, message="m", retry_after=seconds)
    said = orjson.loads(DIALECT.render_error(error)[2])["error"]
    assert said["details"] == [{"@type": WAIT, "retryDelay": delay}]


CHATS = sorted(name for name, each in DIALECTS.items() if each.operation is Operation.CHAT)


@pytest.mark.parametrize("client", CHATS)
def test_every_client_is_told_when_to_try_again(client):
    body = orjson.dumps({"error": google(429, "RESOURCE_EXHAUSTED", RETRY[:1])})
    between = bridge(DIALECTS[client], DIALECT, Quirks())
    error, status, headers, _ = between.error(429, {}, body)
    assert (error.retry_after, status, headers["retry-after"]) == (34.0, 429, "34")
    _, _, headers, _ = between.error(429, {"retry-after": "5"}, body)
    assert "retry-after" not in headers, "the provider's own header stays"


@pytest.mark.parametrize(("header", "delay"), [("7", "7s"), ("1.5", "1.5s")])
def test_the_header_of_another_provider_is_told_in_the_body(header, delay):
    between = bridge(DIALECT, DIALECTS["openai.chat"], Quirks())
    body = b'{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}'
    _, status, headers, told = between.error(429, {"retry-after": header}, body)
    details = orjson.loads(told)["error"]["details"]
    assert (status, details[-1]) == (429, {"@type": WAIT, "retryDelay": delay})
    assert "retry-after" not in headers


@pytest.mark.parametrize("header", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "", "9" * 20])
def test_a_header_that_names_no_seconds_says_nothing(header):
    between = bridge(DIALECT, DIALECTS["openai.chat"], Quirks())
    error, *_ = between.error(429, {"retry-after": header}, b"{}")
    assert error.retry_after is None


def test_an_answer_of_googles_own_shape_passes_with_the_time_to_wait():
    body = orjson.dumps({"error": google(429, "RESOURCE_EXHAUSTED", RETRY)})
    _, status, headers, told = bridge(DIALECT, DIALECT, Quirks()).error(429, {}, body)
    assert (status, headers, told) == (429, {"retry-after": "34"}, body)
