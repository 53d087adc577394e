"""Answers of which single members are no such thing: each client reads them as far as they go."""

from typing import Any

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Context
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.errors import BadAnswer
from providers.operations import Operation
from tests.e2e.clients.backends import CHAT

CONTEXT = Context(model="m", id="x", now=0)
ODD: tuple[Any, ...] = (None, 7, True, [], [None], {"x": None}, 1e300)


def chunks(provider: str, *events: dict[str, Any]) -> bytes:
    named = provider.startswith("anthropic")
    return b"".join(
        (f"event: {event['type']}\n" if named else "").encode()
        + b"data: "
        + orjson.dumps(event)
        + b"\n\n"
        for event in events
    )


def claudes(block: dict[str, Any], delta: dict[str, Any]) -> bytes:
    message = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": []}
    return chunks(
        "anthropic.messages",
        {"type": "message_start", "message": {**message, "usage": {"input_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {}},
        {"type": "message_stop"},
    )


CALL = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
STREAMS: dict[str, Any] = {
    "text": lambda odd: claudes({"type": "text", "text": odd}, {"type": "text_delta", "text": odd}),
    "thinking": lambda odd: claudes(
        {"type": "thinking", "thinking": odd}, {"type": "thinking_delta", "thinking": odd}
    ),
    "arguments": lambda odd: claudes(CALL, {"type": "input_json_delta", "partial_json": odd}),
    "id": lambda odd: claudes(
        {**CALL, "id": odd}, {"type": "input_json_delta", "partial_json": "{}"}
    ),
    "name": lambda odd: claudes(
        {**CALL, "name": odd}, {"type": "input_json_delta", "partial_json": "{}"}
    ),
}


@pytest.mark.parametrize("client", [name for name in CHAT if name != "anthropic.messages"])
@pytest.mark.parametrize("member", STREAMS)
def test_a_stream_with_an_odd_member_ends_as_one_does(client: str, member: str):
    for odd in ODD:
        own = bridge(DIALECTS[client], DIALECTS["anthropic.messages"], Quirks()).stream(CONTEXT)
        told = (own.feed(STREAMS[member](odd)) or b"") + own.flush()
        assert told
        failed = member == "name"
        assert (own.seen.error is not None) is failed, odd


def likely(odd: Any) -> dict[str, Any]:
    said = {"token": "a", "logprob": -0.5, "bytes": None}
    entries = [{**said, "top_logprobs": odd}, {**said, "logprob": odd}, {"token": odd}, odd]
    return {"content": [*entries, {**said, "top_logprobs": [odd, said]}]}


def chats(odd: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": "a"}
    choice = {"index": 0, "finish_reason": "stop", "message": message, "logprobs": likely(odd)}
    return {"id": "c", "model": "m", "object": "chat.completion", "choices": [choice]}


def items(odd: Any) -> dict[str, Any]:
    text = {"type": "output_text", "text": "a", "logprobs": likely(odd)["content"]}
    said = {"type": "message", "id": "m", "role": "assistant", "content": [text]}
    return {"id": "r", "object": "response", "status": "completed", "model": "m", "output": [said]}


def grounded(odd: Any) -> dict[str, Any]:
    support = {"segment": {"text": "a", "endIndex": 1}, "groundingChunkIndices": odd}
    grounding = {"groundingChunks": [{"web": {"uri": "u"}}], "groundingSupports": [support]}
    content = {"role": "model", "parts": [{"text": "a"}]}
    return {
        "candidates": [{"content": content, "finishReason": "STOP", "groundingMetadata": grounding}]
    }


ANSWERS = {
    "openai.chat": chats,
    "openai.responses": items,
    "gemini.generate_content": grounded,
}


@pytest.mark.parametrize("client", CHAT)
@pytest.mark.parametrize("provider", ANSWERS)
def test_an_odd_detail_does_not_cost_the_answer(client: str, provider: str):
    if client == provider:
        return
    for odd in ODD:
        answer = orjson.dumps(ANSWERS[provider](odd))
        body, seen = bridge(DIALECTS[client], DIALECTS[provider], Quirks()).whole(answer, CONTEXT)
        assert b'"a"' in (body or b"")
        assert seen.finish == "stop"


@pytest.mark.parametrize("odd", [[], [None], [[]], [7, "x"], None, {"index": 0}])
@pytest.mark.parametrize("provider", ["openai.chat", "mistral.fim"])
def test_an_answer_without_a_choice_is_none(provider: str, odd: Any):
    answer = orjson.dumps({"id": "c", "model": "m", "choices": odd})
    operations = (Operation.CHAT, Operation.COMPLETIONS)
    clients = [each for each in DIALECTS.values() if each.operation in operations and each.client]
    for client in clients:
        if client.name == provider:
            continue
        with pytest.raises(BadAnswer):
            bridge(client, DIALECTS[provider], Quirks()).whole(answer, CONTEXT)
