"""Ids of calls that other providers made, on their way to OpenAI."""

from typing import Any

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.dialects.openai.ids import short_id

LONG = "toolu_" + "x" * 200
CALL = {"type": "tool_use", "id": LONG, "name": "f", "input": {}}
TURNS = {
    "model": "m",
    "max_tokens": 99,
    "tools": [{"name": "f", "input_schema": {"type": "object"}}],
    "messages": [
        {"role": "user", "content": "hi"},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": LONG, "name": "f", "input": {}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": LONG, "content": "1"}]},
    ],
}


def sent_to(target: str) -> dict[str, Any]:
    crossing = bridge(DIALECTS["anthropic.messages"], DIALECTS[target], Quirks())
    sent = crossing.request(Call(data=orjson.dumps(TURNS), body=TURNS, model="m", stream=False))
    assert isinstance(sent, Sent)
    body: dict[str, Any] = orjson.loads(sent.body or b"")
    return body


def test_a_long_id_is_short_for_chat_and_the_same_in_its_result() -> None:
    _, call, result = sent_to("openai.chat")["messages"]
    assert len(call["tool_calls"][0]["id"]) == 40
    assert result["tool_call_id"] == call["tool_calls"][0]["id"]


def test_a_long_id_is_short_for_responses_and_the_same_in_its_result() -> None:
    _, call, result = sent_to("openai.responses")["input"]
    assert len(call["call_id"]) == 64
    assert result["call_id"] == call["call_id"]


@pytest.mark.parametrize("limit", [40, 64])
def test_ids_that_fit_are_untouched_and_others_stay_apart(limit: int) -> None:
    assert short_id("x" * limit, limit) == "x" * limit
    assert short_id("x" * 99 + "a", limit) != short_id("x" * 99 + "b", limit)


USER = "user_" + "a" * 64 + "_account_" + "b" * 36 + "_session_" + "c" * 36


@pytest.mark.parametrize("target", ["openai.chat", "openai.responses"])
def test_what_claude_code_says_of_its_user_is_shortened_and_named(target: str) -> None:
    body = {**TURNS, "metadata": {"user_id": USER}}
    crossing = bridge(DIALECTS["anthropic.messages"], DIALECTS[target], Quirks())
    sent = crossing.request(Call(data=orjson.dumps(body), body=body, model="m", stream=False))
    assert isinstance(sent, Sent)
    assert orjson.loads(sent.body or b"")["user"] == short_id(USER, 64)
    assert sent.dropped == ("metadata.user_id",)
