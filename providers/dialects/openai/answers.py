"""What answers in OpenAI's formats have in common."""

from typing import Any

DONE = b"data: [DONE]\n\n"
"""The last event of a stream of chat or completions."""


def seconds(value: Any) -> int:
    """A time; 0 where it is none."""
    return int(value) if isinstance(value, int | float) and 0 <= value < 1e12 else 0
