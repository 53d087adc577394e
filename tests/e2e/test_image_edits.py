"""The official SDK has pictures made out of others, through a real Envoy."""

import base64
from collections.abc import Iterator

import httpx
import openai
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from extproc.lab.simulator.pictures import BYTES
from tests.e2e.clients.backends import AWS, ENV
from tests.providers.wire.test_png import encoded

KEY = {"api_key": "env:KEY"}
BACKENDS = {
    "openai": ("openai", {}, "gpt-image-1"),
    "azure": ("azure", {"instance": "i", "api_version": "2025-04-01-preview"}, "gpt-image-1"),
    "gemini": ("gemini", {}, "gemini-2.5-flash-image"),
    "vertex": ("vertex", {"project": "p", "region": "us-central1"}, "gemini-2.5-flash-image"),
    "compatible": ("openai-compatible", {}, "any"),
}
VARYING = {
    "dalle": ("openai", {}, "dall-e-2"),
    "server": ("openai-compatible", {}, "any"),
    "titan": (
        "bedrock",
        {"region": "us-east-1", "credential": AWS},
        "amazon.titan-image-generator-v2:0",
    ),
}
MASKED = {
    "canvas": ("bedrock", {"region": "us-east-1", "credential": AWS}, "amazon.nova-canvas-v1:0"),
    "inpaint": (
        "bedrock",
        {"region": "us-east-1", "credential": AWS},
        "us.stability.stable-image-inpaint-v1:0",
    ),
}
MASK = ("mask.png", encoded([b"\x09\x09\x09\x00\x09\x09\x09\xff"], [1]), "image/png")
ALL = BACKENDS | VARYING | MASKED
FILE = ("a.png", BYTES, "image/png")
OUTLIVED = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
"""The SDK warns of variations, which newer models of OpenAI's do not make."""
EVERY = pytest.mark.parametrize("name", BACKENDS)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Local]:
    with RunningSimulator() as sim:
        config = {
            "backends": {
                name: {"provider": provider, "base_url": sim.url, "credential": KEY, **more}
                for name, (provider, more, _) in ALL.items()
            },
            "routes": [
                {
                    "models": [f"to-{name}"],
                    "backends": [{"backend": name, "model": model}],
                    "price": {"images": {"1024x1024 high": 0.2}},
                }
                for name, (_, _, model) in ALL.items()
            ],
        }
        with Local(config, ENV) as local:
            yield local


@pytest.fixture
def client(gateway: Local) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="client", max_retries=0)


@EVERY
def test_a_picture_becomes_another(gateway: Local, client: openai.OpenAI, name: str):
    answer = client.images.edit(
        model=f"to-{name}", image=FILE, prompt="bluer", size="1024x1024", quality="high"
    )
    assert base64.b64decode(answer.data[0].b64_json) == BYTES
    record = gateway.record(request_model=f"to-{name}")
    assert record["operation"] == "image_edits"
    assert record["cost_nanousd"] == 200_000_000


@EVERY
def test_several_become_one(client: openai.OpenAI, name: str):
    answer = client.images.edit(model=f"to-{name}", image=[FILE, FILE], prompt="both")
    assert len(answer.data) == 1


@EVERY
def test_it_comes_as_a_stream(client: openai.OpenAI, name: str):
    events = list(client.images.edit(model=f"to-{name}", image=FILE, prompt="bluer", stream=True))
    assert events[-1].type == "image_edit.completed"
    assert base64.b64decode(events[-1].b64_json) == BYTES


def test_a_mask_is_refused_where_nobody_heeds_it(client: openai.OpenAI):
    with pytest.raises(openai.BadRequestError, match="mask"):
        client.images.edit(model="to-gemini", image=FILE, mask=FILE, prompt="bluer")
    client.images.edit(model="to-openai", image=FILE, mask=FILE, prompt="bluer")


@pytest.mark.parametrize("name", MASKED)
def test_a_mask_says_where_a_picture_on_bedrock_may_change(client: openai.OpenAI, name: str):
    asked = {"model": f"to-{name}", "image": FILE, "prompt": "bluer"}
    answer = client.images.edit(mask=MASK, **asked)
    assert base64.b64decode(answer.data[0].b64_json) == BYTES
    with pytest.raises(openai.BadRequestError, match="alpha") as caught:
        opaque = ("mask.png", encoded([bytes(6)], [0], 2), "image/png")
        client.images.edit(mask=opaque, **asked)
    assert caught.value.param == "mask"


@pytest.mark.parametrize("wrong", [{"n": "many"}, {"size": "big"}])
def test_what_is_wrong_is_named(gateway: Local, wrong: dict[str, str]):
    data = {"model": "to-gemini", "prompt": "bluer", **wrong}
    answer = httpx.post(f"{gateway.url}/v1/images/edits", data=data, files={"image": FILE})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] in wrong


def test_without_a_picture_there_is_none(gateway: Local):
    data = {"model": (None, "to-gemini"), "prompt": (None, "bluer")}
    answer = httpx.post(f"{gateway.url}/v1/images/edits", files=data)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "image"


@OUTLIVED
@pytest.mark.parametrize("name", VARYING)
def test_variations_are_made_where_no_words_are_needed(client: openai.OpenAI, name: str):
    answer = client.images.create_variation(
        model=f"to-{name}", image=FILE, n=2, response_format="b64_json", size="512x512"
    )
    assert [base64.b64decode(one.b64_json) for one in answer.data] == [BYTES, BYTES]


@OUTLIVED
@pytest.mark.parametrize("name", ["openai", "azure", "gemini"])
def test_who_needs_words_makes_no_variations(client: openai.OpenAI, name: str):
    with pytest.raises(openai.BadRequestError, match="variation"):
        client.images.create_variation(model=f"to-{name}", image=FILE)
