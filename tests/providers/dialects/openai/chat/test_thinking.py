"""Thoughts in OpenAI's chat format: how they are asked for, and who gets them back."""

from typing import Any

import pytest

from providers.neutral.chat import Reasoning, Role, Signature, Text, Thinking, ToolCall, seal
from tests.providers.dialects.openai.chat.talk import ask, render, replaced, said


@pytest.mark.parametrize(
    ("members", "reasoning"),
    [
        ({"reasoning_effort": "low"}, Reasoning(effort="low")),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2000}},
            Reasoning(enabled=True, budget=2000),
        ),
        ({"thinking": {"type": "disabled"}}, Reasoning(enabled=False)),
        ({"thinking": {"type": "adaptive"}}, Reasoning(enabled=True, budget=-1)),
        (
            {"thinking": {"type": "enabled"}, "reasoning_effort": "high"},
            Reasoning(enabled=True, effort="high"),
        ),
        (
            {"enable_thinking": True, "thinking_budget": 9},
            Reasoning(enabled=True, budget=9),
        ),
        (
            {"reasoning": {"effort": "high", "exclude": True}},
            Reasoning(effort="high", show=False),
        ),
        (
            {
                "extra_body": {
                    "google": {"thinking_config": {"thinking_budget": 5, "include_thoughts": True}}
                }
            },
            Reasoning(budget=5, show=True),
        ),
    ],
)
def test_every_way_to_ask_for_thoughts_is_one(members: dict[str, Any], reasoning: Any) -> None:
    request = ask(**members)
    assert request.reasoning == reasoning
    assert request.extras == {}


def test_thoughts_come_back_signed_by_their_issuer() -> None:
    foreign = Signature(origin="anthropic", value="abc")
    detail = {
        "type": "reasoning.text",
        "index": 0,
        "text": "hm",
        "signature": seal(foreign, "openai"),
    }
    own = {"type": "reasoning.text", "index": 1, "text": "so", "signature": "x", "format": "f-v1"}
    secret = {"type": "reasoning.encrypted", "index": 2, "data": "zz"}
    request = ask(
        {"role": "assistant", "content": "hi", "reasoning_details": [detail, own, secret]}
    )
    assert request.messages[0].parts == (
        Thinking(text="hm", signature=foreign),
        Thinking(text="so", signature=Signature(origin="openai", value="f-v1|x")),
        Thinking(redacted=Signature(origin="openai", value="zz")),
        Text(text="hi"),
    )
    body, dropped = render(request)
    sent = body["messages"][0]
    assert dropped == ["messages.thinking"]
    assert [item.get("signature", item.get("data")) for item in sent["reasoning_details"]] == [
        "x",
        "zz",
    ]
    assert sent["reasoning_details"][0]["format"] == "f-v1"
    assert sent["reasoning_content"] == "so"


def test_plain_thoughts_go_back_in_the_member_that_their_issuer_has() -> None:
    issued = Signature(origin="openai", value="reasoning")
    mine, plain = Thinking(text="hm", signature=issued), Thinking(text="so")
    body, dropped = render(said(mine, plain, Text(text="x"), role=Role.ASSISTANT))
    assert body["messages"] == [{"role": "assistant", "reasoning": "hmso", "content": "x"}]
    assert dropped == []


@pytest.mark.parametrize("origin", ["ollama", "cohere"])
def test_plain_thoughts_of_other_formats_go_where_thoughts_are_wanted(origin: str) -> None:
    thought = Thinking(text="hm", signature=Signature(origin=origin, value="thinking"))
    body, dropped = render(said(thought, Text(text="x"), role=Role.ASSISTANT))
    assert body["messages"] == [{"role": "assistant", "reasoning_content": "hm", "content": "x"}]
    assert dropped == []


def test_thoughts_that_another_provider_signed_are_named() -> None:
    signed = Thinking(text="hm", signature=Signature(origin="anthropic", value="EmwK"))
    body, dropped = render(said(signed, Text(text="x"), role=Role.ASSISTANT))
    assert body["messages"] == [{"role": "assistant", "content": "x"}]
    assert dropped == ["messages.thinking"]


def test_litellms_and_mistrals_thoughts_are_understood() -> None:
    block = {"type": "thinking", "thinking": "hm", "signature": "s"}
    hidden = {"type": "redacted_thinking", "data": "r"}
    mistral = {"type": "thinking", "thinking": [{"type": "text", "text": "so"}]}
    request = ask(
        {"role": "assistant", "content": "a", "thinking_blocks": [block, hidden]},
        {"role": "assistant", "content": [mistral, {"type": "text", "text": "b"}]},
    )
    assert request.messages[0].parts == (
        Thinking(text="hm", signature=Signature(origin="anthropic", value="s")),
        Thinking(redacted=Signature(origin="anthropic", value="r")),
        Text(text="a"),
    )
    assert request.messages[1].parts == (Thinking(text="so"), Text(text="b"))


def test_a_gemini_signature_of_a_call_comes_back_to_gemini_only() -> None:
    signature = Signature(origin="gemini", value="abc")
    extra = {"google": {"thought_signature": seal(signature, "openai")}}
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    request = ask({"role": "assistant", "tool_calls": [{**call, "extra_content": extra}]})
    assert request.messages[0].parts == (
        ToolCall(id="a", name="f", arguments="{}", signature=signature),
    )
    assert render(request)[0]["messages"][0]["tool_calls"] == [call]


def test_a_budget_becomes_the_nearest_effort_and_is_named() -> None:
    body, dropped = render(replaced(reasoning=Reasoning(enabled=True, budget=2000)))
    assert body["reasoning_effort"] == "medium"
    assert dropped == ["reasoning.budget"]


def test_a_thought_that_is_spelled_as_a_text_keeps_its_words() -> None:
    block = {"type": "thinking", "text": "hm", "signature": "s"}
    signed = Thinking(text="hm", signature=Signature(origin="anthropic", value="s"))
    request = ask(
        {"role": "assistant", "content": "a", "thinking_blocks": [block]},
        {"role": "assistant", "content": [block, {"type": "text", "text": "a"}]},
    )
    assert [message.parts for message in request.messages] == [(signed, Text(text="a"))] * 2
