"""Which sampling parameters a generation of Claude takes, and when.

https://platform.claude.com/docs/en/build-with-claude/extended-thinking
"""

from providers.bridging.fidelity import Feature, lose
from providers.models.claude.models import Family
from providers.neutral.chat import ChatRequest

MIN_TOP_P = 0.95
"""With thoughts no smaller top_p is accepted."""


def sampling(
    request: ChatRequest, family: Family, thinks: bool, dropped: list[str]
) -> dict[str, float]:
    """temperature, top_p and top_k, as far as the model takes them."""
    result: dict[str, float] = {}
    temperature = _temperature(request, family, thinks, dropped)
    if temperature is not None:
        result["temperature"] = temperature
    top_p = _top_p(request, family, thinks, temperature is not None, dropped)
    if top_p is not None:
        result["top_p"] = top_p
    if request.top_k is not None:
        if family.sampling and not thinks:
            result["top_k"] = request.top_k
        else:
            lose(dropped, Feature.TOP_K)
    return result


def _temperature(
    request: ChatRequest, family: Family, thinks: bool, dropped: list[str]
) -> float | None:
    temperature = request.temperature
    if temperature is None:
        return None
    if not (0 <= temperature <= 1):
        temperature = min(max(temperature, 0), 1)
        lose(dropped, Feature.TEMPERATURE)
    if not thinks and family.sampling:
        return temperature
    # With thoughts, and on models that choose for themselves, only 1 is accepted, the default.
    if temperature != 1:
        lose(dropped, Feature.TEMPERATURE)
    return None


def _top_p(
    request: ChatRequest, family: Family, thinks: bool, heated: bool, dropped: list[str]
) -> float | None:
    top_p = request.top_p
    if top_p is None or (top_p == 1 and (heated or thinks or not family.sampling)):
        return None
    # Newer models take one of temperature and top_p.
    crowded = heated and not family.both_samplers
    if not family.sampling or crowded or (thinks and top_p < MIN_TOP_P):
        lose(dropped, Feature.TOP_P)
        return None
    return top_p
