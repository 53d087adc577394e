"""Why a model stopped, in OpenAI's words and in those of compatible providers."""

from providers.chat import Finish

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

NAMES = {
    Finish.STOP: "stop",
    Finish.STOP_SEQUENCE: "stop",
    Finish.LENGTH: "length",
    Finish.TOOL_CALLS: "tool_calls",
    Finish.CONTENT_FILTER: "content_filter",
    Finish.REFUSAL: "content_filter",
    Finish.PAUSE: "stop",
    # The SDK knows no "error"; an answer that broke off without an error event is incomplete.
    Finish.ERROR: "length",
}


def parse_finish(reason: str) -> Finish:
    """The meaning of a provider's word; an unknown word is a plain stop."""
    return REASONS.get(reason, Finish.STOP)


def finish_name(finish: Finish, refused: bool) -> str:
    """OpenAI's word; an answer with a refusal's text in it is a plain stop."""
    return "stop" if refused and finish is Finish.REFUSAL else NAMES[finish]
