"""Members of a client's JSON that OpenAI and its gateways write in their own ways."""

from typing import Any

from providers import members
from providers.chat import Cache, Json


def strings(owner: Json, name: str, at: str = "") -> tuple[str, ...]:
    """The strings of an array; a lone string is an array of one."""
    value = owner.get(name)
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise members.wrong(at + name, "a string or an array of strings")
    return tuple(value)


def cache(owner: Json, at: str) -> Cache | None:
    """The marker `cache_control` (OpenRouter, LiteLLM) or `prompt_cache_breakpoint` (OpenAI).

    https://openrouter.ai/docs/features/prompt-caching
    """
    for name in ("cache_control", "prompt_cache_breakpoint"):
        marker = members.mapping(owner, name, at)
        if marker is not None:
            return Cache(ttl=members.text(marker, "ttl", f"{at}{name}."))
    return None


def optional(**named: Any) -> Json:
    """The members that say something: no None, no empty list."""
    return {name: value for name, value in named.items() if value is not None and value != []}
