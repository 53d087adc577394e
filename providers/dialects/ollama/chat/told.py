"""What an Ollama chat answer holds, and what is read of one.

https://docs.ollama.com/api/chat
"""

from providers.bridging.members import shape
from providers.bridging.unsaid import Answers, Told, words_alone

CALL = shape("id", "type", function=shape("name", "arguments", "index"))
MESSAGE = shape("role", "content", "thinking", "images", tool_calls=CALL)
READ = shape(
    "model",
    "created_at",
    "done",
    "done_reason",
    "error",
    "logprobs",
    "prompt_eval_count",
    "eval_count",
    # How long it took.
    "total_duration",
    "load_duration",
    "prompt_eval_duration",
    "eval_duration",
    # Who answered, in Ollama's cloud.
    "remote_model",
    "remote_host",
    message=MESSAGE,
)

ANSWERS = Answers(
    shows=words_alone,
    tells=frozenset({Told.CALLS, Told.LOGPROBS, Told.TOP_LOGPROBS, Told.THINKING}),
    read=READ,
)
