"""Envoy's own answers, in the form of every client dialect."""

import json
import re
from collections.abc import Iterator
from typing import Any

import anthropic
import boto3
import cohere
import ollama
import openai
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.exceptions import ClientError
from google import genai
from google.genai import errors as genai_errors
from google.genai import types as genai_types

from extproc.render.forms import APART, OWN, PLACES, family_of
from providers.bridging.dialect import Dialect
from providers.catalog import DIALECTS
from providers.errors import ApiError, cause_of
from providers.wire import multipart
from tests.extproc.render.support import (
    Answer,
    Envoy,
    Provider,
    backend,
    closed_port,
    route,
    running,
)

BODY: dict[str, list[str]] = {"messages": [], "contents": []}
KEYS = {"someone": ["right"]}


def placed(path: str, model: str) -> str:
    return path.replace("{org/model}", model).replace("{model}", model)


def shape(value: Any) -> Any:
    """What stays of a body when its words are taken away."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return value if isinstance(value, int) else type(value)


# What the type is called, for all forms that have one.
KIND = re.compile(rb'"(?:type|status)":"([^"]+)"')


def as_dialect(dialect: Dialect, status: int) -> tuple[int, Any, set[str], str | None]:
    """(status, shape, type names, AWS's type) of an error as the dialect itself renders it."""
    error = ApiError(status=status, cause=cause_of(status), message="words")
    told, headers, body = dialect.render_error(error)
    return told, shape(json.loads(body)), kinds(body), headers.get("x-amzn-errortype")


def kinds(body: bytes) -> set[str]:
    return {name.decode() for name in KIND.findall(body)}


@pytest.fixture(scope="module")
def envoy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Envoy]:
    provider = Provider()
    slow = Provider()
    slow.pause.clear()
    settings = {
        "backends": {
            "good": backend(provider.port),
            "gone": backend(closed_port()),
            "slow": backend(slow.port),
        },
        "routes": [
            route(["good", "a/b:1"], "good"),
            route(["gone"], "gone"),
            route(["slow"], "slow", timeouts={"request": "200ms"}),
        ],
        "envoy": {"max_body_bytes": 65536},
    }
    directory = tmp_path_factory.mktemp("forms")
    with running(settings, directory, client_keys=KEYS, prefix="/ai") as envoy:
        yield envoy
    slow.stop()
    provider.stop()


def call(envoy: Envoy, dialect: Dialect, model: str, size: int = 0, **headers: str) -> Answer:
    """A call in a dialect, which is asked for below the prefix."""
    path = "/ai" + placed(dialect.client[0].path, model)
    if dialect in BY_HEADER:
        headers["x-ai-model"] = model
    said = {dialect.member: model, "x": "x" * size}
    if dialect.form:
        body, headers["content-type"] = multipart.render(said)
        return envoy.request("POST", path, body.decode(), {"x-api-key": "right", **headers})
    text = json.dumps({**BODY, **said})
    return envoy.request("POST", path, text, {"x-api-key": "right", **headers})


FORMS = [each for each in DIALECTS.values() if each.client and family_of(each) != OWN]
BY_HEADER = [each for each in FORMS if each.name == "huggingface.generate" or each.model_in]
BY_BODY = [
    dialect
    for dialect in FORMS
    if "model}" not in dialect.client[0].path and dialect not in BY_HEADER
]


@pytest.mark.parametrize("dialect", BY_BODY, ids=lambda dialect: dialect.name)
def test_a_compressed_body_is_refused_in_the_form_of_the_clients_dialect(
    envoy: Envoy, dialect: Dialect
) -> None:
    answer = call(envoy, dialect, "good", 0, **{"content-encoding": "deflate"})
    assert "compressed" in str(answer.json())
    assert (answer.status, shape(answer.json())) == as_dialect(dialect, 415)[:2]


@pytest.mark.parametrize("dialect", FORMS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(
    ("status", "model", "size", "headers", "words"),
    [
        (400, "a" * 300, 0, {}, "longer than 256 bytes"),
        (401, "good", 0, {"x-api-key": "wrong"}, "Incorrect API key"),
        (404, "nobody's", 0, {}, "The model 'nobody's' does not exist"),
        (413, "good", 1_000_000, {}, "65536 bytes"),
        (503, "gone", 0, {}, "No provider of this model could be reached"),
        (504, "slow", 0, {}, "did not answer in time"),
    ],
)
def test_an_answer_of_envoys_has_the_form_of_the_clients_dialect(
    envoy: Envoy,
    dialect: Dialect,
    status: int,
    model: str,
    size: int,
    headers: dict[str, str],
    words: str,
) -> None:
    answer = call(envoy, dialect, model, size, **headers)
    expected = as_dialect(dialect, status)
    assert words in str(answer.json()), answer
    assert answer.headers["content-type"] == "application/json"
    told = answer.status, shape(answer.json()), kinds(answer.body)
    assert (*told, answer.headers.get("x-amzn-errortype")) == expected


@pytest.mark.parametrize("dialect", FORMS, ids=lambda dialect: dialect.name)
def test_an_unknown_path_beside_a_dialects_own_has_its_form(envoy: Envoy, dialect: Dialect) -> None:
    beside = {"gemini": "/v1beta/x", "bedrock": "/model/m/invoked"}
    path = beside.get(family_of(dialect), dialect.client[0].path + "/x")
    if dialect.name in ("cohere.chat", "ollama.chat"):
        path = dialect.client[0].path.rpartition("/")[0] + "/x"
    for before in ("", "/ai"):
        answer = envoy.request("POST", f"{before}{path}", "{}", {"x-api-key": "right"})
        assert "Unknown request URL" in str(answer.json())
        assert shape(answer.json()) == as_dialect(dialect, 404)[1]


def test_every_path_of_a_dialect_is_in_its_familys_place_and_in_no_other() -> None:
    for dialect in DIALECTS.values():
        for endpoint in dialect.client:
            path = placed(endpoint.path, "a%2Fb")
            found = [family for family, places in PLACES.items() if re.fullmatch(places, path)]
            own = {family_of(dialect)} - {OWN}
            wider = {dialect.name.partition(".")[0]} if dialect.name in APART else set()
            assert own <= {*found} <= own | wider


def test_a_request_that_names_no_model_is_told_how_to(envoy: Envoy) -> None:
    for path in ("/generate", "/generate_stream"):
        answer = envoy.request("POST", path, '{"inputs":"x"}', {"x-api-key": "right"})
        assert (answer.status, set(answer.json())) == (400, {"error", "error_type"})
        assert "x-ai-model" in answer.json()["error"]


def test_the_list_of_models_is_below_the_prefix_too(envoy: Envoy) -> None:
    for path in ("/v1/models", "/ai/v1/models", "/ai/v1/models/a:b"):
        answer = envoy.request("GET", path, headers={"x-api-key": "right"})
        assert answer.body == b'{"object":"list"}'
    assert envoy.server.asked[-1].headers[":path"] == "/v1/models/a:b"


@pytest.mark.parametrize(
    "path",
    ["/model/a%2Fb%3A1/converse", "/ai/model/a%2fb:1/converse-stream"]
    + [f"/ai/{version}/models/a%2Fb:1:generateContent?alt=sse" for version in ("v1", "v1beta")],
)
def test_a_model_in_a_path_is_routed_by_its_decoded_name(envoy: Envoy, path: str) -> None:
    answer = envoy.request("POST", path, "{}", {"x-api-key": "right"})
    assert answer.status == 200, answer
    assert envoy.server.asked[-1].headers["x-ai-model"] == "a/b:1"
    assert envoy.server.asked[-1].call == ["path", path.removeprefix("/ai"), "a/b:1"]


def test_the_health_of_envoy_is_open_below_the_prefix_too(envoy: Envoy) -> None:
    for path in ("/healthz", "/ai/healthz"):
        assert envoy.request("GET", path).body == b"ok\n"
        assert envoy.request("HEAD", path).status == 200
    assert envoy.request("GET", "/ai/healthz/x").status == 401


def test_openais_sdk_raises_its_own_errors(envoy: Envoy) -> None:
    def ask(key: str, model: str) -> None:
        url = f"http://127.0.0.1:{envoy.port}/ai/v1"
        with openai.OpenAI(api_key=key, base_url=url, max_retries=0) as client:
            client.responses.create(model=model, input="x")

    for key, model, error in (
        ("wrong", "good", openai.AuthenticationError),
        ("right", "unknown", openai.NotFoundError),
        ("right", "gone", openai.InternalServerError),
    ):
        with pytest.raises(error):
            ask(key, model)


def test_anthropics_sdk_raises_its_own_errors(envoy: Envoy) -> None:
    def ask(key: str, model: str) -> None:
        url = f"http://127.0.0.1:{envoy.port}/ai"
        said: Any = [{"role": "user", "content": "x"}]
        with anthropic.Anthropic(api_key=key, base_url=url, max_retries=0) as client:
            client.messages.create(model=model, max_tokens=5, messages=said)

    for key, model, error, kind in (
        ("wrong", "good", anthropic.AuthenticationError, "authentication_error"),
        ("right", "unknown", anthropic.NotFoundError, "not_found_error"),
        ("right", "gone", anthropic.APIStatusError, "api_error"),
    ):
        with pytest.raises(error) as raised:
            ask(key, model)
        assert f"'type': '{kind}'" in str(raised.value.body)


def test_bedrocks_sdk_raises_its_own_errors(envoy: Envoy) -> None:
    def ask(key: str, model: str) -> None:
        def identify(request: AWSPreparedRequest, **_: Any) -> None:
            request.headers["x-api-key"] = key

        client = boto3.client(
            "bedrock-runtime",
            region_name="eu-west-1",
            endpoint_url=f"http://127.0.0.1:{envoy.port}/ai",
            aws_access_key_id="id",
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}),
        )
        client.meta.events.register("before-send.bedrock-runtime", identify)
        client.converse(modelId=model, messages=[{"role": "user", "content": [{"text": "x"}]}])

    for key, model, kind in (
        ("wrong", "good", "UnrecognizedClientException"),
        ("right", "arn:aws:bedrock:eu-west-1:123456789012:x/y", "ResourceNotFoundException"),
        ("right", "gone", "ServiceUnavailableException"),
        ("right", "slow", "ModelTimeoutException"),
    ):
        with pytest.raises(ClientError) as raised:
            ask(key, model)
        assert raised.value.response["Error"]["Code"] == kind
        assert raised.value.response["Error"]["Message"]


def test_geminis_sdk_raises_its_own_errors(envoy: Envoy) -> None:
    def ask(key: str, model: str) -> None:
        options = genai_types.HttpOptions(base_url=f"http://127.0.0.1:{envoy.port}/ai")
        client = genai.Client(api_key=key, http_options=options)
        client.models.generate_content(model=model, contents="x")

    for key, model, code, status in (
        ("wrong", "good", 401, "UNAUTHENTICATED"),
        ("right", "unknown", 404, "NOT_FOUND"),
        ("right", "gone", 503, "UNAVAILABLE"),
    ):
        with pytest.raises(genai_errors.APIError) as raised:
            ask(key, model)
        assert (raised.value.code, raised.value.status) == (code, status)


def test_coheres_and_ollamas_sdks_raise_their_own_errors(envoy: Envoy) -> None:
    url = f"http://127.0.0.1:{envoy.port}/ai"
    asked: Any = [{"role": "user", "content": "x"}]
    with pytest.raises(cohere.NotFoundError) as missing:
        cohere.ClientV2(api_key="right", base_url=url).chat(model="unknown", messages=asked)
    assert "unknown" in str(missing.value.body)
    with pytest.raises(ollama.ResponseError) as raised:
        ollama.Client(host=url, headers={"x-api-key": "right"}).chat("unknown", asked)
    assert raised.value.status_code == 404
    assert raised.value.error.startswith("The model 'unknown' does not exist")
