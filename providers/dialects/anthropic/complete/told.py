"""What an answer of Anthropic's Text Completions API holds, and what is read of one.

https://platform.claude.com/docs/en/api/complete
"""

from providers.bridging.members import shape
from providers.bridging.unsaid import Answers, Told, words_alone

READ = shape(
    "id",
    "type",
    "model",
    "completion",
    "stop_reason",
    "stop",
    "log_id",
    "error",
    # Of versions before 2023-06-01.
    "exception",
    "truncated",
)

ANSWERS = Answers(shows=words_alone, tells=frozenset({Told.STOP_SEQUENCE}), read=READ)
