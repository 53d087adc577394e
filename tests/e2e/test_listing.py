"""The list of models, as each official SDK asks for it."""

from collections.abc import Iterator

import anthropic
import boto3
import cohere
import httpx
import ollama
import openai
import pytest
from google import genai
from google.genai import errors, types
from google.oauth2.credentials import Credentials
from mistralai.client import Mistral
from mistralai.client.errors import MistralError
from mistralai.client.models import BaseModelCard

from extproc.lab.local import Local
from tests.e2e.clients.backends import ENV

MODELS = ["small", "vendor/large:1"]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    config = {
        "backends": {"a": {"provider": "openai", "credential": {"api_key": "env:KEY"}}},
        "routes": [{"models": [*MODELS, "wild-*"], "backends": [{"backend": "a"}]}],
    }
    with Local(config, ENV) as local:
        yield local.url


@pytest.mark.parametrize("base", ["/v1", "/openai/v1"])
def test_openai(url: str, base: str):
    with openai.OpenAI(base_url=url + base, api_key="k", max_retries=0) as sdk:
        assert [model.id for model in sdk.models.list()] == MODELS
        assert sdk.models.retrieve(MODELS[1]).owned_by == "a"
        assert sdk.models.retrieve("wild-1").id == "wild-1"
        with pytest.raises(openai.NotFoundError, match="nothing"):
            sdk.models.retrieve("nothing")


def test_azure(url: str):
    with openai.AzureOpenAI(azure_endpoint=url, api_key="k", api_version="2025-04-01") as sdk:
        assert [model.id for model in sdk.models.list()] == MODELS


@pytest.mark.parametrize("base", ["", "/anthropic"])
def test_anthropic(url: str, base: str):
    with anthropic.Anthropic(base_url=url + base, api_key="k", max_retries=0) as sdk:
        assert [model.id for model in sdk.models.list()] == MODELS
        one = sdk.models.retrieve("small")
        assert (one.display_name, one.type, one.created_at.year > 2020) == ("small", "model", True)
        with pytest.raises(anthropic.NotFoundError, match="nothing"):
            sdk.models.retrieve("nothing")


def test_bedrock(url: str):
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    sdk = boto3.client("bedrock", endpoint_url=url, region_name="us-east-1", **keys)
    found = sdk.list_foundation_models(byOutputModality="TEXT")["modelSummaries"]
    assert [model["modelId"] for model in found] == MODELS
    one = sdk.get_foundation_model(modelIdentifier=MODELS[1])["modelDetails"]
    assert (one["modelId"], one["providerName"]) == (MODELS[1], "a")
    with pytest.raises(sdk.exceptions.ResourceNotFoundException, match="nothing"):
        sdk.get_foundation_model(modelIdentifier="nothing")


def test_vertex(url: str):
    with genai.Client(
        vertexai=True,
        project="p",
        location="us-central1",
        credentials=Credentials("t"),
        http_options=types.HttpOptions(base_url=url),
    ) as sdk:
        names = [f"publishers/google/models/{model}" for model in MODELS]
        assert [model.name for model in sdk.models.list()] == names
        assert sdk.models.get(model="small").name == names[0]
        with pytest.raises(errors.ClientError, match="nothing"):
            sdk.models.get(model="nothing")


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_google(url: str, version: str):
    options = types.HttpOptions(base_url=url, api_version=version)
    with genai.Client(api_key="k", http_options=options) as sdk:
        assert [model.name for model in sdk.models.list()] == [f"models/{m}" for m in MODELS]
        assert sdk.models.get(model="small").display_name == "small"
        with pytest.raises(errors.ClientError, match="nothing"):
            sdk.models.get(model="nothing")


def test_cohere(url: str):
    with cohere.ClientV2(base_url=url, api_key="k") as sdk:
        assert [model.name for model in sdk.models.list().models] == MODELS


def test_mistral(url: str):
    with Mistral(server_url=url, api_key="k") as sdk:
        found = sdk.models.list().data or []
        assert [model.id for model in found] == MODELS
        assert all(isinstance(model, BaseModelCard) for model in found)
        assert sdk.models.retrieve(model_id=MODELS[1]).owned_by == "a"
        assert sdk.models.retrieve(model_id="wild-1").capabilities.completion_chat
        with pytest.raises(MistralError, match="nothing"):
            sdk.models.retrieve(model_id="nothing")


def test_ollama(url: str):
    found = ollama.Client(host=url).list().models
    assert [model.model for model in found] == MODELS


def test_what_else_ollama_tells_of_models(url: str):
    client = ollama.Client(host=url)
    assert [model.model for model in client.ps().models] == MODELS
    shown = client.show(MODELS[1])
    assert shown.details is not None
    assert (shown.details.family, "tools" in (shown.capabilities or ())) == ("a", True)
    assert client.show("wild-1").modelinfo["general.basename"] == "wild-1"
    with pytest.raises(ollama.ResponseError, match="nothing"):
        client.show("nothing")
    assert httpx.get(f"{url}/api/version").json()["version"]
    assert httpx.get(f"{url}/api/versions").status_code == 404
    assert httpx.get(f"{url}/api/show").status_code == 404


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/small", "/api/ps", "/healthz"])
def test_what_answers_get_answers_head(url: str, path: str):
    got, head = httpx.get(url + path), httpx.head(url + path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    assert httpx.head(f"{url}/v1/modelsx").status_code == 404


def test_a_list_is_not_for_every_method_and_path(url: str):
    assert httpx.post(f"{url}/api/tags", json={}).status_code == 404
    assert httpx.get(f"{url}/api/tagsx").status_code == 404
    assert httpx.get(f"{url}/v1beta/models?pageSize=5").json()["models"][0]["name"]
