"""Reasoning: one neutral wish, and the words that each family of models has for it."""

from typing import Any

from providers.bridging.fidelity import Feature, lose
from providers.dialects.bedrock.converse import fields
from providers.dialects.bedrock.names import FAMILY, OPAQUE
from providers.models.bedrock import Family, Thinks
from providers.models.claude.models import Family as Claude
from providers.models.claude.thinking import BUDGETS, lose_thoughts, render_effort, render_thinking
from providers.neutral.chat import ChatRequest, Reasoning, Role, Thinking
from providers.wire import members
from providers.wire.members import Json

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
    rest = {name: value for name, value in own.items() if name != "effort"}
    if rest:
        additional["output_config"] = rest
    else:
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
    match family.thinks:
        case Thinks.CLAUDE if (generation := family.claude or family.hidden) is not None:
            _claude(rendered, request, generation, dropped)
        case Thinks.NOVA:
            rendered.additional = {"reasoningConfig": _nova(request, wish, dropped)}
        case Thinks.EFFORT:
            rendered.additional = {"reasoning_effort": _effort(wish, dropped)}
        case _ if not wish.off:
            lose_thoughts(request, dropped)
    return rendered


def _claude(
    rendered: Rendered, request: ChatRequest, generation: Claude, dropped: list[str]
) -> None:
    thinking = render_thinking(request, generation, dropped)
    kind = "" if thinking is None else str(thinking["type"])
    if kind == "enabled" and _breaks_a_turn(request):
        lose_thoughts(request, dropped)
        thinking, kind = None, ""
    rendered.on = kind in ("enabled", "adaptive")
    wish = request.reasoning
    if rendered.on and wish is not None and wish.summary not in (None, "auto"):
        lose(dropped, Feature.REASONING_SUMMARY)
    # With a budget Claude shows its thoughts by itself, and parts of Bedrock refuse `display`:
    # https://github.com/earendil-works/pi/issues/3313 (checked 2026-11).
    shown = thinking.pop("display", None) if thinking is not None and kind == "enabled" else None
    if shown == "omitted":
        lose(dropped, Feature.REASONING_SHOW)
    # Bedrock refuses `disabled` for some of the models that think only when told to.
    if thinking is not None and (rendered.on or generation.starts_on or not generation.adaptive):
        rendered.additional = {"thinking": thinking}
    rendered.effort = render_effort(request, generation, dropped)


def _breaks_a_turn(request: ChatRequest) -> bool:
    """Claude with a budget refuses to go on with a turn, a tool loop's or a prefill, that its own
    thoughts do not begin."""
    for message in reversed(request.messages):
        if message.role is Role.USER:
            return False
        if message.role is Role.ASSISTANT:
            return not any(ours(part) for part in message.parts)
    return False


def ours(part: Any) -> bool:
    """True for a thought that Claude signed, here or elsewhere, or that Bedrock encrypted."""
    if not isinstance(part, Thinking):
        return False
    sign = part.redacted or part.signature
    return sign is not None and sign.origin in (FAMILY, OPAQUE)


def _nova(request: ChatRequest, wish: Reasoning, dropped: list[str]) -> Json:
    if wish.off:
        return {"type": "disabled"}
    effort = _coarse(wish, dropped)
    # https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html: with `high`
    # temperature, topP, topK and maxTokens must be unset; what the client set goes before.
    limits = (request.max_tokens, request.temperature, request.top_p, request.top_k)
    if effort == "high" and limits != (None,) * 4:
        effort = "medium"
        lose(dropped, Feature.REASONING_EFFORT)
    return {"type": "enabled", "maxReasoningEffort": effort}


def _effort(wish: Reasoning, dropped: list[str]) -> str:
    if not wish.off:
        return _coarse(wish, dropped)
    lose(dropped, Feature.REASONING_OFF)
    return "low"


def _coarse(wish: Reasoning, dropped: list[str]) -> str:
    """One of three efforts; a budget becomes the nearest, and is named."""
    if wish.show is not None:
        lose(dropped, Feature.REASONING_SHOW)
    if wish.summary is not None:
        lose(dropped, Feature.REASONING_SUMMARY)
    if wish.effort is not None and wish.budget is not None and wish.budget > 0:
        lose(dropped, Feature.REASONING_BUDGET)
    if wish.effort in THREE_EFFORTS:
        return str(wish.effort)
    if wish.effort is not None:
        lose(dropped, Feature.REASONING_EFFORT)
        return NEAREST.get(wish.effort, "medium")
    if wish.budget is None or wish.budget < 0:
        return "medium"
    budget = wish.budget
    lose(dropped, Feature.REASONING_BUDGET)
    return next((name for name in THREE_EFFORTS if budget <= BUDGETS[name]), "high")
