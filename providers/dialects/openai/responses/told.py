"""What an answer of the Responses API holds, and what is read of one.

https://platform.openai.com/docs/api-reference/responses/object
"""

from providers.bridging.members import Shape, shape
from providers.bridging.unsaid import Answers, Told
from providers.dialects.openai.citations import tells
from providers.dialects.openai.custom import call_of
from providers.dialects.openai.responses.media import NAME
from providers.dialects.openai.responses.response import ECHOED
from providers.dialects.openai.searches import CALL
from providers.neutral.chat import Audio, Citation, Document, Image, Native, Part, Video
from providers.neutral.media import Data
from providers.neutral.web_search import Searched


def shows(part: Part) -> bool:
    """Whether an output item can hold a part; sound has no place, only its words."""
    match part:
        case Image():
            return isinstance(part.source, Data)
        case Native():
            return part.dialect == NAME or call_of(part) is not None
        case Searched():
            return part.dialect == NAME or bool(part.queries)
        case Audio() | Video() | Document():
            return False
    return True


def cites(citation: Citation) -> bool:
    """Whether a client learns anything from the citation."""
    return tells(citation, NAME)


CITED = ("type", "url", "title", "content", "start_index", "end_index")
ANNOTATION = Shape(
    kinds={
        "url_citation": shape(*CITED),
        "file_citation": shape("type", "filename", "index"),
        "container_file_citation": shape("type", "filename", "start_index", "end_index"),
        "file_path": shape("type", "index"),
    }
)
CONTENT = shape("type", "text", "refusal", "logprobs", "extra_content", annotations=ANNOTATION)
SAID = ("id", "type", "status")
"""What nearly every item says; whether it is done shows itself."""
ITEM = Shape(
    kinds={
        "message": shape(*SAID, "role", content=CONTENT),
        "reasoning": shape(*SAID, "summary", "content", "encrypted_content"),
        "function_call": shape(*SAID, "call_id", "name", "arguments", "namespace", "extra_content"),
        "image_generation_call": shape(*SAID, "result", "output_format"),
        CALL: shape(*SAID, action=shape("type", "query", "queries", sources=shape("type", "url"))),
    }
)
"""Items of other kinds are parts of their own."""
USAGE = shape(
    "input_tokens",
    "output_tokens",
    "total_tokens",
    input_tokens_details=shape("cached_tokens", "cache_write_tokens", "audio_tokens"),
    output_tokens_details=shape("reasoning_tokens", "audio_tokens"),
)
READ = shape(
    *ECHOED,
    "id",
    "object",
    "created_at",
    "completed_at",
    "model",
    "status",
    "incomplete_details",
    "error",
    "service_tier",
    "billing",  # who pays
    # Said by the client, and said again.
    "background",
    "conversation",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    output=ITEM,
    usage=USAGE,
)

ANSWERS = Answers(
    shows=shows,
    cites=cites,
    tells=frozenset(Told)
    - {
        Told.CHOICES,
        Told.PLACES,
        Told.SOUND,
        Told.STOP_SEQUENCE,
        Told.AUDIO_TOKENS,
        Told.HANDLE,
        Told.SOURCES,
        Told.SEARCHES,
    },
    read=READ,
)
