"""Token counts as OpenAI says them, with what compatible providers say otherwise."""

from typing import Any

import msgspec

from providers.usage import Units, Usage, count, told
from providers.wire.members import Json


def parse_usage(raw: Any) -> Usage | None:
    """The counts in a `usage` object; None where there are none."""
    if not isinstance(raw, dict):
        return None
    searches = _searches(raw)
    usage = _tokens(raw)
    if usage is None or not searches:
        return usage
    return msgspec.structs.replace(usage, units=Units(searches=searches))


def _searches(raw: Json) -> int:
    # https://docs.perplexity.ai/docs/sonar/pricing; OpenRouter says it as Anthropic does.
    served = raw.get("server_tool_use")
    if isinstance(served, dict):
        return count(served.get("web_search_requests")) or 0
    return count(raw.get("num_search_queries")) or 0


def _tokens(raw: Json) -> Usage | None:
    prompt, completion = count(raw.get("prompt_tokens")), count(raw.get("completion_tokens"))
    total = count(raw.get("total_tokens"))
    if prompt is None and completion is None and ("input_tokens" in raw or "output_tokens" in raw):
        return _newer(raw)
    if prompt is None or completion is None:
        return _part(prompt, completion, total)
    asked, made = _details(raw, "prompt"), _details(raw, "completion")
    read, write = _cached(raw, asked)
    reasoning = _first(made, "reasoning_tokens") or _first(raw, "reasoning_tokens")
    # xAI counts reasoning beside the completion, Anthropic-like proxies the cache beside the
    # prompt; the total tells.
    if reasoning and total == prompt + completion + reasoning:
        completion += reasoning
    elif read + write and total == prompt + completion + read + write:
        prompt += read + write
    return _usage(prompt, completion, (read, write), reasoning, (asked, made))


def _part(prompt: int | None, completion: int | None, total: int | None) -> Usage | None:
    """Where one of the two is not said, the total may tell it."""
    if total is None:
        return told(prompt, completion)
    if completion is None:
        completion = max(total - (prompt or 0), 0)
    return Usage(input=max(total - completion, 0), output=completion)


def _usage(
    prompt: int, completion: int, cache: tuple[int, int], reasoning: int, details: tuple[Json, Json]
) -> Usage:
    if not (cache[0] or cache[1] or reasoning or details[0] or details[1]):
        return Usage(input=prompt, output=completion)
    read = min(cache[0], prompt)
    return Usage(
        input=prompt,
        output=completion,
        cache_read=read,
        cache_write=min(cache[1], prompt - read),
        reasoning=min(reasoning, completion),
        audio_input=min(_first(details[0], "audio_tokens"), prompt),
        audio_output=min(_first(details[1], "audio_tokens"), completion),
    )


def _newer(raw: Json) -> Usage | None:
    """Counts in the words of Responses, or of Anthropic, whose input is without the cache."""
    prompt, output = count(raw.get("input_tokens")), count(raw.get("output_tokens"))
    if prompt is None or output is None:
        return told(prompt, output)
    asked, made = _details(raw, "input"), _details(raw, "output")
    read, write = _cached(raw, asked)
    beside = "cache_read_input_tokens" in raw or "cache_creation_input_tokens" in raw
    prompt += read + write if beside else 0
    reasoning = _first(made, "reasoning_tokens")
    return _usage(prompt, output, (read, write), reasoning, (asked, made))


def _cached(raw: Json, details: Json) -> tuple[int, int]:
    # DeepSeek: prompt_cache_hit_tokens; Moonshot, Together: cached_tokens beside the others;
    # Mistral: num_cached_tokens.
    read = _first(details, "cached_tokens") or _first(
        raw,
        "prompt_cache_hit_tokens",
        "cached_tokens",
        "num_cached_tokens",
        "cache_read_input_tokens",
    )
    write = _first(details, "cache_write_tokens", "cache_creation_tokens") or _first(
        raw, "cache_creation_input_tokens"
    )
    return read, write


def _details(raw: Json, side: str) -> Json:
    # Mistral writes it with and without the s.
    value = raw.get(f"{side}_tokens_details") or raw.get(f"{side}_token_details")
    return value if isinstance(value, dict) else {}


def _first(raw: Json, *names: str) -> int:
    for name in names:
        if raw.get(name):
            return count(raw[name]) or 0
    return 0


def render_usage(usage: Usage) -> Json:
    """The counts in the words of chat and completions, with every detail."""
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.total,
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write,
            "audio_tokens": usage.audio_input,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": usage.audio_output,
        },
    }
