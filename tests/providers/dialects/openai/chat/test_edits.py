"""What a body of chat loses on its way to another provider of chat: what others signed."""

from typing import Any

import pytest

from providers.dialects.openai.chat import DIALECT


def edited(*messages: Any) -> Any:
    return DIALECT.edits({"model": "m", "messages": [*messages]}, "m", True).get("messages")


def detail(**members: Any) -> dict[str, Any]:
    return {"type": "reasoning.text", "text": "hm", "index": 0, **members}


def signed(value: str) -> dict[str, Any]:
    return {"extra_content": {"google": {"thought_signature": value}}}


HI = {"role": "user", "content": "hi"}
TURN = {"role": "assistant", "content": "Hi"}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
OWN = detail(signature="s", format="anthropic-claude-v1")
FOREIGN = [
    detail(signature="ai.extproc/anthropic/s", format="anthropic-claude-v1"),
    {"type": "reasoning.encrypted", "data": "ai.extproc/anthropic/r", "index": 0},
    # What the Responses API signed.
    detail(signature="rs_1:gAAA", format="unknown"),
]


@pytest.mark.parametrize("item", FOREIGN)
def test_thoughts_of_others_are_left_out_with_their_words(item: dict[str, Any]) -> None:
    told = {**TURN, "reasoning_content": "hm", "reasoning_details": [item]}
    assert edited(HI, told, HI) == [HI, TURN, HI]
    assert edited({**told, "reasoning_details": [item, OWN]}) == [
        {**TURN, "reasoning_details": [OWN]}
    ]


def test_signatures_of_others_are_left_out_of_texts_and_calls() -> None:
    foreign = signed("ai.extproc/gemini/s")
    assert edited({**TURN, **foreign}) == [TURN]
    told = {**TURN, "tool_calls": [{**CALL, **foreign}, {**CALL, **signed("s")}]}
    assert edited(told) == [{**TURN, "tool_calls": [CALL, {**CALL, **signed("s")}]}]


@pytest.mark.parametrize(
    "message",
    [
        {**TURN, "reasoning_content": "hm"},
        {**TURN, "reasoning_details": [OWN, detail()]},
        {**TURN, "reasoning_details": "x", "tool_calls": 5},
        {**TURN, "reasoning_details": [None], "tool_calls": [None, CALL]},
        {**TURN, **signed("s"), "tool_calls": [{**CALL, **signed("s")}]},
        "x",
    ],
)
def test_what_a_provider_of_this_format_said_stays_as_it_is(message: Any) -> None:
    assert edited(HI, message) is None
