"""Token counts as the Responses API says them."""

from providers.usage import Usage
from providers.wire.members import Json


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
