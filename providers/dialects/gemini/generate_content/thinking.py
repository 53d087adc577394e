"""How much to think: one neutral wish, and the two ways in which Gemini models are told.

https://ai.google.dev/gemini-api/docs/thinking
"""

from providers.bridging.fidelity import Feature
from providers.dialects.gemini.generate_content import fields
from providers.errors import InvalidRequest
from providers.models.gemini import Model, Thinks
from providers.neutral.chat import Reasoning
from providers.wire.members import Json

# https://ai.google.dev/gemini-api/docs/openai#thinking has the same table.
BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24_576}
EFFORTS = ("minimal", "low", "medium", "high", "xhigh", "max")


def parse_thinking(config: Json) -> Reasoning | None:
    """The wish in `generationConfig.thinkingConfig`."""
    at = "generationConfig.thinkingConfig."
    thinking = fields.mapping(config, "thinkingConfig", "generationConfig.")
    if not thinking:
        return None
    show = fields.boolean(thinking, "includeThoughts", at)
    budget = fields.integer(thinking, "thinkingBudget", at)
    level = (fields.text(thinking, "thinkingLevel", at) or "").lower()
    effort = None if level in ("", "thinking_level_unspecified") else level
    if effort is not None and budget is not None:
        raise InvalidRequest(
            "thinkingLevel and thinkingBudget exclude each other", param=f"{at}thinkingLevel"
        )
    if budget == 0:
        return Reasoning(enabled=False, show=show)
    enabled = True if budget or (show and effort is None) else None
    return Reasoning(enabled=enabled, effort=effort, budget=budget, show=show)


def render_thinking(wish: Reasoning | None, model: Model, dropped: list[str]) -> Json:
    """`thinkingConfig` in the words that the model knows; names what it has no word for."""
    if wish is None:
        return {}
    if model.thinks is Thinks.NEVER:
        dropped += _said(wish)
        return {}
    if wish.off:
        return _off(model, dropped)
    config: Json = {}
    # A budget that the model may choose itself says no more than the effort beside it.
    if wish.budget is not None and (wish.budget >= 0 or wish.effort is None):
        config["thinkingBudget"] = _budget(wish.budget, model, dropped)
        if wish.effort is not None:
            dropped.append(Feature.REASONING_EFFORT.value)
    elif wish.effort is not None:
        config |= _effort(wish.effort, model, dropped)
    if (show := _shows(wish, dropped)) is not None:
        config["includeThoughts"] = show
    return config


def _shows(wish: Reasoning, dropped: list[str]) -> bool | None:
    """Whether thoughts are part of the answer; Gemini shows them in a summary of its own length."""
    if wish.summary not in (None, "auto"):
        dropped.append(Feature.REASONING_SUMMARY.value)
    if wish.show is not None:
        return wish.show
    # Whoever switches thinking on elsewhere is shown the thoughts without a further word.
    return True if wish.summary is not None else wish.enabled


def _said(wish: Reasoning) -> list[str]:
    """The names of all that `wish` asks for."""
    if wish.off:
        return []
    asked = (
        (Feature.REASONING_BUDGET, wish.budget),
        (Feature.REASONING_EFFORT, wish.effort or (wish.enabled and wish.budget is None)),
        (Feature.REASONING_SHOW, wish.show),
        (Feature.REASONING_SUMMARY, wish.summary),
    )
    return [feature.value for feature, value in asked if value]


def _off(model: Model, dropped: list[str]) -> Json:
    if model.stops_thinking:
        return {"thinkingBudget": 0}
    dropped.append(Feature.REASONING_OFF.value)
    if model.thinks is Thinks.BUDGET:
        return {"thinkingBudget": model.least}
    return {"thinkingLevel": model.levels[0].upper()}


def _budget(budget: int, model: Model, dropped: list[str]) -> int:
    """-1, or a budget that the model allows; models that know levels still take budgets."""
    if budget < 0 or model.thinks is Thinks.LEVEL:
        return max(budget, -1)
    given = min(max(budget, model.least), model.most)
    if given != budget:
        dropped.append(Feature.REASONING_BUDGET.value)
    return given


def _effort(effort: str, model: Model, dropped: list[str]) -> Json:
    if model.thinks is Thinks.LEVEL:
        level = _nearest(effort, model.levels)
        if level != effort:
            dropped.append(Feature.REASONING_EFFORT.value)
        return {"thinkingLevel": level.upper()}
    budget = BUDGETS.get(effort)
    if budget is None:
        dropped.append(Feature.REASONING_EFFORT.value)
    return {"thinkingBudget": max(budget or model.most, model.least)}


def _nearest(effort: str, levels: tuple[str, ...]) -> str:
    """The level next to `effort`, of two equally near ones the higher."""
    wanted = EFFORTS.index(effort) if effort in EFFORTS else len(EFFORTS)
    return min(reversed(levels), key=lambda level: abs(EFFORTS.index(level) - wanted))
