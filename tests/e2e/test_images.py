"""The official SDK asks for pictures, of every provider that makes them, through a real Envoy."""

import base64
from collections.abc import Iterator

import httpx
import openai
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from extproc.lab.simulator.pictures import BYTES
from tests.e2e.clients.backends import AWS, ENV
from tests.e2e.listener import needs_retry_elsewhere

KEY = {"api_key": "env:KEY"}
VERTEX = {"project": "p", "region": "us-central1"}
CLOUD = {"region": "eu-west-1", "credential": AWS}
AZURE = {"instance": "i"}
BACKENDS = {
    "openai": ("openai", {}, "gpt-image-2.5-flare"),
    "older": ("openai", {}, "gpt-image-1-mini"),
    "azure": ("azure", AZURE, "gpt-image-2"),
    "dated": ("azure", {**AZURE, "api_version": "2025-04-01-preview"}, "gpt-image-2"),
    "xai": ("xai", {}, "grok-imagine-image"),
    "together": ("together", {}, "black-forest-labs/FLUX.1-schnell"),
    "nebius": ("nebius", {}, "black-forest-labs/flux-schnell"),
    "deepinfra": ("deepinfra", {}, "stabilityai/sdxl-turbo"),
    "gemini": ("gemini", {}, "gemini-2.5-flash-image"),
    "gemini-3": ("gemini", {}, "gemini-3-pro-image"),
    "vertex": ("vertex", VERTEX, "gemini-2.5-flash-image"),
    "imagen": ("vertex", VERTEX, "imagen-4.0-generate-001"),
    "titan": ("bedrock", CLOUD, "amazon.titan-image-generator-v2:0"),
    "nova": ("bedrock", CLOUD, "amazon.nova-canvas-v1:0"),
    "stability": ("bedrock", CLOUD, "stability.stable-image-ultra-v1:1"),
    "huggingface": ("huggingface", {}, "black-forest-labs/FLUX.1-dev"),
}
NATIVE = ("openai", "older", "azure", "dated")
"""Those that stream pictures themselves."""
ONE_BY_ONE = ("gemini", "gemini-3", "vertex", "stability", "huggingface")
EVERY = pytest.mark.parametrize("name", BACKENDS)
FAILOVER = {
    "models": ["either"],
    "backends": [
        {"backend": "failing", "model": "gpt-image-2"},
        {"backend": "gemini", "model": "gemini-2.5-flash-image", "priority": 1},
    ],
    "retry": {"attempts": 2, "on": ["5xx"]},
}
PRICE = {"image": 0.01, "images": {"1024x1024 high": 0.2, "1024x1024": 0.05}}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Local]:
    with RunningSimulator() as sim, RunningSimulator(name="failing") as failing:
        backends = {**BACKENDS, "failing": ("openai", {}, "")}
        config = {
            "backends": {
                name: {
                    "provider": provider,
                    "base_url": (failing if name == "failing" else sim).url,
                    "credential": KEY,
                    "forward_headers": ["x-sim"],
                    **more,
                }
                for name, (provider, more, _) in backends.items()
            },
            "routes": [
                *(
                    {
                        "models": [f"to-{name}"],
                        "backends": [{"backend": name, "model": model}],
                        "price": PRICE,
                    }
                    for name, (_, _, model) in BACKENDS.items()
                ),
                FAILOVER,
            ],
        }
        with Local(config, ENV) as local:
            yield local


@pytest.fixture
def client(gateway: Local) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="client", max_retries=0)


def record(gateway: Local, model: str, count: int) -> dict:
    """The access log's `count`th line of `model`."""
    found: list[dict] = []

    def look() -> bool:
        found[:] = [each for each in gateway.records() if each.get("request_model") == model]
        return len(found) >= count

    gateway.wait_for(look, f"{count} records of {model}")
    return found[-1]


@EVERY
def test_a_picture_comes_as_bytes(client: openai.OpenAI, name: str):
    answer = client.images.generate(
        model=f"to-{name}", prompt="a cat", size="1024x1024", response_format="b64_json"
    )
    assert answer.data is not None
    assert [base64.b64decode(one.b64_json or "") for one in answer.data] == [BYTES]


@EVERY
def test_what_nobody_takes_as_it_is_becomes_the_nearest(gateway: Local, name: str):
    body = {
        "model": f"to-{name}",
        "prompt": "a cat",
        "size": "1500x700",
        "quality": "hd",
        "style": "vivid",
        "moderation": "low",
        "user": "u",
        "seed": 7,
        "output_compression": 50,
        "background": "opaque",
        "response_format": "b64_json",
    }
    answer = httpx.post(f"{gateway.url}/v1/images/generations", json=body)
    assert answer.status_code == 200, answer.text
    dropped = answer.headers["x-ai-dropped-params"].split(", ")
    assert "style" in dropped
    assert set(dropped) <= body.keys() - {"prompt", "background", "response_format"}


@EVERY
def test_a_client_that_streams_gets_pictures_one_by_one(client: openai.OpenAI, name: str):
    count = 1 if name in ONE_BY_ONE else 2
    events = list(
        client.images.generate(
            model=f"to-{name}", prompt="a cat", stream=True, n=count, partial_images=1
        )
    )
    partial = ["image_generation.partial_image"] if name in NATIVE else []
    completed = ["image_generation.completed"] * count
    assert [event.type for event in events] == [*partial, *completed]
    assert base64.b64decode(events[-1].b64_json) == BYTES
    assert events[-1].usage.total_tokens >= 0


@EVERY
def test_the_picture_is_what_is_paid_for(gateway: Local, client: openai.OpenAI, name: str):
    model = f"to-{name}"
    before = len([each for each in gateway.records() if each.get("request_model") == model])
    asked = {"model": model, "prompt": "paid", "response_format": "b64_json"}
    client.images.generate(**asked, size="1024x1024", quality="high")
    found = record(gateway, model, before + 1)
    assert found["operation"] == "images"
    assert found["cost_nanousd"] == 200_000_000
    assert found["estimated"] is False
    for event in client.images.generate(**asked, size="1024x1024", quality="high", stream=True):
        assert event.b64_json
    assert record(gateway, model, before + 2)["cost_nanousd"] == 200_000_000


@EVERY
def test_a_url_is_refused_by_name_where_there_is_none(client: openai.OpenAI, name: str):
    asked = {"model": f"to-{name}", "prompt": "a cat", "response_format": "url"}
    if name in ("xai", "together", "nebius"):
        assert client.images.generate(**asked).data[0].url
        return
    with pytest.raises(openai.BadRequestError, match="URL") as refused:
        client.images.generate(**asked)
    assert refused.value.param == "response_format"


@EVERY
def test_a_wrong_key_is_told_in_openais_form(client: openai.OpenAI, name: str):
    with pytest.raises(openai.AuthenticationError) as refused:
        client.images.generate(
            model=f"to-{name}", prompt="x", extra_headers={"x-sim": '{"status": 401}'}
        )
    assert refused.value.body["message"]


@pytest.mark.parametrize("name", ["gemini", "vertex", "imagen", "titan", "nova", "stability"])
def test_a_picture_that_is_withheld_is_an_error(client: openai.OpenAI, name: str):
    with pytest.raises(openai.BadRequestError, match="made no picture") as refused:
        client.images.generate(
            model=f"to-{name}", prompt="x", extra_headers={"x-sim": '{"refusal": true}'}
        )
    assert refused.value.code == "moderation_blocked"


@pytest.mark.parametrize("name", ONE_BY_ONE)
def test_two_pictures_are_refused_where_one_is_made(client: openai.OpenAI, name: str):
    with pytest.raises(openai.BadRequestError, match="at most 1") as refused:
        client.images.generate(model=f"to-{name}", prompt="x", n=2)
    assert refused.value.param == "n"


@pytest.mark.parametrize("name", ["xai", "deepinfra", "gemini", "imagen", "nova", "stability"])
def test_a_transparent_background_is_refused_by_name(client: openai.OpenAI, name: str):
    with pytest.raises(openai.BadRequestError) as refused:
        client.images.generate(model=f"to-{name}", prompt="x", background="transparent")
    assert refused.value.param == "background"


@pytest.mark.parametrize("version", ["2025-04-01-preview", "preview"])
def test_the_sdk_made_for_azure_is_served(gateway: Local, version: str):
    client = openai.AzureOpenAI(
        azure_endpoint=gateway.url, api_key="client", api_version=version, max_retries=0
    )
    for name in ("dated", "gemini"):
        answer = client.images.generate(model=f"to-{name}", prompt="a cat")
        assert answer.data
        assert answer.data[0].b64_json


def test_tokens_are_told_where_models_count_them(gateway: Local, client: openai.OpenAI):
    for name in ("openai", "gemini"):
        answer = client.images.generate(model=f"to-{name}", prompt="a cat on a mat")
        assert answer.usage is not None
        assert answer.usage.input_tokens > 0
        assert answer.usage.total_tokens > answer.usage.input_tokens


@needs_retry_elsewhere
def test_the_next_provider_is_asked_in_its_own_format(client: openai.OpenAI):
    order = '{"at": "failing", "status": 503}'
    answer = client.images.generate(
        model="either", prompt="a cat", size="1024x1024", extra_headers={"x-sim": order}
    )
    assert answer.data
    assert answer.data[0].b64_json
