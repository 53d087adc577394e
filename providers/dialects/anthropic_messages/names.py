"""Words that several modules of this dialect share."""

from providers.chat import Finish
from providers.fidelity import Feature

NAME = "anthropic.messages"
FAMILY = "anthropic"
"""Whose signatures this dialect's provider recognises."""

OF_PREVIOUS = "prev:"
"""Begins the sealed value of a signature that belongs to the block before it.

Gemini signs texts and tool calls; text and tool_use blocks have no member for it. A
redacted_thinking block is what clients must send back unchanged, so it carries the signature.
"""

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


def lose(dropped: list[str], feature: Feature) -> None:
    """Names `feature` as lost, once."""
    if feature.value not in dropped:
        dropped.append(feature.value)
