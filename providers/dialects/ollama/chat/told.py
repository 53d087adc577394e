"""What an Ollama chat answer holds, and what is read of one.

https://docs.ollama.com/api/chat
"""

from providers.bridging.members import shape
from providers.bridging.unsaid import Answers, Told
from providers.neutral.chat import Audio, Document, Image, Native, Part, Video
from providers.neutral.web_search import Searched


def shows(part: Part) -> bool:
    """Whether a message can hold a part; the SDK raises for pictures in an answer."""
    return not isinstance(part, Image | Audio | Video | Document | Native | Searched)


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

ANSWERS = Answers(shows=shows, tells=frozenset({Told.LOGPROBS, Told.TOP_LOGPROBS}), read=READ)
