"""What comes from clients and providers of other dialects."""

from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extproc.lab.simulator.bedrock import converse_rules as bedrock
from extproc.lab.simulator.bedrock.converse_write import SIGNED
from extproc.lab.simulator.dialect import Call as Received
from extproc.lab.simulator.dialect import Refusal
from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Context
from providers.bridging.features import used
from providers.bridging.fidelity import Feature, settle, without
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, PROVIDERS
from providers.dialects.bedrock.converse import DIALECT
from providers.errors import Unsupported
from providers.neutral.chat import (
    ChatRequest,
    ChatResponse,
    Document,
    Finish,
    Message,
    Role,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.deltas import AnyDelta, Begin, End
from providers.neutral.media import PlainText
from providers.operations import Operation
from tests.answers import chat_responses, streams
from tests.providers.dialects.bedrock.service import client, judge_request
from tests.strategies import chat_requests

MODELS = (
    "eu.anthropic.claude-sonnet-4-20250514-v1:0",
    "global.anthropic.claude-opus-4-7",
    "us.amazon.nova-2-lite-v1:0",
    "openai.gpt-oss-120b-1:0",
    "meta.llama3-70b-instruct-v1:0",
    "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123",
)
CONTEXT = Context(model="m", id="x", now=0)
EVERYTHING = frozenset(Feature)


@given(
    chat_requests(EVERYTHING) | chat_requests(DIALECT.carries) | chat_requests(frozenset()),
    st.sampled_from(MODELS),
)
def test_a_foreign_conversation_is_refused_by_name_or_taken_by_bedrock(
    request: ChatRequest, model: str
) -> None:
    request = msgspec.structs.replace(request, model=model)
    try:
        features, lacking = used(request), DIALECT.lacks(request)
        dropped = settle(features, DIALECT.carries - lacking, DIALECT.names, DIALECT.name)
        body = DIALECT.render_request(without(request, features & lacking), dropped)
    except Unsupported as refusal:
        assert refusal.param
        return
    judge_request(body, stream=request.stream)
    verb = "converse-stream" if request.stream else "converse"
    plain = orjson.loads(orjson.dumps(body))
    bedrock_takes(
        Received(path="", params={"model": model, "verb": verb}, query={}, headers=(), body=plain)
    )


def bedrock_takes(call: Received) -> None:
    """Fails for what the simulator refuses, but for thoughts that it did not sign."""
    for message in call.body.get("messages", ()):
        for block in message["content"]:
            text = block.get("reasoningContent", {}).get("reasoningText", {})
            if "signature" in text:
                text["signature"] = SIGNED
    try:
        bedrock.check(call, strict=True)
    except Refusal as refusal:
        pytest.fail(f"{refusal.message}: {call.body}")


@given(chat_responses("openai") | chat_responses("gemini"))
def test_a_foreign_answer_is_read_by_the_sdk(response: ChatResponse) -> None:
    body = orjson.dumps(DIALECT.render_response(response, CONTEXT))
    made = client(lambda request: (200, {"content-type": "application/json"}, body))
    answer = made.converse(modelId="m", messages=[{"role": "user", "content": [{"text": "x"}]}])
    blocks = answer["output"]["message"]["content"]
    parts = response.choices[0].parts
    assert [block["text"] for block in blocks if "text" in block] == [
        part.text for part in parts if isinstance(part, Text)
    ]
    assert [block["toolUse"]["toolUseId"] for block in blocks if "toolUse" in block] == [
        part.id for part in parts if isinstance(part, ToolCall)
    ]
    called = any(isinstance(part, ToolCall) for part in parts)
    assert (answer["stopReason"] == "tool_use") == called
    assert answer["usage"]["totalTokens"] == response.usage.total if response.usage else True


@given(streams("openai") | streams("gemini"))
def test_a_foreign_stream_is_read_by_the_sdk(told: tuple[ChatResponse, list[AnyDelta]]) -> None:
    response, deltas = told
    renderer = DIALECT.renderer(CONTEXT)
    stream = b"".join(renderer.feed([delta]) for delta in deltas) + renderer.flush()
    made = client(lambda request: (200, {"content-type": DIALECT.stream_type}, stream))
    answer = made.converse_stream(
        modelId="m", messages=[{"role": "user", "content": [{"text": "x"}]}]
    )
    events = list(answer["stream"])
    assert read_by_a_program(events) == expected(response)
    assert [next(iter(event)) for event in events][-2:] == ["messageStop", "metadata"]
    usage = events[-1]["metadata"]["usage"]
    assert usage["totalTokens"] == (response.usage.total if response.usage else 0)


def expected(response: ChatResponse) -> list[tuple[str, str]]:
    """(kind, content) of every part that a Converse stream can show."""
    found: list[tuple[str, str]] = []
    for part in response.choices[0].parts:
        match part:
            case Text(text=text):
                found.append(("text", text))
            case Thinking(redacted=None, text=text):
                found.append(("thought", text))
            case ToolCall(name=name, arguments=arguments):
                found.append((name, arguments))
    return found


def read_by_a_program(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Blocks put together in the naive way: one after the other, without a look at the index."""
    found: list[tuple[str, str]] = []
    name, content, filled = "", "", False
    for event in events:
        match event:
            case {"contentBlockStart": {"start": {"toolUse": {"name": started}}}}:
                name = started
            case {"contentBlockDelta": {"delta": {"text": text}}}:
                name, content, filled = "text", content + text, True
            case {"contentBlockDelta": {"delta": {"toolUse": {"input": text}}}}:
                content, filled = content + text, True
            case {"contentBlockDelta": {"delta": {"reasoningContent": {"text": text}}}}:
                name, content, filled = "thought", content + text, True
            case {"contentBlockStop": _} if filled:
                found.append((name, content))
                name, content, filled = "", "", False
    return found


def test_every_finish_of_a_foreign_stream_ends_it() -> None:
    for finish in Finish:
        renderer = DIALECT.renderer(CONTEXT)
        stream = renderer.feed([Begin(id="", model=""), End(finish=finish)]) + renderer.flush()
        assert b"messageStop" in stream


def test_the_provider_is_in_the_catalogue() -> None:
    provider = PROVIDERS["bedrock"]
    assert provider.dialects[Operation.CHAT][0] == DIALECT.name
    assert provider.base_url.format(region="eu-west-1") == (
        "https://bedrock-runtime.eu-west-1.amazonaws.com"
    )
    assert provider.options == {"region"}


@pytest.mark.parametrize(
    "target", ["anthropic.messages", "cohere.chat", "gemini.generate_content", "openai.chat"]
)
def test_a_guardrail_is_not_left_out(target: str) -> None:
    body = {
        "messages": [{"role": "user", "content": [{"text": "x"}]}],
        "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1"},
    }
    call = Call(data=orjson.dumps(body), body=body, model="m", stream=False, path_model="m")
    with pytest.raises(Unsupported) as caught:
        bridge(DIALECT, DIALECTS[target], Quirks()).request(call)
    assert caught.value.param == "guardrailConfig"


@pytest.mark.parametrize("cite", [False, True])
def test_a_model_that_knows_no_search_results_reads_what_was_found(cite: bool) -> None:
    found = Document(
        source=PlainText(text="rain"), name="A", context="https://a.test", found=True, cite=cite
    )
    asked = ChatRequest(
        model="amazon.nova-pro-v1:0", messages=(Message(role=Role.USER, parts=(found,)),)
    )
    dropped: list[str] = []
    if cite:
        with pytest.raises(Unsupported, match="cites"):
            DIALECT.render_request(asked, dropped)
        return
    body = DIALECT.render_request(asked, dropped)
    assert body["messages"] == [{"role": "user", "content": [{"text": "rain"}]}]
    assert dropped == ["document.name", "document.context"]


@pytest.mark.parametrize("model", ["eu.anthropic.claude-sonnet-4-5", "amazon.nova-pro-v1:0"])
def test_beta_flags_of_a_messages_client_reach_claude(model: str) -> None:
    asked = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    flags = "claude-code-20250219, interleaved-thinking-2025-05-14"
    call = Call(
        data=orjson.dumps(asked),
        body=asked,
        model=model,
        stream=False,
        headers={"anthropic-beta": flags},
    )
    sent = bridge(DIALECTS["anthropic.messages"], DIALECT, Quirks()).request(call)
    body = orjson.loads(sent.body or b"")
    known = {"anthropic_beta": ["interleaved-thinking-2025-05-14"]} if "claude" in model else None
    assert body.get("additionalModelRequestFields") == known
