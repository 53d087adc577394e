"""How much Google's models are told to think."""

import pytest

from providers.neutral.chat import Reasoning
from tests.providers.dialects.gemini.wire import (
    FLASH,
    NEWEST,
    ask,
    render,
)

THINKING = "generationConfig", "thinkingConfig"


@pytest.mark.parametrize(
    ("name", "wish", "sent", "lost"),
    [
        (NEWEST, Reasoning(effort="minimal"), {"thinkingLevel": "MINIMAL"}, []),
        (NEWEST, Reasoning(effort="xhigh"), {"thinkingLevel": "HIGH"}, ["reasoning.effort"]),
        (NEWEST, Reasoning(effort="none"), {"thinkingLevel": "MINIMAL"}, ["reasoning.off"]),
        (
            NEWEST,
            Reasoning(enabled=True, budget=5000),
            {"thinkingBudget": 5000, "includeThoughts": True},
            [],
        ),
        (
            "gemini-3-pro",
            Reasoning(effort="medium"),
            {"thinkingLevel": "HIGH"},
            ["reasoning.effort"],
        ),
        ("gemini-3.1-pro", Reasoning(effort="medium"), {"thinkingLevel": "MEDIUM"}, []),
        ("gemini-3.6-flash", Reasoning(effort="minimal"), {"thinkingLevel": "MINIMAL"}, []),
        (
            "gemini-3.7-flash",
            Reasoning(effort="minimal"),
            {"thinkingLevel": "LOW"},
            ["reasoning.effort"],
        ),
        (
            "gemini-flash-latest",
            Reasoning(enabled=False),
            {"thinkingLevel": "LOW"},
            ["reasoning.off"],
        ),
        (
            "gemini-3-pro-image",
            Reasoning(effort="low"),
            {"thinkingLevel": "HIGH"},
            ["reasoning.effort"],
        ),
        (
            "gemini-3.1-flash-image",
            Reasoning(effort="low"),
            {"thinkingLevel": "MINIMAL"},
            ["reasoning.effort"],
        ),
        (NEWEST, Reasoning(effort="ultra"), {"thinkingLevel": "HIGH"}, ["reasoning.effort"]),
        ("gemini-2.5-flash-image", Reasoning(effort="low"), None, ["reasoning.effort"]),
        ("gemini-3.1-flash-tts", Reasoning(effort="low"), None, ["reasoning.effort"]),
        (
            NEWEST,
            Reasoning(effort="low", summary="auto"),
            {"thinkingLevel": "LOW", "includeThoughts": True},
            [],
        ),
        (
            NEWEST,
            Reasoning(effort="low", summary="detailed", show=True),
            {"thinkingLevel": "LOW", "includeThoughts": True},
            ["reasoning.summary"],
        ),
        (
            NEWEST,
            Reasoning(enabled=True, show=False),
            {"includeThoughts": False},
            [],
        ),
        (
            "models/gemini-3-pro",
            Reasoning(enabled=False),
            {"thinkingLevel": "LOW"},
            ["reasoning.off"],
        ),
        (FLASH, Reasoning(effort="high"), {"thinkingBudget": 24_576}, []),
        (FLASH, Reasoning(effort="max"), {"thinkingBudget": 24_576}, ["reasoning.effort"]),
        (FLASH, Reasoning(enabled=False), {"thinkingBudget": 0}, []),
        (FLASH, Reasoning(budget=-1), {"thinkingBudget": -1}, []),
        (FLASH, Reasoning(budget=99_999), {"thinkingBudget": 24_576}, ["reasoning.budget"]),
        (
            "gemini-2.5-flash-lite",
            Reasoning(budget=9),
            {"thinkingBudget": 512},
            ["reasoning.budget"],
        ),
        ("gemini-2.5-pro", Reasoning(enabled=False), {"thinkingBudget": 128}, ["reasoning.off"]),
        (FLASH, Reasoning(budget=0, effort="high"), {"thinkingBudget": 0}, []),
        ("gemini-2.0-flash", Reasoning(effort="low"), None, ["reasoning.effort"]),
        ("gemini-2.0-flash", Reasoning(enabled=False), None, []),
        (
            "gemma-3-27b",
            Reasoning(budget=5, show=True),
            None,
            ["reasoning.budget", "reasoning.show"],
        ),
    ],
)
def test_thinking_is_said_in_the_models_words(name, wish, sent, lost):
    body, dropped = render(ask(model=name, reasoning=wish))
    assert body.get("generationConfig", {}).get("thinkingConfig") == sent
    assert dropped == lost
