"""The signer against botocore's own."""

from urllib.parse import quote

import pytest
from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import get_current_datetime
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from providers.signing.aws_sigv4 import aws_sigv4, canonical_request
from providers.signing.sign import Call

MODELS = (
    "eu.anthropic.claude-sonnet-4-20250514-v1:0",
    "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123",
    "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
    "amazon.nova-lite-v1:0",
)
words = st.text(
    st.characters(codec="ascii", exclude_categories=["Cc"], exclude_characters=" "), max_size=12
)
keys = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/+=", min_size=1, max_size=40)
regions = st.sampled_from(("eu-west-1", "us-east-1", "ap-southeast-2", "us-gov-west-1"))
segments = st.one_of(words, st.sampled_from(MODELS), st.text(max_size=6)).map(
    lambda text: quote(text, safe="-._~:")
)
queries = st.lists(st.tuples(words, words), max_size=4).map(
    lambda pairs: "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs
    )
)


def judged(call: Call, secret: dict[str, str], now: float) -> dict[str, str]:
    """The headers that botocore's signer adds to the same request at the same moment."""
    request = AWSRequest(call.method, f"https://{call.authority}{call.path}", data=call.body)
    credentials = Credentials(
        secret["access_key_id"], secret["secret_access_key"], secret.get("session_token")
    )
    signer = SigV4Auth(credentials, secret.get("service", "bedrock"), secret["region"])
    moment = get_current_datetime().fromtimestamp(now, tz=get_current_datetime().tzinfo)
    request.context["timestamp"] = moment.strftime(SIGV4_TIMESTAMP)
    signer._modify_request_before_signing(request)
    wanted = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(wanted, request))
    return {name.lower(): value for name, value in request.headers.items()}


@given(
    path=st.lists(segments, max_size=4).map(lambda parts: "/" + "/".join(parts)),
    query=queries,
    body=st.binary(max_size=200),
    region=regions,
    key=keys,
    token=st.one_of(st.none(), keys),
    service=st.sampled_from((None, "bedrock", "sagemaker")),
    now=st.integers(0, 4_000_000_000),
)
def test_every_signature_is_the_one_that_botocore_makes(
    *,
    path: str,
    query: str,
    body: bytes,
    region: str,
    key: str,
    token: str | None,
    service: str | None,
    now: int,
) -> None:
    host = f"bedrock-runtime.{region}.amazonaws.com"
    call = Call("POST", host, f"{path}?{query}" if query else path, body)
    secret = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": key, "region": region}
    if token:
        secret["session_token"] = token
    if service:
        secret["service"] = service
    assert aws_sigv4(call, secret, now) == judged(call, secret, now)


names = st.from_regex(r"x-[a-z0-9][a-z0-9-]{0,10}", fullmatch=True)
values = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=30)


@given(
    method=st.sampled_from(("GET", "POST", "PUT", "DELETE")),
    headers=st.dictionaries(names, values, max_size=5),
    query=queries,
    body=st.binary(max_size=50),
)
def test_what_is_signed_of_any_headers_is_what_botocore_signs(
    *, method: str, headers: dict[str, str], query: str, body: bytes
) -> None:
    path = f"/model/m/converse?{query}" if query else "/model/m/converse"
    call = Call(method, "h.test", path, body)
    request = AWSRequest(method, f"https://h.test{path}", headers=headers, data=body)
    signer = SigV4Auth(Credentials("A", "s"), "bedrock", "eu-west-1")
    ours = dict(sorted({**headers, "host": "h.test"}.items()))
    assert canonical_request(call, ours) == signer.canonical_request(request)


@given(body=st.binary(max_size=20), day=st.integers(0, 40_000), seconds=st.integers(0, 86_399))
def test_a_key_that_is_kept_is_that_of_its_day(body: bytes, day: int, seconds: int) -> None:
    call = Call("POST", "h.test", "/model/m/converse", body)
    secret = {"access_key_id": "A", "secret_access_key": "s", "region": "eu-west-1"}
    for now in (day * 86_400 + seconds, day * 86_400 + 86_399, (day + 1) * 86_400):
        assert aws_sigv4(call, secret, now) == judged(call, secret, now)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("verb", ["converse", "converse-stream", "invoke"])
def test_percent_encoded_models_are_encoded_once_more(model: str, verb: str) -> None:
    path = f"/model/{quote(model, safe='')}/{verb}"
    call = Call("POST", "bedrock-runtime.eu-west-1.amazonaws.com", path, b"{}")
    secret = {"access_key_id": "A", "secret_access_key": "s", "region": "eu-west-1"}
    assert aws_sigv4(call, secret, 1e9) == judged(call, secret, 1e9)


def test_a_port_is_part_of_the_signed_host() -> None:
    call = Call("POST", "127.0.0.1:8443", "/model/m/converse", b"{}")
    secret = {"access_key_id": "A", "secret_access_key": "s", "region": "eu-west-1"}
    assert aws_sigv4(call, secret, 1e9) == judged(call, secret, 1e9)


def test_a_bedrock_api_key_is_sent_as_a_bearer_token() -> None:
    call = Call("POST", "bedrock-runtime.eu-west-1.amazonaws.com", "/model/m/converse", b"{}")
    secret = {"bearer": "bedrock-api-key-1", "region": "eu-west-1"}
    assert aws_sigv4(call, secret, 1e9) == {"authorization": "Bearer bedrock-api-key-1"}


def test_an_empty_path_is_signed_as_the_root() -> None:
    call = Call("POST", "bedrock-runtime.eu-west-1.amazonaws.com", "", b"{}")
    secret = {"access_key_id": "A", "secret_access_key": "s", "region": "eu-west-1"}
    assert aws_sigv4(call, secret, 1e9) == judged(call, secret, 1e9)
