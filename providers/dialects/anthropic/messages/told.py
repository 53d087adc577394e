"""What a message that answers holds, and what is read of one.

https://platform.claude.com/docs/en/api/messages
"""

from providers.bridging.members import Shape, shape
from providers.bridging.unsaid import Answers, Told
from providers.dialects.anthropic.messages.citations import PLACES
from providers.dialects.anthropic.messages.usage import SHOWN_TIERS
from providers.dialects.anthropic.names import NAME
from providers.neutral.chat import Audio, Document, Image, Native, Part, Video


def shows(part: Part) -> bool:
    """Whether a content block can hold a part; an answer has no pictures."""
    match part:
        case Image() | Audio() | Video() | Document():
            return False
        case Native():
            return part.dialect == NAME
    return True


CITED = ("type", "cited_text", "document_title", "title", "source", "url")
CITATION = shape(*CITED, *(name for _, *names in PLACES.values() for name in names))
CONTENT = Shape(
    kinds={
        "text": shape("type", "text", citations=CITATION),
        "thinking": shape("type", "thinking", "signature"),
        "redacted_thinking": shape("type", "data"),
        "tool_use": shape("type", "id", "name", "input"),
    }
)
USAGE = shape(
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "service_tier",
    cache_creation=shape("ephemeral_5m_input_tokens"),  # what is left of all that was written
    output_tokens_details=shape("thinking_tokens"),
    server_tool_use=shape("web_search_requests"),
)
READ = shape(
    "id", "type", "role", "model", "stop_reason", "stop_sequence", content=CONTENT, usage=USAGE
)
BLOCK = shape("type", "index", content_block=CONTENT)
"""The event with which a block begins."""
ENDING = shape(
    "type",
    "index",
    delta=shape("stop_reason", "stop_sequence"),
    usage=USAGE,
)
"""The event that says why an answer ends."""

ANSWERS = Answers(
    shows=shows,
    tells=frozenset(Told)
    - {
        Told.AUDIO_TOKENS,
        Told.CHOICES,
        Told.HANDLE,
        Told.STRETCHES,
        Told.LOGPROBS,
        Told.TOP_LOGPROBS,
        Told.NAMESPACE,
        Told.SOUND,
    },
    tiers=frozenset(SHOWN_TIERS),
    read=READ,
)
