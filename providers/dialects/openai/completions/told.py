"""What a text completion holds, and what is read of one.

https://platform.openai.com/docs/api-reference/completions/object
"""

from providers.bridging.members import shape
from providers.bridging.unsaid import Answers, Told, words_alone
from providers.dialects.openai.chat.told import READ as CHATS
from providers.dialects.openai.chat.told import USAGE

CHOICE = shape(
    "index",
    "text",
    "finish_reason",
    "logprobs",
    # Those of servers of open models, which say more closely why a text ends.
    "native_finish_reason",
    "stop_reason",
    "matched_stop",
    "seed",  # drawn by Together, of use only there
    "error",
)
READ = shape(
    *(CHATS.known - {"choices", "usage", "service_tier", "search_results", "citations"}),
    choices=CHOICE,
    usage=USAGE,
)

ANSWERS = Answers(
    shows=words_alone,
    tells=frozenset(
        {
            Told.AUDIO_TOKENS,
            Told.CACHE_READ,
            Told.CACHE_WRITE,
            Told.CHOICES,
            Told.LOGPROBS,
            Told.REASONING_TOKENS,
            Told.TOP_LOGPROBS,
        }
    ),
    read=READ,
)
