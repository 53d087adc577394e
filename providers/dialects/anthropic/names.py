"""Words that several modules of this dialect share."""

from providers.neutral.chat import Finish

NAME = "anthropic.messages"
FAMILY = "anthropic"
"""Whose signatures this dialect's provider recognises."""

UNINDEXED = ""
"""The `encrypted_index` of a citation that another provider made; Anthropic's own have one."""

REASONS = {
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP_SEQUENCE,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "tool_use": Finish.TOOL_CALLS,
    "pause_turn": Finish.PAUSE,
    "compaction": Finish.PAUSE,
    "refusal": Finish.REFUSAL,
}

STOP_REASONS = {
    Finish.STOP: "end_turn",
    Finish.STOP_SEQUENCE: "stop_sequence",
    Finish.LENGTH: "max_tokens",
    Finish.TOOL_CALLS: "tool_use",
    Finish.CONTENT_FILTER: "refusal",
    Finish.REFUSAL: "refusal",
    Finish.PAUSE: "pause_turn",
    # There is no word for an answer that broke off; what came of it is incomplete.
    Finish.ERROR: "max_tokens",
}
