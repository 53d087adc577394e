"""Tokens are counted by the official SDKs through a real Envoy, at every provider that can."""

from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import boto3
import botocore.exceptions
import httpx
import openai
import pytest
from botocore.config import Config
from google import genai
from google.genai import errors, types

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from extproc.lab.simulator.reply import PER_MESSAGE, PER_TOOL
from tests.e2e.clients.backends import AWS, ENV

KEY = {"api_key": "env:KEY"}
VERTEX = {"provider": "vertex", "project": "p", "region": "r", "credential": KEY}
BEDROCK = {"provider": "bedrock", "region": "r", "credential": AWS}
CLAUDE_ON_VERTEX = "/v1/projects/p/locations/r/publishers/anthropic/models/count-tokens:rawPredict"
GEMINI_ON_VERTEX = "/v1/projects/p/locations/r/publishers/google/models/gemini-2.5-pro:countTokens"
ON_BEDROCK = "eu.anthropic.claude-sonnet-5-v1:0"

COUNTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "anthropic": (
        {"provider": "anthropic", "credential": KEY},
        "claude-sonnet-5",
        "/v1/messages/count_tokens",
    ),
    "foundry": (
        {"provider": "foundry", "instance": "i", "credential": KEY},
        "claude-sonnet-5",
        "/anthropic/v1/messages/count_tokens",
    ),
    "vertex-claude": (VERTEX, "claude-sonnet-5", CLAUDE_ON_VERTEX),
    "vertex-gemini": (VERTEX, "gemini-2.5-pro", GEMINI_ON_VERTEX),
    "gemini": (
        {"provider": "gemini", "credential": KEY},
        "gemini-2.5-pro",
        "/v1beta/models/gemini-2.5-pro:countTokens",
    ),
    "openai": (
        {"provider": "openai", "credential": KEY},
        "gpt-5",
        "/v1/responses/input_tokens",
    ),
    "bedrock": (
        BEDROCK,
        ON_BEDROCK,
        f"/model/{ON_BEDROCK.replace(':', '%3A')}/count-tokens",
    ),
    "bedrock-claude": (
        {**BEDROCK, "dialect": "anthropic.messages"},
        ON_BEDROCK,
        f"/model/{ON_BEDROCK.replace(':', '%3A')}/count-tokens",
    ),
}
"""Backends that can count: name → backend, the provider's name for the model, its path."""
OTHERS: dict[str, dict[str, Any]] = {
    "silent": {"provider": "groq", "credential": KEY},
    "guessing": {"provider": "groq", "credential": KEY, "estimate_counts": True},
}

SYSTEM, TEXT = "be brief", "how many are these?"
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}


def by_anthropic(url: str, model: str) -> int:
    with anthropic.Anthropic(base_url=url, api_key="k", max_retries=0) as sdk:
        counted = sdk.messages.count_tokens(
            model=model,
            system=SYSTEM,
            messages=[{"role": "user", "content": TEXT}],
            tools=[{"name": "weather", "input_schema": PARAMETERS}],
        )
    return counted.input_tokens


def by_openai(url: str, model: str) -> int:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0) as sdk:
        tool = {"type": "function", "name": "weather", "parameters": PARAMETERS, "strict": False}
        counted = sdk.responses.input_tokens.count(
            model=model, instructions=SYSTEM, input=TEXT, tools=[tool]
        )
    assert counted.object == "response.input_tokens"
    return counted.input_tokens


def by_google(url: str, model: str) -> int:
    """The SDK has no system or tools here for the Gemini API, so a whole request goes by hand."""
    options = types.HttpOptions(base_url=url)
    with genai.Client(api_key="k", http_options=options) as sdk:
        assert sdk.models.count_tokens(model=model, contents=TEXT).total_tokens > 0
    whole = {
        "model": f"models/{model}",
        "systemInstruction": {"parts": [{"text": SYSTEM}]},
        "contents": [{"role": "user", "parts": [{"text": TEXT}]}],
        "tools": [{"functionDeclarations": [{"name": "weather", "parameters": PARAMETERS}]}],
    }
    answer = httpx.post(
        f"{url}/v1beta/models/{model}:countTokens", json={"generateContentRequest": whole}
    )
    total: int = answer.raise_for_status().json()["totalTokens"]
    return total


def by_boto3(url: str, model: str) -> int:
    client = boto3.client(
        "bedrock-runtime",
        endpoint_url=url,
        region_name="r",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"max_attempts": 1}),
    )
    schema = {"inputSchema": {"json": PARAMETERS}}
    answer = client.count_tokens(
        modelId=model,
        input={
            "converse": {
                "system": [{"text": SYSTEM}],
                "messages": [{"role": "user", "content": [{"text": TEXT}]}],
                "toolConfig": {"tools": [{"toolSpec": {"name": "weather", **schema}}]},
            }
        },
    )
    total: int = answer["inputTokens"]
    return total


COUNTERS = {
    "anthropic": by_anthropic,
    "openai": by_openai,
    "google": by_google,
    "boto3": by_boto3,
}
REFUSALS = (
    anthropic.NotFoundError,
    openai.NotFoundError,
    errors.ClientError,
    botocore.exceptions.ClientError,
)


class World:
    """A gateway before one simulator, which is every provider at once."""

    def __init__(self, local: Local, sim: RunningSimulator) -> None:
        self.local = local
        self.sim = sim


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with RunningSimulator() as sim:
        backends = {name: backend for name, (backend, _, _) in COUNTS.items()} | OTHERS
        models = {name: model for name, (_, model, _) in COUNTS.items()}
        config = {
            "backends": {name: {**one, "base_url": sim.url} for name, one in backends.items()},
            "routes": [
                {
                    "models": [name],
                    "backends": [{"backend": name, "model": models.get(name, "m")}],
                    # What a route does to chats must not spoil a count.
                    "request": {"defaults": {"temperature": 0.5}, "override": {"top_p": 0.5}},
                }
                for name in backends
            ],
            "limits": [{"per": "model", "tokens": 1, "every": "day"}],
        }
        with Local(config, ENV) as local:
            yield World(local, sim)


Count = Callable[[str, str], int]


@pytest.fixture(params=COUNTERS)
def count(request) -> Count:
    return COUNTERS[request.param]


@pytest.mark.parametrize("backend", COUNTS)
def test_every_sdk_counts_at_every_provider_that_can(world: World, count: Count, backend: str):
    words = len(f"{SYSTEM} {TEXT}".split())
    messages = 2 if backend == "openai" else 1  # instructions are a message there
    assert count(world.local.url, backend) == PER_MESSAGE * messages + PER_TOOL + words
    assert world.sim.requests[-1].target == COUNTS[backend][2]


def test_a_count_costs_nothing(world: World):
    for _ in range(3):
        by_anthropic(world.local.url, "anthropic")
    records = []

    def look() -> bool:
        records[:] = [r for r in world.local.records() if r.get("operation") == "count_tokens"]
        return len(records) >= 3

    world.local.wait_for(look, "records of counts")
    assert {(r["status"], r["total_tokens"], r["cost_nanousd"]) for r in records} == {(200, 0, 0)}


def test_who_cannot_count_says_so(world: World, count: Count):
    asked = len(world.sim.requests)
    with pytest.raises((*REFUSALS, httpx.HTTPStatusError)) as refused:
        count(world.local.url, "silent")
    assert "estimate_counts" in str(refused.value)
    assert len(world.sim.requests) == asked


def test_an_estimate_is_given_where_that_is_allowed(world: World, count: Count):
    asked = len(world.sim.requests)
    assert 5 < count(world.local.url, "guessing") < 80
    assert len(world.sim.requests) == asked


def test_an_estimate_is_marked(world: World):
    body = {"model": "guessing", "messages": [{"role": "user", "content": TEXT}]}
    answer = httpx.post(f"{world.local.url}/v1/messages/count_tokens", json=body)
    assert answer.headers["x-ai-estimated"] == "true"
    assert answer.json().keys() == {"input_tokens"}
    wrong = httpx.post(
        f"{world.local.url}/v1/messages/count_tokens", json={**body, "messages": "x"}
    )
    assert wrong.status_code == 400
    assert "messages" in wrong.json()["error"]["message"]


def test_a_body_for_invoke_model_passes_to_bedrock_and_nowhere_else(world: World):
    body = {"input": {"invokeModel": {"body": "e30="}}}
    answer = httpx.post(f"{world.local.url}/model/anthropic/count-tokens", json=body)
    assert answer.status_code == 400
    assert "input.converse" in answer.json()["message"]
    httpx.post(f"{world.local.url}/model/bedrock/count-tokens", json=body)
    assert b"invokeModel" in world.sim.requests[-1].body


@pytest.mark.parametrize("status", [401, 429, 500])
def test_errors_of_a_count_have_the_clients_form(world: World, status: int):
    world.sim.push({"status": status, "message": "out of luck"})
    with (
        anthropic.Anthropic(base_url=world.local.url, api_key="k", max_retries=0) as sdk,
        pytest.raises(anthropic.APIStatusError, match="out of luck") as refused,
    ):
        sdk.messages.count_tokens(model="gemini", messages=[{"role": "user", "content": TEXT}])
    assert refused.value.status_code == status


def test_an_estimate_is_in_the_record(world: World):
    by_boto3(world.local.url, "guessing")
    wanted = {"request_model": "guessing", "operation": "count_tokens", "status": 200}

    def look() -> bool:
        found = (r for r in world.local.records() if wanted.items() <= r.items())
        return any(r["estimated"] is True and r["total_tokens"] == 0 for r in found)

    world.local.wait_for(look, "the record of an estimate")
