"""What an answer of Text Generation Inference holds, and what is read of one.

https://huggingface.github.io/text-generation-inference/
"""

from providers.bridging.members import shape
from providers.bridging.unsaid import Answers, Told, words_alone

DETAILS = shape(
    "finish_reason",
    "generated_tokens",
    "input_length",
    "prefill",
    "seed",  # drawn by the server, of use only there
    "tokens",
    "top_tokens",
)
ANSWER = shape("generated_text", "error", "error_type", details=DETAILS)
READ = shape(*ANSWER.known, data=ANSWER, details=DETAILS)
EVENT = shape("index", "token", "top_tokens", "generated_text", details=DETAILS)
"""Of a stream, whatever it says."""

ANSWERS = Answers(
    shows=words_alone,
    tells=frozenset({Told.LOGPROBS, Told.TOP_LOGPROBS}),
    read=READ,
)
