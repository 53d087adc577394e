"""boto3 has texts embedded by InvokeModel, in each model's own format, by whoever can."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import AWS, ENV

KEY = {"api_key": "env:KEY"}
BEDROCK = {"provider": "bedrock", "region": "eu-west-1", "credential": AWS}
ROUTES = {
    "titan": ("bedrock", "amazon.titan-embed-text-v2:0"),
    "nova": ("bedrock", "amazon.nova-2-multimodal-embeddings-v1:0"),
    "cohere": ("bedrock", "cohere.embed-v4:0"),
    "openai": ("openai", "text-embedding-3-small"),
    "gemini": ("gemini", "gemini-embedding-001"),
}
TITAN = {"inputText": "a text", "dimensions": 256}
NOVA = {
    "schemaVersion": "nova-multimodal-embed-v1",
    "taskType": "SINGLE_EMBEDDING",
    "singleEmbeddingParams": {
        "embeddingPurpose": "GENERIC_INDEX",
        "embeddingDimension": 256,
        "text": {"truncationMode": "END", "value": "a text"},
    },
}
COHERE = {"texts": ["a text", "another"], "input_type": "search_query", "output_dimension": 256}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Local]:
    with RunningSimulator() as sim:
        backends: dict[str, Any] = {"bedrock": {**BEDROCK, "base_url": sim.url}}
        for name in ("openai", "gemini"):
            backends[name] = {"provider": name, "base_url": sim.url, "credential": KEY}
        routes = [
            {"models": [name], "backends": [{"backend": backend, "model": model}]}
            for name, (backend, model) in ROUTES.items()
        ]
        both = [{"backend": "openai", "model": ROUTES["openai"][1]}]
        both.append({"backend": "bedrock", "model": ROUTES["titan"][1], "priority": 1})
        routes.append({"models": ["either"], "backends": both})
        with Local({"backends": backends, "routes": routes}, ENV) as local:
            yield local


@pytest.fixture(scope="module")
def client(gateway: Local) -> Any:
    return boto3.client(
        "bedrock-runtime",
        region_name="eu-west-1",
        endpoint_url=gateway.url,
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"total_max_attempts": 1}),
    )


def invoke(client: Any, model: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.invoke_model(modelId=model, body=json.dumps(body))
    read: dict[str, Any] = json.loads(answer["body"].read())
    return read


@pytest.mark.parametrize("model", ["titan", "openai", "gemini", "cohere", "either"])
def test_a_titan_client_gets_a_vector(client: Any, model: str):
    answer = invoke(client, model, TITAN)
    assert len(answer["embedding"]) == 256
    assert answer["inputTextTokenCount"] == 2


@pytest.mark.parametrize("model", ["nova", "openai", "gemini", "titan"])
def test_a_nova_client_gets_a_vector(client: Any, model: str):
    answer = invoke(client, model, NOVA)
    assert len(answer["embeddings"][0]["embedding"]) == 256


@pytest.mark.parametrize("model", ["cohere", "openai", "gemini"])
def test_a_cohere_client_gets_vectors(client: Any, model: str):
    answer = invoke(client, model, COHERE)
    vectors = answer["embeddings"]
    vectors = vectors["float"] if isinstance(vectors, dict) else vectors
    assert [len(vector) for vector in vectors] == [256, 256]


def test_types_are_answered_by_type(client: Any):
    answer = invoke(client, "openai", {**COHERE, "embedding_types": ["float"]})
    assert len(answer["embeddings"]["float"]) == 2


def test_what_is_wrong_is_told_as_aws_does(client: Any):
    with pytest.raises(ClientError) as caught:
        invoke(client, "titan", {**COHERE, "texts": "no array"})
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert "texts" in caught.value.response["Error"]["Message"]


def test_claude_is_who_else_comes_in_there(client: Any):
    with pytest.raises(ClientError) as caught:
        invoke(client, "titan", {"prompt": "something old"})
    assert caught.value.response["Error"]["Code"] in (
        "ValidationException",
        "ResourceNotFoundException",
    )
