"""How much the model shall think, in the words that its generation understands."""

from providers.chat import ChatRequest, Json, Reasoning, ToolMode
from providers.dialects.anthropic_messages.models import Family
from providers.dialects.anthropic_messages.names import lose
from providers.fidelity import Feature

MIN_BUDGET = 1_024

BUDGETS = {
    "minimal": 1_024,
    "low": 2_048,
    "medium": 8_192,
    "high": 16_384,
    "xhigh": 24_576,
    "max": 31_999,
}
"""What a level of effort means in tokens; above 32,000 the documentation advises batches."""

ORDER = ("minimal", "low", "medium", "high", "xhigh", "max")


def is_off(reasoning: Reasoning) -> bool:
    """Whether the client asks for an answer without thoughts."""
    return reasoning.enabled is False or reasoning.effort == "none" or reasoning.budget == 0


def render_thinking(request: ChatRequest, family: Family, dropped: list[str]) -> Json | None:
    """The `thinking` member, or None where it is better left out."""
    reasoning = request.reasoning
    if reasoning is None:
        return None
    if is_off(reasoning):
        return _off(family, dropped)
    if not _is_on(reasoning, family):
        _lose_all(reasoning, dropped)
        return None
    # https://platform.claude.com/docs/en/build-with-claude/extended-thinking: a forced tool and
    # thoughts exclude each other; the tool is the stronger wish.
    choice = request.tool_choice
    if request.tools and choice and choice.mode in (ToolMode.REQUIRED, ToolMode.NAMED):
        _lose_all(reasoning, dropped)
        return None
    thinking = _on(reasoning, family, dropped)
    show = _show(reasoning)
    return thinking if show is None else thinking | {"display": show}


def _is_on(reasoning: Reasoning, family: Family) -> bool:
    if not family.thinks:
        return False
    asked = reasoning.enabled or reasoning.effort is not None or reasoning.budget is not None
    return bool(asked) or family.starts_on


def _off(family: Family, dropped: list[str]) -> Json | None:
    if family.off is not None:
        return {"type": family.off}
    if family.thinks:
        lose(dropped, Feature.REASONING_OFF)
    return None


def _on(reasoning: Reasoning, family: Family, dropped: list[str]) -> Json:
    budget = reasoning.budget
    if family.manual and (not family.adaptive or (budget is not None and budget > 0)):
        return {"type": "enabled", "budget_tokens": _budget(reasoning, dropped)}
    if budget is not None and budget > 0:
        lose(dropped, Feature.REASONING_BUDGET)
    return {"type": "adaptive"}


def _budget(reasoning: Reasoning, dropped: list[str]) -> int:
    budget = reasoning.budget
    if budget is None:
        return BUDGETS.get(reasoning.effort or "medium", BUDGETS["medium"])
    if budget < MIN_BUDGET:
        lose(dropped, Feature.REASONING_BUDGET)
    # -1 leaves it to the model, which this generation cannot do.
    return BUDGETS["medium"] if budget < 0 else max(budget, MIN_BUDGET)


def _show(reasoning: Reasoning) -> str | None:
    if reasoning.show is None:
        return None if reasoning.summary is None else "summarized"
    return "summarized" if reasoning.show else "omitted"


def lose_thoughts(request: ChatRequest, dropped: list[str]) -> None:
    """Names what the client asked of the model's thoughts."""
    if request.reasoning is not None:
        _lose_all(request.reasoning, dropped)


def _lose_all(reasoning: Reasoning, dropped: list[str]) -> None:
    if reasoning.budget is not None:
        lose(dropped, Feature.REASONING_BUDGET)
    elif reasoning.effort is not None or reasoning.enabled:
        lose(dropped, Feature.REASONING_EFFORT)
    if reasoning.show is not None:
        lose(dropped, Feature.REASONING_SHOW)
    if reasoning.summary is not None:
        lose(dropped, Feature.REASONING_SUMMARY)


def render_effort(request: ChatRequest, family: Family, dropped: list[str]) -> str | None:
    """The value of `output_config.effort`, or None where the model takes none."""
    reasoning = request.reasoning
    if reasoning is None or not family.efforts:
        return None
    effort = reasoning.effort
    if effort == "none" or (effort is None and (reasoning.budget is None or family.manual)):
        return None
    if effort is None:
        return _effort_of(reasoning.budget or 0, family) if (reasoning.budget or 0) > 0 else None
    chosen = _nearest(effort, family)
    # Without thoughts the API takes no more than high.
    if is_off(reasoning) and chosen in ("xhigh", "max"):
        chosen = "high"
    if chosen != effort:
        lose(dropped, Feature.REASONING_EFFORT)
    return chosen


def _effort_of(budget: int, family: Family) -> str:
    """The level that comes nearest to a budget."""
    fitting = (level for level in ORDER if BUDGETS[level] >= budget)
    return _nearest(next(fitting, "max"), family)


def _nearest(effort: str, family: Family) -> str:
    """The strongest level that is no stronger than `effort`; the weakest if all are."""
    if effort not in ORDER:
        return "medium"
    limit = ORDER.index(effort)
    weaker = [level for level in family.efforts if ORDER.index(level) <= limit]
    return weaker[-1] if weaker else family.efforts[0]
