"""How much to think, in OpenAI's words.

https://platform.openai.com/docs/guides/reasoning
"""

from providers.bridging.fidelity import Feature, lose
from providers.models.openai import LEAST, THOUGHTLESS
from providers.neutral.chat import Reasoning

DEFAULT = "medium"
"""Newer models think only when told to; older ones think as much as this."""

STEPS = ((1_024, "low"), (8_192, "medium"))
"""Budgets of thinking tokens, and the effort that comes nearest; above them it is `high`."""


def effort_of(reasoning: Reasoning, model: str, dropped: list[str]) -> str | None:
    """The effort to ask `model` for; None: nothing is to be said."""
    off = reasoning.off
    if THOUGHTLESS.search(model):
        if not off:
            lose(dropped, Feature.REASONING_EFFORT)
        return None
    if off:
        least = next((word for models, word in LEAST if models.search(model)), "none")
        if least != "none":
            lose(dropped, Feature.REASONING_OFF)
        return least
    if reasoning.effort is not None:
        if reasoning.budget is not None and reasoning.budget > 0:
            lose(dropped, Feature.REASONING_BUDGET)
        return reasoning.effort
    if reasoning.budget is None or reasoning.budget < 0:
        return DEFAULT if reasoning.enabled or reasoning.budget is not None else None
    lose(dropped, Feature.REASONING_BUDGET)
    return next((effort for limit, effort in STEPS if reasoning.budget <= limit), "high")
