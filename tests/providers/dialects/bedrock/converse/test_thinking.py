"""Reasoning, family by family."""

from typing import Any

import pytest

from providers.models.bedrock import family_of
from providers.neutral.chat import (
    Reasoning,
    Signature,
    Text,
    Thinking,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from tests.providers.dialects.bedrock.requests import (
    HELLO,
    NOVA_2,
    OPUS_46,
    OPUS_47,
    SONNET,
    WEATHER,
    ask,
    assistant,
    render,
    results,
)


@pytest.mark.parametrize(
    ("model", "reasoning", "additional", "effort", "dropped"),
    [
        (SONNET, Reasoning(budget=2000), {"type": "enabled", "budget_tokens": 2000}, None, []),
        (SONNET, Reasoning(effort="low"), {"type": "enabled", "budget_tokens": 2048}, None, []),
        (
            SONNET,
            Reasoning(budget=500),
            {"type": "enabled", "budget_tokens": 1024},
            None,
            ["reasoning.budget"],
        ),
        (SONNET, Reasoning(enabled=False), {"type": "disabled"}, None, []),
        (OPUS_46, Reasoning(effort="high"), {"type": "adaptive"}, "high", []),
        (OPUS_46, Reasoning(budget=3000), {"type": "enabled", "budget_tokens": 3000}, None, []),
        (OPUS_47, Reasoning(effort="max"), {"type": "adaptive"}, "max", []),
        (OPUS_47, Reasoning(budget=3000), {"type": "adaptive"}, "medium", ["reasoning.budget"]),
        (
            OPUS_47,
            Reasoning(effort="minimal", show=True),
            {"type": "adaptive", "display": "summarized"},
            "low",
            ["reasoning.effort"],
        ),
        (
            OPUS_47,
            Reasoning(budget=-1, show=False),
            {"type": "adaptive", "display": "omitted"},
            None,
            [],
        ),
        (OPUS_47, Reasoning(enabled=False), None, None, []),
        ("anthropic.claude-mythos-5", Reasoning(enabled=False), None, None, ["reasoning.off"]),
        (
            "anthropic.claude-3-5-sonnet-20241022-v2:0",
            Reasoning(effort="low"),
            None,
            None,
            ["reasoning.effort"],
        ),
    ],
)
def test_claude_thinks_as_its_version_allows(
    model: str, reasoning: Reasoning, additional: Any, effort: str | None, dropped: list[str]
) -> None:
    body, lost = render(ask(model=model, reasoning=reasoning))
    assert body.get("additionalModelRequestFields", {}).get("thinking") == additional
    assert body.get("outputConfig", {}).get("effort") == effort
    assert lost == dropped


def test_thinking_wins_over_sampling_and_leaves_room_for_the_answer() -> None:
    body, dropped = render(
        ask(reasoning=Reasoning(budget=4000), temperature=0.2, top_k=4, max_tokens=3000)
    )
    assert body["inferenceConfig"] == {"maxTokens": 3000}
    assert body["additionalModelRequestFields"]["thinking"]["budget_tokens"] == 1500
    assert dropped == ["reasoning.budget", "temperature", "top_k"]


def test_thoughts_take_the_sampling_parameters_that_change_nothing() -> None:
    body, dropped = render(ask(reasoning=Reasoning(budget=4000), temperature=1, top_p=0.97))
    assert body["inferenceConfig"] == {"topP": 0.97}
    assert dropped == []


def test_an_answer_too_short_for_thoughts_is_given_without() -> None:
    body, dropped = render(ask(reasoning=Reasoning(effort="low"), max_tokens=100))
    assert "additionalModelRequestFields" not in body
    assert dropped == ["reasoning.effort"]


def test_a_forced_tool_wins_over_thinking() -> None:
    choice = ToolChoice(mode=ToolMode.REQUIRED)
    body, dropped = render(
        ask(tools=(WEATHER,), tool_choice=choice, reasoning=Reasoning(effort="low"))
    )
    assert body["toolConfig"]["toolChoice"] == {"any": {}}
    assert dropped == ["reasoning.effort"]


def test_an_open_call_without_its_thoughts_goes_on_without_thinking() -> None:
    turns = (
        HELLO,
        assistant(ToolCall(id="a", name="get_weather", arguments="{}")),
        results(ToolResult(call_id="a", parts=(Text(text="rain"),))),
    )
    _, dropped = render(ask(*turns, tools=(WEATHER,), reasoning=Reasoning(effort="low")))
    assert dropped == ["reasoning.effort"]


@pytest.mark.parametrize(
    ("model", "reasoning", "fields", "dropped"),
    [
        (
            NOVA_2,
            Reasoning(effort="high"),
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}},
            [],
        ),
        (NOVA_2, Reasoning(effort="none"), {"reasoningConfig": {"type": "disabled"}}, []),
        ("openai.gpt-oss-120b-1:0", Reasoning(effort="low"), {"reasoning_effort": "low"}, []),
        (
            "openai.gpt-oss-120b-1:0",
            Reasoning(budget=9000),
            {"reasoning_effort": "high"},
            ["reasoning.budget"],
        ),
        (
            "openai.gpt-oss-120b-1:0",
            Reasoning(enabled=False),
            {"reasoning_effort": "low"},
            ["reasoning.off"],
        ),
        ("meta.llama3-70b-instruct-v1:0", Reasoning(effort="low"), None, ["reasoning.effort"]),
    ],
)
def test_other_families_have_their_own_words_for_effort(
    model: str, reasoning: Reasoning, fields: Any, dropped: list[str]
) -> None:
    body, lost = render(ask(model=model, reasoning=reasoning))
    assert body.get("additionalModelRequestFields") == fields
    assert lost == dropped


def test_nova_thinks_less_where_the_client_limits_the_answer() -> None:
    body, dropped = render(ask(model=NOVA_2, reasoning=Reasoning(effort="high"), max_tokens=50))
    config = body["additionalModelRequestFields"]["reasoningConfig"]
    assert config["maxReasoningEffort"] == "medium"
    assert dropped == ["reasoning.effort"]


@pytest.mark.parametrize(
    ("model", "reasoning", "dropped"),
    [
        (SONNET, Reasoning(effort="low", show=False), ["reasoning.show"]),
        (SONNET, Reasoning(effort="low", summary="detailed"), ["reasoning.summary"]),
        (SONNET, Reasoning(budget=2000, effort="low"), ["reasoning.effort"]),
        (SONNET, Reasoning(effort="unheard"), ["reasoning.effort"]),
        (OPUS_47, Reasoning(effort="low", summary="concise"), ["reasoning.summary"]),
        (NOVA_2, Reasoning(effort="low", show=True), ["reasoning.show"]),
        (NOVA_2, Reasoning(effort="low", summary="auto"), ["reasoning.summary"]),
        (NOVA_2, Reasoning(enabled=True), []),
    ],
)
def test_what_a_family_cannot_say_of_thoughts_is_named(
    model: str, reasoning: Reasoning, dropped: list[str]
) -> None:
    body, lost = render(ask(model=model, reasoning=reasoning))
    assert "additionalModelRequestFields" in body
    assert lost == dropped


def test_a_forced_tool_wins_over_adaptive_thinking() -> None:
    choice = ToolChoice(mode=ToolMode.NAMED, name="get_weather")
    wish = Reasoning(effort="low")
    body, dropped = render(ask(model=OPUS_46, tools=(WEATHER,), tool_choice=choice, reasoning=wish))
    assert "additionalModelRequestFields" not in body
    assert dropped == ["reasoning.effort"]


def test_a_call_after_its_own_thoughts_goes_on_thinking() -> None:
    own = Thinking(text="t", signature=Signature(origin="anthropic", value="s"))
    turns = (
        HELLO,
        assistant(own, ToolCall(id="a", name="get_weather", arguments="{}")),
        results(ToolResult(call_id="a", parts=(Text(text="rain"),))),
    )
    body, dropped = render(ask(*turns, tools=(WEATHER,), reasoning=Reasoning(effort="low")))
    assert body["additionalModelRequestFields"]["thinking"]["type"] == "enabled"
    assert dropped == []


@pytest.mark.parametrize(
    ("model", "thinks"),
    [
        ("anthropic.claude-v2:1", "never"),
        ("anthropic.claude-3-opus-20240229-v1:0", "never"),
        ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", "claude"),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-7", "claude"),
        ("anthropic.claude-fable-5", "claude"),
        ("amazon.nova-lite-v1:0", "never"),
        ("us.amazon.nova-2-lite-v1:0", "nova"),
        ("arn:aws:bedrock:us-east-1:1:provisioned-model/abc", "claude"),
        ("moonshot.kimi-k2-thinking", "effort"),
    ],
)
def test_the_model_id_tells_how_it_thinks(model: str, thinks: str) -> None:
    assert family_of(model).thinks == thinks


@pytest.mark.parametrize(
    ("model", "thinking", "dropped"),
    [
        ("us.anthropic.claude-opus-5", {"type": "disabled"}, []),
        ("us.anthropic.claude-sonnet-5-5", {"type": "between_tools"}, []),
        (OPUS_46, None, []),
        ("us.anthropic.claude-opus-5-5", None, ["reasoning.off"]),
    ],
)
def test_a_claude_that_thinks_unasked_is_told_not_to(
    model: str, thinking: Any, dropped: list[str]
) -> None:
    body, lost = render(ask(model=model, reasoning=Reasoning(enabled=False)))
    assert body.get("additionalModelRequestFields", {}).get("thinking") == thinking
    assert lost == dropped


def test_a_prefill_goes_on_without_thoughts_of_a_fixed_budget() -> None:
    body, dropped = render(ask(HELLO, assistant(Text(text="So")), reasoning=Reasoning(budget=2000)))
    assert "additionalModelRequestFields" not in body
    assert dropped == ["reasoning.budget"]


def test_a_budgeted_claude_is_not_told_to_show_what_it_shows_anyway() -> None:
    body, dropped = render(ask(reasoning=Reasoning(budget=2000, show=True)))
    thinking = {"type": "enabled", "budget_tokens": 2000}
    assert body["additionalModelRequestFields"] == {"thinking": thinking}
    assert dropped == []
