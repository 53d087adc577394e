"""Google's SDK asks for pictures by `predict`, and boto3 by InvokeModel, of whoever makes some."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from google import genai
from google.genai import types
from google.genai.errors import ClientError as GoogleError

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from extproc.lab.simulator.pictures import BYTES, PNG
from tests.e2e.clients.backends import AWS, ENV

# The SDK says that it will have the method until 2027.
pytestmark = pytest.mark.filterwarnings("ignore:The generate_images method is deprecated")

KEY = {"api_key": "env:KEY"}
VERTEX = {"project": "p", "region": "us-central1"}
CLOUD = {"region": "eu-west-1", "credential": AWS}
BACKENDS = {
    "openai": ("openai", {}, "gpt-image-2"),
    "xai": ("xai", {}, "grok-imagine-image"),
    "together": ("together", {}, "black-forest-labs/FLUX.1-schnell"),
    "gemini": ("gemini", {}, "gemini-2.5-flash-image"),
    "imagen": ("vertex", VERTEX, "imagen-4.0-generate-001"),
    "titan": ("bedrock", CLOUD, "amazon.titan-image-generator-v2:0"),
    "nova": ("bedrock", CLOUD, "amazon.nova-canvas-v1:0"),
    "stability": ("bedrock", CLOUD, "stability.stable-image-ultra-v1:1"),
    "cohere": ("cohere", {}, "rerank-v3.5"),
    "rerank": ("bedrock", CLOUD, "cohere.rerank-v3-5:0"),
    "vectors": ("vertex", VERTEX, "text-embedding-005"),
}
RANKERS = ("cohere", "rerank")
PAINTERS = tuple(name for name in BACKENDS if name not in (*RANKERS, "vectors"))
BY_EVERYBODY = pytest.mark.parametrize("name", PAINTERS)


class World:
    def __init__(self, local: Local, simulator: RunningSimulator) -> None:
        self.local, self.simulator = local, simulator
        options = types.HttpOptions(base_url=local.url)
        self.vertex = genai.Client(vertexai=True, api_key="x", http_options=options)
        self.bedrock = boto3.client(
            "bedrock-runtime",
            region_name="eu-west-1",
            endpoint_url=local.url,
            aws_access_key_id="a",
            aws_secret_access_key="b",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def invoke(self, model: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.bedrock.invoke_model(modelId=model, body=json.dumps(body))
        read: dict[str, Any] = json.loads(answer["body"].read())
        return read


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with RunningSimulator() as simulator:
        backends = {
            name: {"provider": provider, "base_url": simulator.url, "credential": KEY, **more}
            for name, (provider, more, _) in BACKENDS.items()
        }
        served = [
            {"models": [name], "backends": [{"backend": name, "model": model}]}
            for name, (_, _, model) in BACKENDS.items()
        ]
        with Local({"backends": backends, "routes": served}, ENV) as local:
            yield World(local, simulator)


@BY_EVERYBODY
def test_googles_client_gets_a_picture(world: World, name: str):
    config = types.GenerateImagesConfig(number_of_images=1, aspect_ratio="1:1")
    answer = world.vertex.models.generate_images(model=name, prompt="a cat", config=config)
    assert answer.generated_images is not None
    images = [one.image for one in answer.generated_images if one.image]
    assert [(one.image_bytes, one.mime_type) for one in images] == [(BYTES, "image/png")]


def test_what_google_is_asked_for_is_asked_in_the_providers_words(world: World):
    config = types.GenerateImagesConfig(
        number_of_images=2,
        aspect_ratio="16:9",
        output_mime_type="image/jpeg",
        output_compression_quality=50,
        person_generation=types.PersonGeneration.DONT_ALLOW,
    )
    world.vertex.models.generate_images(model="openai", prompt="a cat", config=config)
    asked = world.simulator.requests[-1].json
    assert asked == {
        "model": "gpt-image-2",
        "prompt": "a cat",
        "n": 2,
        "size": "1408x768",
        "output_format": "jpeg",
        "output_compression": 50,
    }


def test_who_asks_google_for_anything_else_is_told_so(world: World):
    url = f"{world.local.url}/v1beta/models/openai:predict"
    for instance, parameters in (
        ({"prompt": "a cat", "image": {"bytesBase64Encoded": "AA=="}}, {}),
        ({"prompt": "a cat"}, {"storageUri": "gs://b"}),
        ({"prompt": "a cat"}, {"aspectRatio": "7:1"}),
        ({"prompt": 1}, {}),
    ):
        answer = httpx.post(url, json={"instances": [instance], "parameters": parameters})
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"
    with pytest.raises(GoogleError, match="makes at most 1 at once"):
        world.vertex.models.generate_images(
            model="gemini", prompt="a cat", config=types.GenerateImagesConfig(number_of_images=4)
        )


def test_vectors_are_still_asked_for_at_the_same_place(world: World):
    url = f"{world.local.url}/v1beta/models/vectors:predict"
    answer = httpx.post(url, json={"instances": [{"content": "a text"}]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["predictions"][0]["embeddings"]["values"]


AMAZONS = {
    "taskType": "TEXT_IMAGE",
    "textToImageParams": {"text": "a cat"},
    "imageGenerationConfig": {"numberOfImages": 1, "width": 1024, "height": 1024},
}


@BY_EVERYBODY
def test_amazons_client_gets_a_picture(world: World, name: str):
    assert world.invoke(name, AMAZONS) == {"images": [PNG]}


@BY_EVERYBODY
def test_stabilitys_client_gets_a_picture(world: World, name: str):
    body = {"prompt": "a cat", "aspect_ratio": "1:1", "output_format": "png"}
    answer = world.invoke(name, body)
    assert answer["images"] == [PNG]
    assert answer["finish_reasons"] == [None]


def test_variations_are_made_by_whoever_edits(world: World):
    params = {"images": [PNG, PNG], "text": "a dog"}
    body = {"taskType": "IMAGE_VARIATION", "imageVariationParams": params}
    for name in ("openai", "nova", "titan"):
        assert world.invoke(name, body) == {"images": [PNG]}
    sent = world.simulator.requests[-3]
    assert sent.path == "/v1/images/edits"
    assert sent.body.count(b'name="image[]"; filename=') == 2
    body["imageVariationParams"] = {"images": [PNG], "text": "a dog"}
    assert world.invoke("openai", body) == {"images": [PNG]}


def test_tasks_that_amazon_alone_does_are_refused_by_others(world: World):
    for task in ("INPAINTING", "BACKGROUND_REMOVAL"):
        with pytest.raises(ClientError, match="taskType") as refused:
            world.invoke("openai", {"taskType": task})
        assert refused.value.response["Error"]["Code"] == "ValidationException"
    with pytest.raises(ClientError, match="image"):
        world.invoke("openai", {"prompt": "a", "mode": "image-to-image", "image": PNG})


@pytest.mark.parametrize("name", RANKERS)
def test_documents_are_put_into_order(world: World, name: str):
    body = {"query": "tea", "documents": ["coffee", "tea", {"text": "milk"}], "top_n": 2}
    results = world.invoke(name, {**body, "api_version": 2})["results"]
    assert len(results) == 2
    assert results[0]["relevance_score"] >= results[1]["relevance_score"]
    with pytest.raises(ClientError) as refused:
        world.invoke(name, {**body, "query": 1})
    assert refused.value.response["Error"]["Code"] == "ValidationException"
