"""Token counts as the Responses API says them."""

import msgspec

from providers.dialects.openai.searches import made
from providers.dialects.openai.usage import parse_usage
from providers.usage import Units, Usage
from providers.wire.members import Json, dicts


def usage_of(response: Json) -> Usage | None:
    """The counts of an answer, with the searches that its items tell of."""
    usage, searches = parse_usage(response.get("usage")), made(dicts(response.get("output")))
    if usage is None or not searches:
        return usage
    return msgspec.structs.replace(usage, units=Units(searches=searches))


def render_usage(usage: Usage) -> Json:
    """The counts with the details that the SDK's types demand."""
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write,
        },
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total,
    }
