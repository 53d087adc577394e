"""Reasoning: one neutral wish, and the words that each family of models has for it."""

from typing import Any

from providers import members
from providers.chat import ChatRequest, Json, Reasoning, Role, Thinking, ToolCall, ToolMode
from providers.dialects.bedrock_converse import fields
from providers.dialects.bedrock_converse.models import Family, Thinks
from providers.dialects.bedrock_converse.names import FAMILY
from providers.fidelity import Feature

MIN_BUDGET = 1024
"""https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html"""

BUDGETS = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16384,
    "xhigh": 24576,
    "max": 32000,
}
"""Effort → the budget of a model that knows only budgets."""

CLAUDE_EFFORTS = ("low", "medium", "high", "xhigh", "max")
THREE_EFFORTS = ("low", "medium", "high")
NEAREST = {"minimal": "low", "xhigh": "high", "max": "high"}


def parse_reasoning(additional: Json, output: Json) -> Reasoning | None:
    """What a client's additionalModelRequestFields and outputConfig say; takes it out of the
    former."""
    effort = members.text(output, "effort", "outputConfig.")
    at = "additionalModelRequestFields."
    own = fields.mapping(additional, "output_config", at)
    effort = effort or members.text(own, "effort", f"{at}output_config.")
    effort = effort or members.text(additional, "reasoning_effort", at)
    thinking = _thinking(additional, at)
    for name in ("thinking", "reasoning_config", "reasoning_effort", "reasoningConfig"):
        additional.pop(name, None)
    if own.keys() <= {"effort"}:
        additional.pop("output_config", None)
    if thinking is None:
        return Reasoning(effort=effort) if effort else None
    if effort:
        return Reasoning(
            enabled=thinking.enabled, effort=effort, budget=thinking.budget, show=thinking.show
        )
    return thinking


def _thinking(additional: Json, at: str) -> Reasoning | None:
    nova = fields.mapping(additional, "reasoningConfig", at)
    if nova:
        effort = members.text(nova, "maxReasoningEffort", f"{at}reasoningConfig.")
        return Reasoning(enabled=nova.get("type") == "enabled", effort=effort)
    # `reasoning_config` is Bedrock's older word for Claude's `thinking`.
    name = "thinking" if additional.get("thinking") is not None else "reasoning_config"
    value = additional.get(name)
    if isinstance(value, str):
        return Reasoning(effort=value)
    thinking = fields.mapping(additional, name, at)
    if not thinking:
        return None
    display = members.text(thinking, "display", f"{at}{name}.")
    show = None if display is None else display != "omitted"
    if thinking.get("type") == "disabled":
        return Reasoning(enabled=False)
    adaptive = thinking.get("type") == "adaptive"
    budget = -1 if adaptive else members.integer(thinking, "budget_tokens", f"{at}{name}.")
    return Reasoning(enabled=True, budget=budget, show=show)


class Rendered:
    """What a wish for reasoning becomes."""

    def __init__(self) -> None:
        self.additional: Json = {}
        self.effort: str | None = None
        """`outputConfig.effort`."""
        self.on = False
        """True where Claude will think: it then refuses sampling parameters."""


def render_reasoning(request: ChatRequest, family: Family, dropped: list[str]) -> Rendered:
    """The words that the model's family has for the wish; names what it has no word for."""
    rendered = Rendered()
    wish = request.reasoning
    if wish is None:
        return rendered
    if wish.enabled is False or wish.effort == "none" or wish.budget == 0:
        _off(rendered, family, dropped)
        return rendered
    budgeted = wish.budget is not None and wish.budget > 0
    match family.thinks:
        case Thinks.BUDGET:
            _budget(rendered, request, wish, dropped)
        case Thinks.ADAPTIVE if budgeted and family.sampling:  # Claude 4.6 still takes budgets
            _budget(rendered, request, wish, dropped)
        case Thinks.ADAPTIVE | Thinks.ALWAYS:
            _adaptive(rendered, request, wish, dropped)
        case Thinks.NOVA:
            _nova(rendered, request, wish, dropped)
        case Thinks.EFFORT:
            _effort(rendered, wish, dropped)
        case Thinks.NEVER:
            dropped.extend(_said(wish))
    return rendered


def _said(wish: Reasoning) -> list[str]:
    """The names of all that `wish` says."""
    return [
        feature.value
        for feature, value in (
            (Feature.REASONING_BUDGET, wish.budget),
            (Feature.REASONING_EFFORT, wish.effort or (wish.budget is None and wish.enabled)),
            (Feature.REASONING_SHOW, wish.show is not None),
            (Feature.REASONING_SUMMARY, wish.summary),
        )
        if value
    ]


def _off(rendered: Rendered, family: Family, dropped: list[str]) -> None:
    match family.thinks:
        case Thinks.BUDGET:
            rendered.additional = {"thinking": {"type": "disabled"}}
        case Thinks.NOVA:
            rendered.additional = {"reasoningConfig": {"type": "disabled"}}
        case Thinks.EFFORT:
            rendered.additional = {"reasoning_effort": "low"}
            dropped.append(Feature.REASONING_OFF.value)
        case Thinks.ALWAYS:
            dropped.append(Feature.REASONING_OFF.value)
        case Thinks.ADAPTIVE | Thinks.NEVER:
            pass  # without a `thinking` member these models do not think


def _budget(rendered: Rendered, request: ChatRequest, wish: Reasoning, dropped: list[str]) -> None:
    budget = wish.budget if wish.budget and wish.budget > 0 else None
    wanted = budget or BUDGETS.get(wish.effort or "medium", BUDGETS["medium"])
    if wish.effort and wish.effort not in BUDGETS:
        dropped.append(Feature.REASONING_EFFORT.value)
    given = max(MIN_BUDGET, wanted)
    if request.max_tokens is not None:
        given = min(given, request.max_tokens - 1)
    if given < MIN_BUDGET or _forced(request) or _breaks_a_turn(request):
        dropped.extend(_said(wish) or [Feature.REASONING_EFFORT.value])
        return
    if budget is not None and given != budget:
        dropped.append(Feature.REASONING_BUDGET.value)
    # These models always show their thoughts, and know no effort beside a budget.
    if wish.show is False:
        dropped.append(Feature.REASONING_SHOW.value)
    if wish.summary not in (None, "auto"):
        dropped.append(Feature.REASONING_SUMMARY.value)
    if budget is not None and wish.effort is not None:
        dropped.append(Feature.REASONING_EFFORT.value)
    rendered.additional = {"thinking": {"type": "enabled", "budget_tokens": given}}
    rendered.on = True


def _forced(request: ChatRequest) -> bool:
    """Claude refuses to think before a forced tool; the tool is the firmer wish."""
    choice = request.tool_choice
    return choice is not None and choice.mode in (ToolMode.REQUIRED, ToolMode.NAMED)


def _breaks_a_turn(request: ChatRequest) -> bool:
    """Claude with a budget refuses an open tool call that its own thoughts do not precede."""
    for message in reversed(request.messages):
        if message.role is Role.USER:
            return False
        if message.role is Role.ASSISTANT:
            called = any(isinstance(part, ToolCall) for part in message.parts)
            return called and not any(ours(part) for part in message.parts)
    return False


def ours(part: Any) -> bool:
    """True for a thought that Bedrock itself signed."""
    if not isinstance(part, Thinking):
        return False
    sign = part.redacted or part.signature
    return sign is not None and sign.origin == FAMILY


def _adaptive(
    rendered: Rendered, request: ChatRequest, wish: Reasoning, dropped: list[str]
) -> None:
    if _forced(request):
        dropped.extend(_said(wish))
        return
    rendered.on = True
    thinking: dict[str, Any] = {"type": "adaptive"}
    if wish.show is False:
        thinking["display"] = "omitted"
    elif wish.show or wish.summary:
        thinking["display"] = "summarized"
    if wish.summary not in (None, "auto"):
        dropped.append(Feature.REASONING_SUMMARY.value)
    rendered.additional = {"thinking": thinking}
    effort = wish.effort
    if wish.budget is not None and wish.budget > 0:
        budget = wish.budget
        nearest = next((name for name in CLAUDE_EFFORTS if budget <= BUDGETS[name]), "max")
        effort = effort or nearest
        dropped.append(Feature.REASONING_BUDGET.value)
    if effort is not None:
        rendered.effort = _named(effort, CLAUDE_EFFORTS, dropped)


def _nova(rendered: Rendered, request: ChatRequest, wish: Reasoning, dropped: list[str]) -> None:
    effort = _coarse(wish, dropped)
    # https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html: with `high`
    # temperature, topP, topK and maxTokens must be unset; what the client set goes before.
    limits = (request.max_tokens, request.temperature, request.top_p, request.top_k)
    if effort == "high" and limits != (None,) * 4:
        effort = "medium"
        dropped.append(Feature.REASONING_EFFORT.value)
    rendered.additional = {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": effort}}


def _effort(rendered: Rendered, wish: Reasoning, dropped: list[str]) -> None:
    rendered.additional = {"reasoning_effort": _coarse(wish, dropped)}


def _coarse(wish: Reasoning, dropped: list[str]) -> str:
    """One of three efforts; a budget becomes the nearest, and is named."""
    if wish.show is not None:
        dropped.append(Feature.REASONING_SHOW.value)
    if wish.summary is not None:
        dropped.append(Feature.REASONING_SUMMARY.value)
    if wish.effort is not None:
        return _named(wish.effort, THREE_EFFORTS, dropped)
    if wish.budget is None or wish.budget < 0:
        return "medium"
    budget = wish.budget
    dropped.append(Feature.REASONING_BUDGET.value)
    return next((name for name in THREE_EFFORTS if budget <= BUDGETS[name]), "high")


def _named(effort: str, allowed: tuple[str, ...], dropped: list[str]) -> str:
    if effort in allowed:
        return effort
    dropped.append(Feature.REASONING_EFFORT.value)
    return NEAREST.get(effort, "medium")
