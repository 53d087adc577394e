"""Why a model stopped, in OpenAI's words and in those of compatible providers."""

from typing import Any

from providers.neutral.chat import Finish

REASONS = {
    "stop": Finish.STOP,
    "length": Finish.LENGTH,
    "tool_calls": Finish.TOOL_CALLS,
    "function_call": Finish.TOOL_CALLS,
    "content_filter": Finish.CONTENT_FILTER,
    "error": Finish.ERROR,
    # Together, Mistral, vLLM, Hunyuan, DashScope, and Gemini's own words seen through proxies.
    "eos": Finish.STOP,
    "model_length": Finish.LENGTH,
    "max_tokens": Finish.LENGTH,
    "MAX_TOKENS": Finish.LENGTH,
    "STOP": Finish.STOP,
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP_SEQUENCE,
    "tool_use": Finish.TOOL_CALLS,
    "refusal": Finish.REFUSAL,
    "sensitive": Finish.CONTENT_FILTER,
    "SAFETY": Finish.CONTENT_FILTER,
    "insufficient_system_resource": Finish.ERROR,
}


def parse_finish(reason: Any) -> Finish | None:
    """The meaning of a provider's word; an unknown word is a plain stop, none is None."""
    if not isinstance(reason, str) or not reason:
        return None
    return REASONS.get(reason, Finish.STOP)
