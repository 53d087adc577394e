"""What an answer of Cohere's Generate API holds, and what is read of one.

https://docs.cohere.com/v1/reference/generate
"""

from providers.bridging.members import shape
from providers.bridging.unsaid import Answers, Told, words_alone

COUNTS = shape("input_tokens", "output_tokens")
META = shape("api_version", "cached_tokens", tokens=COUNTS, billed_units=COUNTS)
GENERATION = shape("id", "text", "index", "finish_reason", "likelihood", "token_likelihoods")
WHOLE = ("id", "prompt", "response_type")
READ = shape(*WHOLE, generations=GENERATION, meta=META)
EVENT = shape(
    "event_type",
    "is_finished",
    "finish_reason",
    "text",
    "index",
    response=shape(*WHOLE, generations=GENERATION, meta=META),
    meta=META,
)
"""Of a stream, whatever it says."""

ANSWERS = Answers(
    shows=words_alone,
    tells=frozenset({Told.CACHE_READ, Told.CHOICES, Told.LOGPROBS}),
    unstreamed=frozenset({Told.LOGPROBS}),
    read=READ,
)
