"""Token counts as the Responses API says them."""

from typing import Any

from providers.chat import Json
from providers.usage import Usage


def parse_usage(raw: Any) -> Usage | None:
    """The counts in a `usage` object; None where there are none."""
    if not isinstance(raw, dict):
        return None
    # Some compatible servers keep chat's words.
    input, output = (
        _first(raw, "input_tokens", "prompt_tokens"),
        _first(raw, "output_tokens", "completion_tokens"),
    )
    if input is None and output is None:
        return None
    asked, made = _details(raw, "input", "prompt"), _details(raw, "output", "completion")
    input, output = input or 0, output or 0
    read = min(_first(asked, "cached_tokens") or 0, input)
    return Usage(
        input=input,
        output=output,
        cache_read=read,
        cache_write=min(_first(asked, "cache_write_tokens") or 0, input - read),
        reasoning=min(_first(made, "reasoning_tokens") or 0, output),
        audio_input=min(_first(asked, "audio_tokens") or 0, input),
        audio_output=min(_first(made, "audio_tokens") or 0, output),
    )


def _details(raw: Json, *sides: str) -> Json:
    found = (raw.get(f"{side}_tokens_details") for side in sides)
    return next((value for value in found if isinstance(value, dict)), {})


def _first(raw: Json, *names: str) -> int | None:
    for name in names:
        value = raw.get(name)
        if type(value) is int and value >= 0:
            return value
        if isinstance(value, float) and 0 <= value < 1e15:
            return int(value)
    return None


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
