"""Token counts as OpenAI says them, with what compatible providers say otherwise."""

from typing import Any

from providers.usage import Usage
from providers.wire.members import Json


def parse_usage(raw: Any) -> Usage | None:
    """The counts in a `usage` object; None where there are none."""
    if not isinstance(raw, dict):
        return None
    prompt, completion = _count(raw, "prompt_tokens"), _count(raw, "completion_tokens")
    total = _count(raw, "total_tokens")
    if prompt is None and completion is None:
        if "input_tokens" in raw or "output_tokens" in raw:
            return _newer(raw)
        if total is None:
            return None
    prompt = prompt or 0
    completion = max((total or 0) - prompt, 0) if completion is None else completion
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
    prompt, output = _count(raw, "input_tokens"), _count(raw, "output_tokens")
    if prompt is None and output is None:
        return None
    asked, made = _details(raw, "input"), _details(raw, "output")
    read, write = _cached(raw, asked)
    beside = "cache_read_input_tokens" in raw or "cache_creation_input_tokens" in raw
    prompt = (prompt or 0) + (read + write if beside else 0)
    reasoning = _first(made, "reasoning_tokens")
    return _usage(prompt, output or 0, (read, write), reasoning, (asked, made))


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


def _count(raw: Json, name: str) -> int | None:
    value = raw.get(name)
    if type(value) is int:
        return value if value >= 0 else None
    return int(value) if isinstance(value, float) and 0 <= value < 1e15 else None


def _first(raw: Json, *names: str) -> int:
    for name in names:
        if raw.get(name):
            return _count(raw, name) or 0
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
