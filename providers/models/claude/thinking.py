"""How much the model shall think, in the words that its generation understands."""

from providers.bridging.fidelity import Feature, lose
from providers.models.claude.models import Family
from providers.models.longest import longest
from providers.neutral.chat import ChatRequest, Reasoning, ToolMode
from providers.wire.members import Json

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


def render_thinking(request: ChatRequest, family: Family, dropped: list[str]) -> Json | None:
    """The `thinking` member, or None where it is better left out."""
    reasoning = request.reasoning
    if reasoning is None:
        return None
    if reasoning.off:
        return _off(family, dropped)
    # https://platform.claude.com/docs/en/build-with-claude/extended-thinking: a forced tool and
    # thoughts exclude each other; the tool is the stronger wish.
    choice = request.tool_choice
    forced = choice is not None and choice.mode in (ToolMode.REQUIRED, ToolMode.NAMED)
    thinking = None
    if _is_on(reasoning, family) and not (request.tools and forced):
        thinking = _on(request, reasoning, family, dropped)
    if thinking is None:
        lose_thoughts(request, dropped)
        return None
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


def _on(
    request: ChatRequest, reasoning: Reasoning, family: Family, dropped: list[str]
) -> Json | None:
    budget = reasoning.budget
    if not family.manual or (family.adaptive and (budget is None or budget < 0)):
        if budget is not None and budget > 0:
            lose(dropped, Feature.REASONING_BUDGET)
        return {"type": "adaptive"}
    limit = request.max_tokens
    room = longest(request.known_as) if limit is None else limit
    tokens = budget_for(reasoning, room, dropped)
    if budget is not None and budget > 0 and reasoning.effort and not family.efforts:
        lose(dropped, Feature.REASONING_EFFORT)
    return None if tokens is None else {"type": "enabled", "budget_tokens": tokens}


def budget_for(reasoning: Reasoning, limit: int | None, dropped: list[str]) -> int | None:
    """Tokens to think with; None: `limit`, which counts thoughts and answer, has no room."""
    asked = reasoning.budget
    if asked is None or asked < 0:  # -1 leaves it to the model, which this generation cannot do
        wanted = BUDGETS.get(reasoning.effort or "medium", BUDGETS["medium"])
        if reasoning.effort is not None and reasoning.effort not in BUDGETS:
            lose(dropped, Feature.REASONING_EFFORT)
    else:
        wanted = asked
    if limit is not None and limit <= MIN_BUDGET:
        return None
    # An effort leaves at least half of the limit to the answer, as does a budget above the limit.
    crowded = limit is not None and (wanted != asked or wanted >= limit)
    room = limit // 2 if limit is not None and crowded else wanted
    given = max(MIN_BUDGET, min(wanted, room))
    if asked is not None and given != asked:
        lose(dropped, Feature.REASONING_BUDGET)
    return given


def _show(reasoning: Reasoning) -> str | None:
    if reasoning.show is None:
        return None if reasoning.summary is None else "summarized"
    return "summarized" if reasoning.show else "omitted"


def lose_thoughts(request: ChatRequest, dropped: list[str]) -> None:
    """Names what the client asked of the model's thoughts."""
    reasoning = request.reasoning
    if reasoning is None:
        return
    if reasoning.budget is not None:
        lose(dropped, Feature.REASONING_BUDGET)
    elif reasoning.effort is not None or reasoning.enabled:
        lose(dropped, Feature.REASONING_EFFORT)
    if reasoning.show is not None:
        lose(dropped, Feature.REASONING_SHOW)
    if reasoning.summary is not None:
        lose(dropped, Feature.REASONING_SUMMARY)


def render_effort(request: ChatRequest, family: Family, dropped: list[str]) -> str | None:
    """The level of effort beside `thinking`, or None where the model takes none."""
    reasoning = request.reasoning
    if reasoning is None or not family.efforts:
        return None
    effort = reasoning.effort
    if effort == "none" or (effort is None and (reasoning.budget is None or family.manual)):
        return None
    if effort is None:
        return _effort_of(reasoning.budget or 0, family) if (reasoning.budget or 0) > 0 else None
    chosen = nearest_effort(effort, family)
    # Without thoughts the API takes no more than high.
    if reasoning.off and chosen in ("xhigh", "max"):
        chosen = "high"
    if chosen != effort:
        lose(dropped, Feature.REASONING_EFFORT)
    return chosen


def _effort_of(budget: int, family: Family) -> str:
    """The level that comes nearest to a budget."""
    fitting = (level for level in ORDER if BUDGETS[level] >= budget)
    return nearest_effort(next(fitting, "max"), family)


def nearest_effort(effort: str, family: Family) -> str:
    """The strongest level that is no stronger than `effort`; the weakest if all are."""
    if effort not in ORDER:
        return "medium"
    limit = ORDER.index(effort)
    weaker = [level for level in family.efforts if ORDER.index(level) <= limit]
    return weaker[-1] if weaker else family.efforts[0]
