"""Where clouds host models, held against where the official SDKs for them look."""

from typing import Any

import anthropic
import openai
import orjson
import pytest

from extproc.config import parse
from extproc.exchange.compile import compile_plan
from extproc.exchange.events import Change
from extproc.lab.simulator import RunningSimulator
from tests.plans import exchange, request_body, request_headers

HELLO: list[Any] = [{"role": "user", "content": "hi"}]
MESSAGES = {"max_tokens": 9, "messages": HELLO}
CLAUDE = "claude-sonnet-5"
VERSION = "2025-04-01-preview"


@pytest.fixture(scope="module")
def sim():
    with RunningSimulator(validate=False) as running:
        yield running


def ours(path: str, model: str, body: Any, **backend: Any) -> tuple[str, str, dict[str, str], Any]:
    """(authority, path, headers, body) that a backend gets."""
    gateway = parse(
        {
            "version": 1,
            "backends": {"up": {"credential": {"api_key": "env:KEY"}, **backend}},
            "routes": [{"models": [model], "backends": [{"backend": "up"}]}],
        }
    )
    one = exchange(compile_plan(gateway))
    one.handle(request_headers(path, model))
    action = one.handle(request_body({"model": model, **body}))
    assert isinstance(action, Change)
    headers = dict(action.set_headers)
    sent = {"model": model, **body} if action.body is None else orjson.loads(action.body)
    return headers.pop(":authority"), headers.pop(":path"), headers, sent


def test_a_dated_azure_deployment_is_where_the_sdk_looks_for_it(sim):
    sdk = openai.AzureOpenAI(api_key="k", api_version=VERSION, azure_endpoint=sim.url)
    sdk.chat.completions.create(model="gpt 5", messages=HELLO)
    asked = sim.requests[-1]
    authority, path, headers, body = ours(
        "/v1/chat/completions",
        "gpt 5",
        {"messages": HELLO},
        provider="azure",
        instance="i",
        api_version=VERSION,
    )
    assert (authority, path) == ("i.openai.azure.com", asked.target)
    assert body == orjson.loads(asked.body)
    assert headers["api-key"] == "key-of-up"
    assert "api-key" in dict(asked.headers)


def test_responses_of_a_dated_azure_version_are_where_the_sdk_looks_for_them(sim):
    sdk = openai.AzureOpenAI(api_key="k", api_version=VERSION, azure_endpoint=sim.url)
    sdk.responses.create(model="gpt-5", input="hi")
    azure = {"provider": "azure", "instance": "i", "api_version": VERSION}
    _, path, _, _ = ours("/v1/responses", "gpt-5", {"input": "hi"}, **azure)
    assert path == sim.requests[-1].target


@pytest.mark.parametrize(
    ("version", "query"),
    [(None, ""), ("preview", "?api-version=preview"), ("v1", "?api-version=v1")],
)
def test_the_newer_azure_api_has_no_deployments(version, query):
    azure = {"provider": "azure", "instance": "i"} | ({"api_version": version} if version else {})
    _, path, _, body = ours("/v1/chat/completions", "d", {"messages": HELLO}, **azure)
    assert (path, body["model"]) == (f"/openai/v1/chat/completions{query}", "d")


def test_a_path_in_the_base_url_stands_before_the_deployments():
    azure = {"provider": "azure", "instance": "i", "api_version": VERSION}
    authority, path, _, _ = ours(
        "/v1/chat/completions",
        "d",
        {"messages": HELLO},
        base_url="https://apim.example/ai",
        **azure,
    )
    assert authority == "apim.example"
    assert path == f"/ai/deployments/d/chat/completions?api-version={VERSION}"


@pytest.mark.parametrize("client", ["/v1/messages", "/v1/chat/completions"])
@pytest.mark.parametrize("stream", [False, True])
def test_claude_on_vertex_is_where_the_sdk_looks_for_it(sim, client, stream):
    sdk = anthropic.AnthropicVertex(
        region="global", project_id="p", access_token="t", base_url=f"{sim.url}/v1"
    )
    given = sdk.messages.create(model=CLAUDE, stream=stream, **MESSAGES)
    if stream:
        list(given)
    asked = sim.requests[-1]
    authority, path, headers, body = ours(
        client,
        CLAUDE,
        {**MESSAGES, "stream": stream},
        provider="vertex",
        project="p",
        region="global",
    )
    assert (authority, path) == ("aiplatform.googleapis.com", asked.target)
    assert headers["authorization"] == "Bearer key-of-up"
    assert "anthropic-version" not in headers
    assert body.keys() - {"stream"} == orjson.loads(asked.body).keys() - {"stream"}
    assert body["anthropic_version"] == "vertex-2023-10-16"


def test_gemini_on_vertex_speaks_its_own_format():
    vertex = {"provider": "vertex", "project": "p", "region": "europe-west4"}
    _, path, _, body = ours("/v1/messages", "gemini-2.5-flash", MESSAGES, **vertex)
    assert path.endswith("/publishers/google/models/gemini-2.5-flash:generateContent")
    assert "contents" in body


def test_claude_in_foundry_is_where_the_sdk_looks_for_it(sim):
    sdk = anthropic.AnthropicFoundry(api_key="k", base_url=f"{sim.url}/anthropic/")
    sdk.messages.create(model=CLAUDE, **MESSAGES)
    asked = sim.requests[-1]
    foundry = {"provider": "foundry", "instance": "i"}
    authority, path, headers, body = ours("/v1/messages", CLAUDE, MESSAGES, **foundry)
    assert (authority, path) == ("i.services.ai.azure.com", asked.target)
    assert body == orjson.loads(asked.body)
    theirs = dict(asked.headers)
    for name in ("x-api-key", "api-key"):
        assert theirs[name] == "k"
        assert headers[name] == "key-of-up"
    assert "anthropic-version" in headers


def test_claude_on_bedrock_is_asked_by_converse_unless_the_user_wishes_otherwise():
    aws = {"access_key_id": "env:A", "secret_access_key": "env:B"}
    bedrock = {"provider": "bedrock", "region": "r", "credential": {"aws": aws}}
    plan = compile_plan(
        parse(
            {
                "version": 1,
                "backends": {"a": bedrock, "b": {**bedrock, "dialect": "anthropic.messages"}},
                "routes": [{"models": ["m"], "backends": [{"backend": "a"}, {"backend": "b"}]}],
            }
        )
    )
    messages = plan.entrance("/v1/messages").dialect
    assert plan.target(messages, "m", "a").path("m", stream=True) == "/model/m/converse-stream"
    native = plan.target(messages, "m", "b")
    assert native.path("m", stream=True) == "/model/m/invoke-with-response-stream"
    own = "\n".join(sorted(messages.own_headers))
    assert native.passing.removed(own) == tuple(own.splitlines())
