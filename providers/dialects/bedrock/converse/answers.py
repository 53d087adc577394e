"""What an answer's few words mean: stop reasons and token counts, both ways."""

from collections.abc import Mapping
from typing import Any

from providers.neutral.chat import Finish
from providers.usage import Usage, count
from providers.wire.members import Json

REASONS = {
    "end_turn": Finish.STOP,
    "tool_use": Finish.TOOL_CALLS,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "stop_sequence": Finish.STOP_SEQUENCE,
    "guardrail_intervened": Finish.CONTENT_FILTER,
    "content_filtered": Finish.CONTENT_FILTER,
    "malformed_model_output": Finish.ERROR,
    "malformed_tool_use": Finish.ERROR,
    # Claude's own words, should they come through.
    "refusal": Finish.REFUSAL,
    "pause_turn": Finish.PAUSE,
}
NAMES = {
    Finish.STOP: "end_turn",
    Finish.STOP_SEQUENCE: "stop_sequence",
    Finish.LENGTH: "max_tokens",
    Finish.TOOL_CALLS: "tool_use",
    Finish.CONTENT_FILTER: "content_filtered",
    Finish.REFUSAL: "content_filtered",
    Finish.PAUSE: "end_turn",
    Finish.ERROR: "malformed_model_output",
}


def parse_finish(reason: Any) -> Finish:
    """The meaning of a stop reason; an unknown one is a plain stop."""
    return REASONS.get(reason, Finish.STOP) if isinstance(reason, str) else Finish.STOP


WINDOW = "model_context_window_exceeded"
"""A word that Claude's own API has too, as `stop_reason`."""


def native_stop(reason: Any) -> Json:
    """A stop reason that says more than its neutral meaning."""
    return {"stop_reason": reason} if reason == WINDOW else {}


def render_finish(finish: Finish | None, calls: bool, native: Mapping[str, Any]) -> str:
    """The stop reason; some providers say a plain stop where the model calls tools."""
    if calls and finish in (Finish.STOP, None):
        return NAMES[Finish.TOOL_CALLS]
    if native.get("stop_reason") == WINDOW:
        return WINDOW
    return NAMES[finish or Finish.STOP]


def parse_usage(raw: Any) -> Usage | None:
    """The counts in a `usage` object; `inputTokens` is without the cache.

    https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
    """
    if not isinstance(raw, dict):
        return None
    input, output = count(raw.get("inputTokens")), count(raw.get("outputTokens"))
    if input is None and output is None:
        return None
    # The suffix "Count" is that of Bedrock's first models with caching.
    read, write = _cached(raw, "cacheReadInputToken"), _cached(raw, "cacheWriteInputToken")
    return Usage(
        input=(input or 0) + read + write,
        output=output or 0,
        cache_read=read,
        cache_write=write,
        estimated=input is None or output is None,
    )


def _cached(raw: Json, name: str) -> int:
    return count(raw.get(f"{name}s")) or count(raw.get(f"{name}Count")) or 0


def render_usage(usage: Usage) -> Json:
    """The counts as Converse says them."""
    raw = {
        "inputTokens": max(usage.input - usage.cache_read - usage.cache_write, 0),
        "outputTokens": usage.output,
        "totalTokens": usage.total,
    }
    if usage.cache_read or usage.cache_write:
        raw["cacheReadInputTokens"] = usage.cache_read
        raw["cacheWriteInputTokens"] = usage.cache_write
    return raw
