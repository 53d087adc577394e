"""Official SDKs let the model search the web, whoever runs the search, through a real Envoy."""

from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import types

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from extproc.lab.simulator.searches import TITLE, URL
from tests.e2e.clients.backends import ENV, MODELS, backend
from tests.e2e.clients.talk import order

TARGETS = ("anthropic.messages", "gemini.generate_content", "openai.responses")
QUERIES = ["first query", "second query"]
ASK = order("what is new?", searches=QUERIES)
BOTH_WAYS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
EVERY = pytest.mark.parametrize("target", TARGETS)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Local]:
    with RunningSimulator() as sim:
        config = {
            "backends": {f"b{at}": backend(each, sim.url) for at, each in enumerate(TARGETS)},
            "routes": [
                {
                    "models": [each],
                    "backends": [{"backend": f"b{at}", "model": MODELS[each]}],
                    "price": {"search": 0.01},
                }
                for at, each in enumerate(TARGETS)
            ],
        }
        with Local(config, ENV) as local:
            yield local


def record(gateway: Local, target: str) -> dict[str, Any]:
    """The newest access log record of a model."""
    found: list[dict[str, Any]] = []

    def look() -> bool:
        found[:] = [one for one in gateway.records() if one.get("request_model") == target]
        return bool(found)

    gateway.wait_for(look, f"a record of {target}")
    return found[-1]


@BOTH_WAYS
@EVERY
def test_a_client_of_responses(gateway: Local, target: str, stream: bool):
    tools = [{"type": "web_search", "filters": {"allowed_domains": ["found.test"]}}]
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="k", max_retries=0) as sdk:
        asked = {"model": target, "input": ASK, "tools": tools, "store": False}
        if stream:
            with sdk.responses.stream(**asked) as events:
                kinds = {event.type for event in events}
                answer = events.get_final_response()
            assert "response.web_search_call.completed" in kinds
            assert "response.output_text.annotation.added" in kinds
        else:
            answer = sdk.responses.create(**asked)
    made = [item.action for item in answer.output if item.type == "web_search_call"]
    assert [query for action in made for query in action.queries or [action.query]] == QUERIES
    message = next(item for item in answer.output if item.type == "message")
    cited = message.content[0].annotations[0]
    assert (cited.type, cited.url, cited.title) == ("url_citation", URL, TITLE)
    assert answer.output_text[cited.start_index : cited.end_index] == answer.output_text


@BOTH_WAYS
@EVERY
def test_a_client_of_anthropic(gateway: Local, target: str, stream: bool):
    asked: dict[str, Any] = {
        "model": target,
        "max_tokens": 500,
        "messages": [{"role": "user", "content": ASK}],
        "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 3}],
    }
    with anthropic.Anthropic(base_url=gateway.url, api_key="k", max_retries=0) as sdk:
        if stream:
            with sdk.messages.stream(**asked) as events:
                answer = events.get_final_message()
        else:
            answer = sdk.messages.create(**asked)
        made = [block for block in answer.content if block.type == "server_tool_use"]
        found = [block for block in answer.content if block.type == "web_search_tool_result"]
        assert [block.input for block in made] == [{"query": query} for query in QUERIES]
        assert [block.tool_use_id for block in found] == [block.id for block in made]
        text = next(block for block in answer.content if block.type == "text")
        assert (text.citations[0].url, text.citations[0].title) == (URL, TITLE)
        assert answer.usage.server_tool_use.web_search_requests == len(QUERIES)
        for other in TARGETS:
            history = [
                *asked["messages"],
                {"role": "assistant", "content": answer.content},
                {"role": "user", "content": "and then?"},
            ]
            sdk.messages.create(**{**asked, "model": other, "messages": history})


@BOTH_WAYS
@EVERY
def test_a_client_of_gemini(gateway: Local, target: str, stream: bool):
    sdk = genai.Client(api_key="k", http_options=types.HttpOptions(base_url=gateway.url))
    config = types.GenerateContentConfig(tools=[types.Tool(google_search=types.GoogleSearch())])
    asked = {"model": target, "contents": ASK, "config": config}
    if stream:
        *_, answer = sdk.models.generate_content_stream(**asked)
    else:
        answer = sdk.models.generate_content(**asked)
    grounding = answer.candidates[0].grounding_metadata
    assert grounding.web_search_queries == QUERIES
    assert (grounding.grounding_chunks[0].web.uri, grounding.grounding_chunks[0].web.title) == (
        URL,
        TITLE,
    )


@BOTH_WAYS
@EVERY
def test_a_client_of_chat(gateway: Local, target: str, stream: bool):
    asked: dict[str, Any] = {
        "model": target,
        "messages": [{"role": "user", "content": ASK}],
        "web_search_options": {"search_context_size": "low"},
    }
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="k", max_retries=0) as sdk:
        if stream:
            chunks = list(sdk.chat.completions.create(**asked, stream=True))
            deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
            cited = [each for d in deltas for each in getattr(d, "annotations", None) or ()]
            assert cited[0]["url_citation"]["url"] == URL
        else:
            answer = sdk.chat.completions.create(**asked)
            assert answer.choices[0].message.annotations[0].url_citation.url == URL


@EVERY
def test_searches_are_counted_and_paid_for(gateway: Local, target: str):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="k", max_retries=0) as sdk:
        tools = [{"type": "web_search"}]
        sdk.responses.create(model=target, input=ASK, tools=tools, store=False)
    assert record(gateway, target)["cost_nanousd"] == len(QUERIES) * 10_000_000
