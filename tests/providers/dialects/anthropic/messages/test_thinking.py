"""How much a model shall think, and what its thoughts exclude."""

from typing import Any

import pytest

from providers.neutral.chat import (
    Reasoning,
    Text,
    Thinking,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from tests.providers.dialects.anthropic.messages.talk import (
    ISSUED,
    WEATHER,
    ask,
    assistant,
    render,
    tool,
    user,
)

THINKING = {
    # (model, reasoning) → thinking, effort, dropped
    ("claude-sonnet-4-5", Reasoning(effort="low")): (
        {"type": "enabled", "budget_tokens": 2048},
        None,
        [],
    ),
    ("claude-sonnet-4-5", Reasoning(budget=5000)): (
        {"type": "enabled", "budget_tokens": 5000},
        None,
        [],
    ),
    ("claude-sonnet-4-5", Reasoning(budget=100)): (
        {"type": "enabled", "budget_tokens": 1024},
        None,
        ["reasoning.budget"],
    ),
    ("claude-3-5-sonnet-20241022", Reasoning(effort="high")): (None, None, ["reasoning.effort"]),
    ("claude-3-5-sonnet-20241022", Reasoning(effort="none")): (None, None, []),
    ("claude-3-5-sonnet-20241022", Reasoning(enabled=True)): (None, None, ["reasoning.effort"]),
    ("claude-instant-1.2", Reasoning(effort="low", show=True, summary="auto")): (
        None,
        None,
        ["reasoning.effort", "reasoning.show", "reasoning.summary"],
    ),
    ("claude-opus-4-6", Reasoning(effort="heroic", summary="concise")): (
        {"type": "adaptive", "display": "summarized"},
        "medium",
        ["reasoning.effort"],
    ),
    ("claude-next", Reasoning(enabled=True, budget=-1)): ({"type": "adaptive"}, None, []),
    ("claude-sonnet-4-5", Reasoning(budget=-1)): (
        {"type": "enabled", "budget_tokens": 8192},
        None,
        ["reasoning.budget"],
    ),
    ("claude-opus-4-6", Reasoning(effort="high", show=True)): (
        {"type": "adaptive", "display": "summarized"},
        "high",
        [],
    ),
    ("claude-opus-4-6", Reasoning(effort="xhigh")): (
        {"type": "adaptive"},
        "high",
        ["reasoning.effort"],
    ),
    ("claude-opus-4-6", Reasoning(budget=4000)): (
        {"type": "enabled", "budget_tokens": 4000},
        None,
        [],
    ),
    ("claude-opus-4-7", Reasoning(budget=4000)): (
        {"type": "adaptive"},
        "medium",
        ["reasoning.budget"],
    ),
    ("claude-opus-4-7", Reasoning(effort="minimal")): (
        {"type": "adaptive"},
        "low",
        ["reasoning.effort"],
    ),
    ("claude-opus-5", Reasoning(enabled=False, effort="max")): (
        {"type": "disabled"},
        "high",
        ["reasoning.effort"],
    ),
    ("claude-sonnet-5-5", Reasoning(enabled=False)): ({"type": "between_tools"}, None, []),
    ("claude-opus-5-5", Reasoning(enabled=False)): (None, None, ["reasoning.off"]),
    ("claude-mythos-preview", Reasoning(effort="max")): ({"type": "adaptive"}, "max", []),
    ("eu.anthropic.claude-haiku-5-5-v1:0", Reasoning(show=False)): (
        {"type": "adaptive", "display": "omitted"},
        None,
        [],
    ),
    ("kimi-k2", Reasoning(effort="medium")): (
        {"type": "enabled", "budget_tokens": 8192},
        None,
        [],
    ),
}


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("claude-3-opus-20240229", 4_096),
        ("claude-2.1", 4_096),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", 32_000),
        ("claude-fable-5", 32_000),
        ("deepseek-chat", 4_096),
    ],
)
def test_a_limit_is_sent_where_the_client_gave_none(model: str, expected: int) -> None:
    assert render(ask(model=model))[0]["max_tokens"] == expected


@pytest.mark.parametrize(("model", "reasoning"), THINKING, ids=str)
def test_reasoning_is_said_as_the_generation_understands_it(
    model: str, reasoning: Reasoning
) -> None:
    thinking, effort, expected = THINKING[model, reasoning]
    body, dropped = render(ask(model=model, reasoning=reasoning))
    assert body.get("thinking") == thinking
    assert body.get("output_config", {}).get("effort") == effort
    assert dropped == expected
    assert body["max_tokens"] > (thinking or {}).get("budget_tokens", 0)


@pytest.mark.parametrize(
    ("limit", "reasoning", "budget", "dropped"),
    [
        (3000, Reasoning(budget=2000), 2000, []),
        (3000, Reasoning(budget=3000), 1500, ["reasoning.budget"]),
        (1500, Reasoning(budget=9000), 1024, ["reasoning.budget"]),
        (1000, Reasoning(budget=2000), None, ["reasoning.budget"]),
        (8000, Reasoning(effort="low"), 2048, []),
        (8000, Reasoning(effort="high"), 4000, []),
        (1500, Reasoning(effort="high"), 1024, []),
        (1024, Reasoning(effort="low"), None, ["reasoning.effort"]),
    ],
)
def test_thoughts_leave_room_for_the_answer_below_the_clients_limit(
    limit: int, reasoning: Reasoning, budget: int | None, dropped: list[str]
) -> None:
    body, lost = render(ask(max_tokens=limit, reasoning=reasoning))
    assert body["max_tokens"] == limit
    assert body.get("thinking", {}).get("budget_tokens") == budget
    assert lost == dropped


def test_a_forced_tool_outweighs_thinking() -> None:
    body, dropped = render(
        ask(
            tools=(WEATHER,),
            tool_choice=ToolChoice(mode=ToolMode.REQUIRED),
            reasoning=Reasoning(budget=2000),
        )
    )
    assert "thinking" not in body
    assert body["tool_choice"] == {"type": "any"}
    assert dropped == ["reasoning.budget"]


@pytest.mark.parametrize(
    ("thought", "kept"), [(Thinking(text="t", signature=ISSUED), True), (Text(text="t"), False)]
)
def test_an_open_tool_loop_without_thoughts_goes_on_without(thought: Any, kept: bool) -> None:
    body, dropped = render(
        ask(
            user("q"),
            assistant(thought, ToolCall(id="1", name="weather", arguments="{}")),
            tool(ToolResult(call_id="1", parts=(Text(text="rain"),))),
            tools=(WEATHER,),
            reasoning=Reasoning(effort="low"),
        )
    )
    assert ("thinking" in body) is kept
    assert dropped == ([] if kept else ["reasoning.effort"])


@pytest.mark.parametrize(
    ("model", "fields", "sent", "dropped"),
    [
        (
            "claude-opus-4-0",
            {"temperature": 0.3, "top_p": 0.5},
            {"temperature": 0.3, "top_p": 0.5},
            [],
        ),
        ("claude-opus-4-0", {"temperature": 1.7}, {"temperature": 1}, ["temperature"]),
        ("claude-opus-4-1", {"temperature": 0.3, "top_p": 0.5}, {"temperature": 0.3}, ["top_p"]),
        ("claude-opus-4-1", {"temperature": 0.3, "top_p": 1.0}, {"temperature": 0.3}, []),
        (
            "claude-opus-4-7",
            {"temperature": 0.3, "top_p": 0.5, "top_k": 4},
            {},
            ["temperature", "top_p", "top_k"],
        ),
        ("claude-opus-4-7", {"temperature": 1, "top_p": 1}, {}, []),
        (
            "claude-sonnet-4-5",
            {"temperature": 0, "top_p": 0.97, "top_k": 4, "reasoning": Reasoning(effort="low")},
            {"top_p": 0.97},
            ["temperature", "top_k"],
        ),
    ],
)
def test_samplers_follow_the_model_and_its_thoughts(
    model: str, fields: Any, sent: Any, dropped: list[str]
) -> None:
    body, lost = render(ask(model=model, **fields))
    assert {name: body[name] for name in ("temperature", "top_p", "top_k") if name in body} == sent
    assert lost == dropped


def test_a_prefill_goes_on_without_thoughts_of_a_fixed_budget() -> None:
    body, dropped = render(ask(user("q"), assistant("So"), reasoning=Reasoning(budget=2000)))
    assert "thinking" not in body
    assert dropped == ["reasoning.budget"]
