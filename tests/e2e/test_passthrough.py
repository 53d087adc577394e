"""Paths that no format here has, through a real Envoy: as they are, and to nowhere else."""

import os
from collections.abc import Iterator

import anthropic
import httpx
import openai
import pytest
from google import genai
from google.genai import types

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator

ENV = {**os.environ, "KEY": "sk-of-the-gateway"}
KEY = {"api_key": "env:KEY"}
CHAT = [{"role": "user", "content": "hello there"}]
PRICE = {"input": 2.0, "output": 10.0}


class World:
    def __init__(self, local: Local, simulator: RunningSimulator) -> None:
        self.local, self.simulator = local, simulator

    def url(self, backend: str) -> str:
        return f"{self.local.url}/passthrough/{backend}"

    def record(self, number: int = 1, **wanted: object) -> dict:
        """That one of the access log's records that have all of `wanted`."""
        found: list[dict] = []

        def look() -> bool:
            found[:] = [r for r in self.local.records() if wanted.items() <= r.items()]
            return len(found) >= number

        self.local.wait_for(look, f"a record with {wanted}")
        return found[number - 1]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with RunningSimulator(name="a") as simulator:
        url = simulator.url
        open_ = {
            "openai": ["POST /v1/chat/completions", "POST /v1/responses", "POST /v1/embeddings"],
            "claude": ["POST /v1/messages/*", "POST /v1/messages"],
            "gemini": ["POST /v1beta/models/*"],
            "files": ["GET /v1/files/*", "POST /v1/files", "DELETE /v1/files/*"],
        }
        vendors = {"openai": "openai", "claude": "anthropic", "gemini": "gemini", "files": "openai"}
        backends = {
            name: {
                "provider": vendors[name],
                "base_url": url,
                "credential": KEY,
                "passthrough": rules,
            }
            for name, rules in open_.items()
        }
        backends["closed"] = {"provider": "openai", "base_url": url, "credential": KEY}
        served = [
            {"models": [name], "backends": [{"backend": backend, "model": name}], "price": PRICE}
            for name, backend in (
                ("gpt-4o-mini", "openai"),
                ("claude-sonnet-5", "claude"),
                ("gemini-2.5-flash", "gemini"),
            )
        ]
        with Local({"backends": backends, "routes": served}, ENV) as local:
            yield World(local, simulator)


def charged(record: dict, prompt: int, output: int) -> None:
    assert (record["input_tokens"], record["output_tokens"]) == (prompt, output)
    assert output > 0
    assert record["cost_nanousd"] == prompt * 2_000 + output * 10_000
    assert record["estimated"] is False


def test_openai_passes_whole_and_streamed(world: World):
    client = openai.OpenAI(base_url=world.url("openai") + "/v1", api_key="mine", max_retries=0)
    whole = client.chat.completions.create(model="gpt-4o-mini", messages=CHAT)
    sent = world.simulator.requests[-1]
    assert (sent.path, sent.header("authorization")) == (
        "/v1/chat/completions",
        "Bearer sk-of-the-gateway",
    )
    record = world.record(operation="passthrough", backend="openai")
    charged(record, whole.usage.prompt_tokens, whole.usage.completion_tokens)
    events = list(client.responses.create(model="gpt-4o-mini", input="hello", stream=True))
    used = events[-1].response.usage
    record = world.record(operation="passthrough", path="/v1/responses")
    charged(record, used.input_tokens, used.output_tokens)


def test_anthropic_passes_whole_and_streamed(world: World):
    client = anthropic.Anthropic(base_url=world.url("claude"), api_key="mine", max_retries=0)
    asked = {"model": "claude-sonnet-5", "max_tokens": 100, "messages": CHAT}
    whole = client.messages.create(**asked)
    assert world.simulator.requests[-1].header("x-api-key") == "sk-of-the-gateway"
    charged(
        world.record(backend="claude", path="/v1/messages"),
        whole.usage.input_tokens,
        whole.usage.output_tokens,
    )
    with client.beta.messages.stream(**asked) as stream:
        final = stream.get_final_message()
    record = world.record(2, backend="claude", path="/v1/messages")
    charged(record, final.usage.input_tokens, final.usage.output_tokens)


def test_gemini_passes_whole_and_streamed_and_the_clients_key_stays(world: World):
    options = types.HttpOptions(base_url=world.url("gemini"), api_version="v1beta")
    client = genai.Client(api_key="mine", http_options=options)
    whole = client.models.generate_content(model="gemini-2.5-flash", contents="hello")
    sent = world.simulator.requests[-1]
    assert sent.header("x-goog-api-key") == "sk-of-the-gateway"
    place = "/v1beta/models/gemini-2.5-flash"
    used = whole.usage_metadata
    record = world.record(backend="gemini", path=f"{place}:generateContent")
    charged(record, used.prompt_token_count, used.candidates_token_count)
    pieces = list(client.models.generate_content_stream(model="gemini-2.5-flash", contents="hello"))
    used = pieces[-1].usage_metadata
    record = world.record(backend="gemini", path=f"{place}:streamGenerateContent")
    charged(record, used.prompt_token_count, used.candidates_token_count)
    url = f"{world.url('gemini')}{place}:generateContent?a=1&key=mine&b=%2B"
    body = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
    assert httpx.post(url, json=body).status_code == 200
    assert world.simulator.requests[-1].target == f"{place}:generateContent?a=1&b=%2B"


def test_any_bytes_and_methods_pass(world: World):
    client = openai.OpenAI(base_url=world.url("files") + "/v1", api_key="mine", max_retries=0)
    data = bytes(range(256)) * 4096
    file = client.files.create(file=("a.bin", data), purpose="user_data")
    assert file.id in world.simulator.simulator.desk.shelf.things
    assert client.files.content(file.id).read() == data
    assert client.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError) as caught:
        client.files.retrieve(file.id)
    assert caught.value.response.headers["content-type"].startswith("application/json")
    assert world.record(backend="files", method="GET", status=404)["cost_nanousd"] == 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "openai/v1/chat/completions", 404),
        ("POST", "openai/v1/chat/completions/more", 404),
        ("POST", "openai/v1/models", 404),
        ("POST", "openai/v1/..%2Fv1/chat/completions", 400),
        ("GET", "files/v1/files/%2e%2e/models", 404),
        ("GET", "files/v1/files/%252e%252e/models", 400),
        ("GET", "files/v1/files/a%0d%0ab", 400),
        ("GET", "files//evil.example/v1/files/a", 404),
        ("POST", "closed/v1/chat/completions", 404),
        ("POST", "nobody/v1/chat/completions", 404),
        ("POST", "openai", 404),
    ],
)
def test_nothing_else_passes(world: World, method: str, path: str, status: int):
    before = len(world.simulator.requests)
    answer = httpx.request(method, f"{world.local.url}/passthrough/{path}", json={})
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
    assert len(world.simulator.requests) == before
