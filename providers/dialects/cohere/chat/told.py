"""What a Cohere chat answer holds, and what is read of one.

https://docs.cohere.com/v2/reference/chat
"""

from providers.bridging.members import shape
from providers.bridging.unsaid import Answers, Told, words_alone
from providers.dialects.cohere.chat.content import TEXTS

SOURCE = shape("type", "id", "tool_output", document=shape("id", "url", "title", *TEXTS))
CITATION = shape("type", "start", "end", "text", "content_index", sources=SOURCE)
MESSAGE = shape(
    "role",
    "tool_plan",
    content=shape("type", "text", "thinking"),
    citations=CITATION,
    tool_calls=shape("id", "type", function=shape("name", "arguments")),
)
COUNTS = shape("input_tokens", "output_tokens")
USAGE = shape("cached_tokens", tokens=COUNTS, billed_units=COUNTS)
READ = shape(
    "id",
    "finish_reason",
    "error",
    message=MESSAGE,
    usage=USAGE,
    logprobs=shape("text", "logprobs"),
)
EVENT = shape(
    "id",
    "type",
    "index",
    delta=shape("finish_reason", "error", message=MESSAGE, usage=USAGE),
    logprobs=shape("text", "logprobs"),
)
"""Of a stream, whatever it says."""
CITED = "message.citations (of thoughts)"
"""Citations of what the model thought have no place elsewhere."""

ANSWERS = Answers(
    shows=words_alone,
    tells=frozenset(
        {
            Told.CALLS,
            Told.CITATIONS,
            Told.QUOTES,
            Told.LOGPROBS,
            Told.SIGNATURES,
            Told.CACHE_READ,
            Told.STRETCHES,
            Told.THINKING,
        }
    ),
    read=READ,
)
