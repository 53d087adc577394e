"""Token counts as the Messages API says them: input is without what the cache holds.

https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance
"""

from typing import Any

from providers.usage import Usage
from providers.wire.members import Json


def parse_usage(raw: Any, *, estimated: bool = False) -> Usage | None:
    """The counts in a `usage` object, merged from all events; None where there are none."""
    if not isinstance(raw, dict) or not ("output_tokens" in raw or "input_tokens" in raw):
        return None
    read, write = _count(raw, "cache_read_input_tokens"), _count(raw, "cache_creation_input_tokens")
    output = _count(raw, "output_tokens")
    details = raw.get("output_tokens_details")
    thinking = _count(details, "thinking_tokens") if isinstance(details, dict) else 0
    return Usage(
        input=_count(raw, "input_tokens") + read + write,
        output=output,
        cache_read=read,
        cache_write=write,
        reasoning=min(thinking, output),
        estimated=estimated,
    )


def _count(raw: Json, name: str) -> int:
    value = raw.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e15:
        return int(value)
    return 0


def merge(known: Json, raw: Any) -> Json:
    """`known` with the numbers of a later event, which are cumulative and replace."""
    if not isinstance(raw, dict):
        return known
    return {**known, **{name: value for name, value in raw.items() if value is not None}}


def render_usage(usage: Usage | None) -> Json:
    """The counts as this format says them; zeros where nothing is known."""
    if usage is None:
        return {"input_tokens": 0, "output_tokens": 0}
    body: Json = {
        "input_tokens": max(usage.input - usage.cache_read - usage.cache_write, 0),
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output,
    }
    if usage.reasoning:
        body["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return body


# `auto` and `standard_only` are what is asked; an answer says what was given. The neutral words
# are OpenAI's. https://platform.claude.com/docs/en/api/service-tiers
GIVEN_TIERS = {"standard": "default"}
SHOWN_TIERS = {"default": "standard", "priority": "priority", "batch": "batch"}


def parse_tier(raw: Any) -> str | None:
    """The neutral word for the tier that a `usage` object names."""
    tier = raw.get("service_tier") if isinstance(raw, dict) else None
    return GIVEN_TIERS.get(tier, tier) if isinstance(tier, str) else None


def with_tier(usage: Json, tier: str | None) -> Json:
    """`usage` with the tier, where this format has a word for it."""
    shown = SHOWN_TIERS.get(tier or "")
    return {**usage, "service_tier": shown} if shown else usage
