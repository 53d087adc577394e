"""Where providers of OpenAI's chat format put their token counts."""

from providers.dialects.openai.usage import parse_usage
from providers.usage import Usage
from providers.wire.members import Json


def usage_of(answer: Json) -> Usage | None:
    """The counts of a whole answer or of a chunk, wherever the provider puts them."""
    usage = parse_usage(answer.get("usage"))
    if usage is not None:
        return usage
    # https://console.groq.com/docs/api-reference: the last chunk holds x_groq.usage.
    groq = answer.get("x_groq")
    if isinstance(groq, dict) and groq.get("usage"):
        return parse_usage(groq["usage"])
    # Moonshot puts it into the choice that finishes.
    choices = answer.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[-1], dict):
        return parse_usage(choices[-1].get("usage"))
    return None
