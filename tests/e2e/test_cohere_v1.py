"""Cohere's Chat API, version 1, as its SDK speaks it, through a real Envoy to several providers."""

import warnings
from collections.abc import Iterator
from typing import Any

import cohere
import httpx
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import ENV, MODELS, backend
from tests.e2e.clients.talk import order

TARGETS = ("cohere.chat", "openai.chat", "anthropic.messages", "gemini.generate_content")
TARGET = pytest.mark.parametrize("target", TARGETS)
TOOL = cohere.Tool(
    name="weather",
    description="Tells the weather.",
    parameter_definitions={"city": {"type": "str", "required": True}, "days": {"type": "int"}},
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with RunningSimulator() as sim:
        config = {
            "backends": {name_of(target): backend(target, sim.url) for target in TARGETS},
            "routes": [
                {
                    "models": [name_of(target)],
                    "backends": [{"backend": name_of(target), "model": MODELS.get(target, "m")}],
                }
                for target in TARGETS
            ],
        }
        with Local(config, ENV) as local:
            yield local.url


def name_of(target: str) -> str:
    return target.replace(".", "-").replace("_", "-")


@pytest.fixture
def sdk(url: str) -> Iterator[cohere.Client]:
    with httpx.Client(timeout=30) as http, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield cohere.Client(api_key="k", base_url=url, httpx_client=http, max_retries=0)


def streamed(sdk: cohere.Client, **asked: Any) -> tuple[list[Any], cohere.NonStreamedChatResponse]:
    first, *events, end = list(sdk.chat_stream(**asked))
    assert (first.event_type, end.event_type) == ("stream-start", "stream-end")
    assert end.response.generation_id == first.generation_id
    return events, end.response


@TARGET
def test_a_conversation(sdk: cohere.Client, target: str):
    asked: dict[str, Any] = {
        "model": name_of(target),
        "preamble": "Be brief.",
        "chat_history": [
            {"role": "USER", "message": "hello"},
            {"role": "CHATBOT", "message": "good day"},
        ],
        "message": "and you?",
        "max_tokens": 2000,
    }
    said = sdk.chat(**asked)
    assert said.text.endswith("heard: and you?")
    assert said.finish_reason == "COMPLETE"
    assert [turn.role for turn in said.chat_history] == ["USER", "CHATBOT", "USER", "CHATBOT"]
    assert said.chat_history[-1].message == said.text
    assert said.meta.tokens.output_tokens > 0
    events, whole = streamed(sdk, **asked)
    assert "".join(event.text for event in events) == whole.text == said.text
    assert whole.meta.tokens == said.meta.tokens


@TARGET
@pytest.mark.parametrize("stream", [False, True])
def test_tools_in_two_steps(sdk: cohere.Client, target: str, stream: bool):
    asked: dict[str, Any] = {"model": name_of(target), "tools": [TOOL], "max_tokens": 2000}
    message = order("hello", call_tool="weather", arguments={"city": "Oslo"})
    if stream:
        events, first = streamed(sdk, message=message, **asked)
        kinds = {event.event_type for event in events}
        assert kinds >= {"tool-calls-chunk", "tool-calls-generation"}
    else:
        first = sdk.chat(message=message, **asked)
    assert [(call.name, call.parameters) for call in first.tool_calls] == [
        ("weather", {"city": "Oslo"})
    ]
    results = [cohere.ToolResult(call=first.tool_calls[0], outputs=[{"degrees": 7}])]
    history = first.chat_history
    second = sdk.chat(message="", chat_history=history, tool_results=results, **asked)
    assert "7" in second.text
    again = sdk.chat(message=message, tool_results=results, **asked)
    assert again.text == second.text


@TARGET
def test_errors(sdk: cohere.Client, target: str):
    model = name_of(target)
    with pytest.raises(cohere.TooManyRequestsError) as limited:
        sdk.chat(model=model, message=order("hi", status=429, message="slow down"))
    assert "slow down" in limited.value.body["message"]
    late = order("hi", tokens=20, error_after=6, message="out of luck")
    *_, end = list(sdk.chat_stream(model=model, message=late))
    assert (end.event_type, end.finish_reason) == ("stream-end", "ERROR")
    assert "out of luck" in end.error


def test_what_only_cohere_has_is_refused_by_name(sdk: cohere.Client):
    with pytest.raises(cohere.BadRequestError) as refused:
        sdk.chat(model="openai-chat", message="hi", connectors=[{"id": "web-search"}])
    assert "connectors" in refused.value.body["message"]


def test_the_paths_below_are_openais(url: str):
    asked = {"model": "openai-chat", "messages": [{"role": "user", "content": "hi"}]}
    answer = httpx.post(f"{url}/v1/chat/completions", json=asked).json()
    assert answer["object"] == "chat.completion"
    missing = {"model": "nothing", "message": "hi"}
    assert set(httpx.post(f"{url}/v1/chat", json=missing).json()) <= {"message", "id"}
    assert "error" in httpx.post(f"{url}/v1/chat/completions", json={"model": "nothing"}).json()
