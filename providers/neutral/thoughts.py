"""Thoughts that are plain text: nobody signed them, so any model may be told them again.

DeepSeek, Kimi and gpt-oss want theirs back while they call tools, and most clients keep the words
and nothing else.
"""

from providers.neutral.chat import Thinking

PLAIN = frozenset({"thinking", "reasoning", "reasoning_content"})
"""What stands in the place of a signature, where a format says only where the thoughts were."""


def is_plain(thinking: Thinking) -> bool:
    """Whether a thought has words and no signature that anybody would check."""
    signature = thinking.signature
    if thinking.redacted is not None or not thinking.text:
        return False
    return signature is None or signature.value in PLAIN
