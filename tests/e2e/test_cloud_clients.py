"""SDKs that were made for a cloud, through a real Envoy: only their base URL is another."""

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import boto3
import botocore.config
import botocore.exceptions
import openai
import pytest
from google import genai
from google.genai import errors, types
from google.oauth2.credentials import Credentials

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import ENV, backend

TARGETS = (
    "anthropic.messages",
    "bedrock.converse",
    "gemini.generate_content",
    "openai.chat",
    "openai.responses",
)
HELLO = [{"role": "user", "content": "hello there"}]


class World:
    """A gateway before one simulator, which speaks every dialect."""

    def __init__(self, url: str, sim: RunningSimulator) -> None:
        self.url = url
        self.sim = sim


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with RunningSimulator() as sim:
        config = {
            "backends": {
                target.replace(".", "-").replace("_", "-"): backend(target, sim.url)
                for target in TARGETS
            },
            "routes": [
                {"models": [target], "backends": [{"backend": name, "model": "m"}]}
                for target in TARGETS
                for name in (target.replace(".", "-").replace("_", "-"),)
            ],
        }
        with Local(config, ENV) as local:
            yield World(local.url, sim)


@pytest.fixture(params=TARGETS)
def model(request) -> str:
    return request.param


STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@STREAM
def test_azure_openai(world: World, model: str, stream: bool):
    with openai.AzureOpenAI(
        api_key="k", api_version="2025-04-01-preview", azure_endpoint=world.url, max_retries=0
    ) as sdk:
        answer = sdk.chat.completions.create(model=model, messages=HELLO, stream=stream)
        if stream:
            text = "".join(c.choices[0].delta.content or "" for c in answer if c.choices)
        else:
            text = answer.choices[0].message.content
        assert text.endswith("heard: hello there")
        said = sdk.responses.create(model=model, input="hello there")
        assert said.output_text.endswith("heard: hello there")
        with pytest.raises(openai.NotFoundError):
            sdk.chat.completions.create(model="unknown", messages=HELLO)


def test_openai_by_azures_newer_path(world: World, model: str):
    with openai.OpenAI(api_key="k", base_url=f"{world.url}/openai/v1", max_retries=0) as sdk:
        answer = sdk.chat.completions.create(model=model, messages=HELLO)
        assert answer.choices[0].message.content.endswith("heard: hello there")


@STREAM
def test_claude_on_vertex(world: World, model: str, stream: bool):
    with anthropic.AnthropicVertex(
        region="r", project_id="p", access_token="t", base_url=f"{world.url}/v1", max_retries=0
    ) as sdk:
        asked = {"model": model, "max_tokens": 99, "messages": HELLO}
        if stream:
            with sdk.messages.stream(**asked) as events:
                answer = events.get_final_message()
        else:
            answer = sdk.messages.create(**asked)
        assert answer.content[0].text.endswith("heard: hello there")
        with pytest.raises(anthropic.NotFoundError):
            sdk.messages.create(**{**asked, "model": "unknown"})


def test_tokens_are_counted_for_claude_on_vertex(world: World):
    with anthropic.AnthropicVertex(
        region="r", project_id="p", access_token="t", base_url=f"{world.url}/v1", max_retries=0
    ) as sdk:
        counted = sdk.messages.count_tokens(model="anthropic.messages", messages=HELLO)
        assert counted.input_tokens > 0


@STREAM
def test_claude_on_bedrock(world: World, model: str, stream: bool):
    with anthropic.AnthropicBedrock(
        aws_access_key="a",
        aws_secret_key="s",
        aws_region="eu-west-1",
        base_url=world.url,
        max_retries=0,
    ) as sdk:
        asked = {"model": model, "max_tokens": 99, "messages": HELLO}
        if stream:
            with sdk.messages.stream(**asked) as events:
                answer = events.get_final_message()
        else:
            answer = sdk.messages.create(**asked)
        assert answer.content[0].text.endswith("heard: hello there")
        assert answer.stop_reason == "end_turn"
        assert answer.usage.output_tokens > 0
        with pytest.raises(anthropic.NotFoundError):
            sdk.messages.create(**{**asked, "model": "unknown"})


def invoked(sdk: Any, model: str, stream: bool, text: str = "hello there") -> dict[str, Any]:
    """The answer of InvokeModel, or the last text of its stream."""
    body = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 99,
        "messages": [{"role": "user", "content": text}],
    }
    asked = {"modelId": model, "body": json.dumps(body), "contentType": "application/json"}
    if not stream:
        return json.loads(sdk.invoke_model(**asked)["body"].read())
    events = [
        json.loads(each["chunk"]["bytes"])
        for each in sdk.invoke_model_with_response_stream(**asked)["body"]
    ]
    assert (events[0]["type"], events[-1]["type"]) == ("message_start", "message_stop")
    words = [each["delta"].get("text", "") for each in events if "delta" in each]
    return {"content": [{"type": "text", "text": "".join(words)}]}


@STREAM
def test_boto3_invokes_claude(world: World, model: str, stream: bool):
    sdk = boto3.client(
        "bedrock-runtime",
        region_name="eu-west-1",
        endpoint_url=world.url,
        aws_access_key_id="a",
        aws_secret_access_key="s",
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )
    answer = invoked(sdk, model, stream)
    assert answer["content"][0]["text"].endswith("heard: hello there")
    with pytest.raises(sdk.exceptions.ResourceNotFoundException):
        invoked(sdk, "unknown", stream)
    with pytest.raises(botocore.exceptions.ClientError, match="messages"):
        sdk.invoke_model(modelId=model, body=json.dumps({"prompt": "hi", "max_gen_len": 9}))


def test_claude_in_foundry(world: World, model: str):
    with anthropic.AnthropicFoundry(
        api_key="k", base_url=f"{world.url}/anthropic/", max_retries=0
    ) as sdk:
        answer = sdk.messages.create(model=model, max_tokens=99, messages=HELLO)
        assert answer.content[0].text.endswith("heard: hello there")


@STREAM
def test_gemini_on_vertex(world: World, model: str, stream: bool):
    with genai.Client(
        vertexai=True,
        project="p",
        location="r",
        credentials=Credentials("t"),
        http_options=types.HttpOptions(base_url=world.url),
    ) as sdk:
        if stream:
            pieces = sdk.models.generate_content_stream(model=model, contents="hello there")
            text = "".join(piece.text or "" for piece in pieces)
        else:
            text = sdk.models.generate_content(model=model, contents="hello there").text
        assert text.endswith("heard: hello there")
        with pytest.raises(errors.ClientError, match="unknown"):
            sdk.models.generate_content(model="unknown", contents="hello there")


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_gemini_on_vertex_with_an_api_key(world: World, model: str, version: str):
    options = types.HttpOptions(base_url=world.url, api_version=version)
    with genai.Client(vertexai=True, api_key="k", http_options=options) as sdk:
        said = sdk.models.generate_content(model=model, contents="hello there").text
        assert said.endswith("heard: hello there")
