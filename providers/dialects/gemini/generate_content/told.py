"""What an answer of generateContent holds, and what is read of one.

https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse
"""

from providers.bridging.members import shape
from providers.bridging.unsaid import Answers, Told
from providers.dialects.gemini.names import NAME
from providers.neutral.chat import Audio, Document, Image, Native, Part, Video
from providers.neutral.media import Data
from providers.neutral.web_search import Searched


def shows(part: Part) -> bool:
    """Whether a part of the neutral conversation is one here."""
    match part:
        case Image() | Audio() | Video():
            return isinstance(part.source, Data)
        case Document():
            return False
        case Native():
            return part.dialect == NAME
        case Searched():
            return part.dialect == NAME or bool(part.queries)
    return True


PART = shape(
    "text",
    "thought",
    "thoughtSignature",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
    "functionResponse",
    inlineData=shape("data", "mimeType"),
    fileData=shape("fileUri", "mimeType"),
    functionCall=shape("id", "name", "args", "partialArgs", "willContinue"),
)
"""What is of no other dialect is a part of its own, and lost as such."""
SOURCE = shape("uri", "title")
CHUNK = shape(web=SOURCE, retrievedContext=SOURCE, maps=SOURCE, image=shape("title"))
SEGMENT = shape("partIndex", "startIndex", "endIndex", "text")
GROUNDING = shape(
    "webSearchQueries",
    groundingChunks=CHUNK,
    groundingSupports=shape("groundingChunkIndices", segment=SEGMENT),
)
CITED = shape("uri", "title", "startIndex", "endIndex")
CANDIDATE = shape(
    "index",
    "finishReason",
    "avgLogprobs",  # follows from the others
    "tokenCount",  # of all candidates, in the usage
    content=shape("role", parts=PART),
    groundingMetadata=GROUNDING,
    citationMetadata=shape(citations=CITED, citationSources=CITED),
    safetyRatings=shape("category", "probabilityScore", "severityScore"),
    logprobsResult=shape("chosenCandidates", "topCandidates", "logProbabilitySum"),
)
COUNTED = shape("modality", "tokenCount")
USAGE = shape(
    "promptTokenCount",
    "candidatesTokenCount",
    "totalTokenCount",
    "thoughtsTokenCount",
    "cachedContentTokenCount",
    "toolUsePromptTokenCount",
    "trafficType",
    promptTokensDetails=COUNTED,
    candidatesTokensDetails=COUNTED,
)
READ = shape(
    "responseId",
    "modelVersion",
    "createTime",
    "error",
    candidates=CANDIDATE,
    promptFeedback=shape("blockReason"),
    usageMetadata=USAGE,
)

ANSWERS = Answers(
    shows=shows,
    tells=frozenset(Told)
    - {
        Told.CACHE_WRITE,
        Told.HANDLE,
        Told.SOURCES,
        Told.NAMESPACE,
        Told.PLACES,
        Told.QUOTES,
        Told.SEARCHES,
        Told.SERVICE_TIER,
        Told.STOP_SEQUENCE,
    },
    read=READ,
)
