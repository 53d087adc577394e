"""What an answer of Converse holds, and what is read of one.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from providers.bridging.members import shape
from providers.bridging.unsaid import Answers, Told
from providers.dialects.bedrock.converse.response import IMAGE_TYPES
from providers.dialects.bedrock.names import NAME
from providers.neutral.chat import Audio, Document, Image, Native, Part, Video
from providers.neutral.media import Data
from providers.neutral.web_search import Searched


def shows(part: Part) -> bool:
    """Whether a content block can hold a part; a stream has pictures, and no other media."""
    match part:
        case Image(source=Data(media_type=media_type)):
            return media_type in IMAGE_TYPES
        case Image() | Audio() | Video() | Document() | Searched():
            return False
        case Native():
            return part.dialect == NAME
    return True


SPAN = shape("start", "end", "documentIndex")
LOCATION = shape(
    web=shape("url"),
    documentChar=SPAN,
    documentPage=SPAN,
    documentChunk=SPAN,
    searchResultLocation=shape("start", "end", "searchResultIndex"),
)
CITATION = shape("title", "source", "sourceContent", location=LOCATION)
BLOCK = shape(
    "text",
    "toolResult",
    "image",
    "audio",
    "video",
    "document",
    "guardContent",
    "cachePoint",
    "searchResult",
    "toolAddition",
    "toolRemoval",
    toolUse=shape("toolUseId", "name", "input", "type"),
    reasoningContent=shape("redactedContent", reasoningText=shape("text", "signature")),
    citationsContent=shape("content", citations=CITATION),
)
"""What is of no other dialect is a part of its own, and lost as such."""
USAGE = shape(
    "inputTokens",
    "outputTokens",
    "totalTokens",
    "cacheReadInputTokens",
    "cacheWriteInputTokens",
    "cacheReadInputTokenCount",
    "cacheWriteInputTokenCount",
)
READ = shape(
    "stopReason",
    "serviceTier",
    "metrics",  # how long it took
    additionalModelResponseFields=shape("stop_sequence"),
    output=shape(message=shape("role", content=BLOCK)),
    usage=USAGE,
)
ENDING = shape("stopReason", "p", additionalModelResponseFields=shape("stop_sequence"))
"""The event that says why an answer ends; `p` fills packets."""
TOLD = shape("serviceTier", "metrics", "p", usage=USAGE)
"""The event that says what was used."""

ANSWERS = Answers(
    shows=shows,
    tells=frozenset(Told)
    - {
        Told.AUDIO_TOKENS,
        Told.CHOICES,
        Told.HANDLE,
        Told.STRETCHES,
        Told.LOGPROBS,
        Told.NAMESPACE,
        Told.REASONING_TOKENS,
        Told.SEARCHES,
        Told.SOUND,
        Told.TOP_LOGPROBS,
    },
    tiers=frozenset({"default", "priority", "flex", "reserved"}),
    read=READ,
)
