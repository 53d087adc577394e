"""What a chat answer holds, and what is read of one.

https://platform.openai.com/docs/api-reference/chat/object
"""

from providers.bridging.members import shape
from providers.bridging.unsaid import Answers, Told
from providers.dialects.openai.chat.calls import is_call
from providers.dialects.openai.chat.media import NAME
from providers.dialects.openai.citations import tells
from providers.neutral.chat import Audio, Citation, Document, Image, Native, Part, Video
from providers.neutral.media import Data, Url
from providers.neutral.web_search import Searched


def shows(part: Part) -> bool:
    """Whether a message can hold a part."""
    match part:
        case Image():
            return isinstance(part.source, Data | Url)
        case Audio():
            return isinstance(part.source, Data)
        case Native():
            return is_call(part)
        case Video() | Document() | Searched():
            return False
    return True


def cites(citation: Citation) -> bool:
    """Whether a client learns anything from the citation."""
    return tells(citation, NAME)


LISTED = shape("content")
"""Log probabilities; what is said of each token is read as it is."""
FUNCTION = shape("name", "arguments")
CALL = shape(
    "id", "type", "index", "extra_content", function=FUNCTION, custom=shape("name", "input")
)
CITED = shape("url", "title", "content", "start_index", "end_index", "type", "index")
ANNOTATION = shape("type", "index", url_citation=CITED)
AUDIO = shape("id", "data", "transcript", "expires_at")
MESSAGE = shape(
    "role",
    "content",
    "refusal",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "thinking_blocks",
    "extra_content",
    audio=AUDIO,
    images=shape("type", "index", image_url=shape("url")),
    annotations=ANNOTATION,
    function_call=FUNCTION,
    tool_calls=CALL,
)
"""Of a whole answer, or of a piece of a stream."""
CHOICE = shape(
    "index",
    "finish_reason",
    "native_finish_reason",  # the same, before OpenRouter gave it OpenAI's name
    "seed",  # drawn by Together, of use only there
    "stop_reason",
    "matched_stop",
    "error",
    "usage",
    logprobs=LISTED,
    message=MESSAGE,
    delta=MESSAGE,
)
COUNTS = (
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "input_tokens",
    "output_tokens",
    "prompt_cache_hit_tokens",
    "prompt_cache_miss_tokens",  # what is left of the prompt
    "cached_tokens",
    "num_cached_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "num_search_queries",
    "search_context_size",  # says the request again
    "cost_details",  # of what `cost` says
    "extra_properties",  # Google's kind of traffic
    # How long it took, at Groq.
    "queue_time",
    "prompt_time",
    "completion_time",
    "total_time",
)
DETAILS = shape(
    "audio_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "cache_creation_tokens",
    "reasoning_tokens",
    "text_tokens",  # what is left of them
)
USAGE = shape(
    *COUNTS,
    prompt_tokens_details=DETAILS,
    prompt_token_details=DETAILS,
    completion_tokens_details=DETAILS,
    completion_token_details=DETAILS,
    server_tool_use=shape("web_search_requests"),
)
READ = shape(
    "id",
    "object",  # says the format
    "created",
    "model",
    "service_tier",
    "error",
    "search_results",
    "citations",
    "obfuscation",  # fills packets, against those who count their bytes
    "system_fingerprint",  # a build of the provider's, of use beside its own `seed` alone
    "provider",  # who answered, behind OpenRouter
    # How long it took, at Cerebras and llama.cpp.
    "time_info",
    "timings",
    choices=CHOICE,
    usage=USAGE,
    x_groq=shape("id", "seed", "usage"),
)

ANSWERS = Answers(
    shows=shows,
    cites=cites,
    tells=frozenset(Told) - {Told.PLACES, Told.NAMESPACE, Told.SEARCHES},
    read=READ,
)
