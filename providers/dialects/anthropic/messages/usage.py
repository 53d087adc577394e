"""Token counts as the Messages API says them: input is without what the cache holds.

https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance
"""

from typing import Any

from providers.usage import Units, Usage, count
from providers.wire.members import Json


def parse_usage(raw: Any, *, estimated: bool = False) -> Usage | None:
    """The counts in a `usage` object, merged from all events; None where there are none."""
    if not isinstance(raw, dict):
        return None
    input, output = count(raw.get("input_tokens")), count(raw.get("output_tokens"))
    if input is None and output is None:
        return None
    read = count(raw.get("cache_read_input_tokens")) or 0
    write = count(raw.get("cache_creation_input_tokens")) or 0
    details = raw.get("output_tokens_details")
    thinking = count(details.get("thinking_tokens")) if isinstance(details, dict) else 0
    return Usage(
        input=(input or 0) + read + write,
        output=output or 0,
        cache_read=read,
        cache_write=write,
        reasoning=min(thinking or 0, output or 0),
        units=Units(searches=searches) if (searches := _searches(raw)) else None,
        estimated=estimated or input is None or output is None,
    )


def _searches(raw: Json) -> int:
    served = raw.get("server_tool_use")
    return (count(served.get("web_search_requests")) or 0) if isinstance(served, dict) else 0


def merge(known: Json, raw: Any) -> Json:
    """`known` with the numbers of a later event, which are cumulative and replace."""
    if not isinstance(raw, dict):
        return known
    fresh = {name: value for name, value in raw.items() if value is not None}
    unusable = [
        n for n in fresh if n.endswith("_tokens") and n in known and count(fresh[n]) is None
    ]
    return {**known, **{name: value for name, value in fresh.items() if name not in unusable}}


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
    if usage.units is not None and usage.units.searches:
        made = {"web_search_requests": usage.units.searches, "web_fetch_requests": 0}
        body["server_tool_use"] = made
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
