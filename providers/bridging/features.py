"""Which features a request makes use of."""

from collections.abc import Iterator
from operator import attrgetter

from providers.bridging.fidelity import PLAIN, Feature
from providers.neutral.chat import (
    Audio,
    ChatRequest,
    Document,
    Image,
    Message,
    Native,
    NativeTool,
    Part,
    Refusal,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolMode,
    ToolResult,
    Video,
)
from providers.neutral.media import Data, FileId, PlainText, Url
from providers.neutral.web_search import Searched

IMPLIED = {Feature.N: 1, Feature.LOGPROBS: False, Feature.TOP_LOGPROBS: 0}
"""Values that ask for nothing."""
FIELDS = tuple((feature, ((), IMPLIED.get(feature, ()))) for feature in PLAIN)
VALUES = attrgetter(*(feature.value for feature in PLAIN))
"""A request → what is said in each of `FIELDS`."""

MEANINGS = attrgetter("output", "modalities", "previous_response_id", "cache", "reasoning")
"""A request → what says that it means more than `FIELDS`."""

SOURCES = {Data: "data", Url: "url", FileId: "file_id", PlainText: "text"}


def used(request: ChatRequest) -> set[Feature]:
    """Every feature that `request` makes use of."""
    found = {*_plain(request), *_messages(request.messages)}
    if request.tools or request.tool_choice is not None:
        found.update(_tools(request))
    if any(MEANINGS(request)):
        found.update(_meaning(request))
    return found


def _plain(request: ChatRequest) -> list[Feature]:
    said = zip(FIELDS, VALUES(request), strict=True)
    return [feature for (feature, idle), value in said if value is not None and value not in idle]


def _tools(request: ChatRequest) -> Iterator[Feature]:
    for tool in request.tools:
        if isinstance(tool, NativeTool):
            yield Feature.NATIVE_TOOLS
        elif isinstance(tool, Tool):
            if tool.strict:
                yield Feature.TOOL_STRICT
            yield from _cache(tool)
    choice = request.tool_choice
    if choice is not None:
        if choice.mode is not ToolMode.AUTO and (request.tools or choice.mode is not ToolMode.NONE):
            yield Feature(f"tool_choice.{choice.mode}")
        if choice.allowed:
            yield Feature.TOOL_CHOICE_ALLOWED
    if request.parallel_tool_calls is False and request.tools:
        yield Feature.PARALLEL_TOOL_CALLS


def _meaning(request: ChatRequest) -> Iterator[Feature]:
    if request.output is not None:
        yield Feature.JSON_MODE if request.output.schema is None else Feature.JSON_SCHEMA
    if "image" in request.modalities:
        yield Feature.IMAGE_OUTPUT
    if "audio" in request.modalities:
        yield Feature.AUDIO_OUTPUT
    if request.previous_response_id:
        yield Feature.PREVIOUS_RESPONSE
    yield from _cache(request)
    yield from _reasoning(request)


def _reasoning(request: ChatRequest) -> Iterator[Feature]:
    reasoning = request.reasoning
    if reasoning is None:
        return
    if reasoning.off:
        yield Feature.REASONING_OFF
    else:
        # A budget that the model may choose itself says no more than the effort beside it.
        if reasoning.budget is not None and (reasoning.budget >= 0 or reasoning.effort is None):
            yield Feature.REASONING_BUDGET
        if reasoning.effort is not None:
            yield Feature.REASONING_EFFORT
    if reasoning.show is not None:
        yield Feature.REASONING_SHOW
    if reasoning.summary is not None:
        yield Feature.REASONING_SUMMARY


def _messages(messages: tuple[Message, ...]) -> list[Feature]:
    found: list[Feature] = []
    for message in messages:
        if message.name is not None:
            found.append(Feature.MESSAGE_NAME)
        if message.role is Role.SYSTEM or message.role is Role.DEVELOPER:
            found.append(Feature.SYSTEM)
        for part in message.parts:
            if type(part) is not Text or part.citations or part.cache is not None:
                found += _part(part)
    return found


def _part(part: Part) -> Iterator[Feature]:
    match part:
        case Text():
            if part.citations:
                yield Feature.CITATIONS
        case Image() | Audio() | Video() | Document():
            yield from _media(part)
        case ToolResult():
            yield from _result(part)
        case Thinking():
            yield Feature.THINKING
            return
        case Refusal():
            yield Feature.REFUSAL
            return
        case Native():
            yield Feature.NATIVE_TOOLS
            return
        case Searched():
            return
        case ToolCall():
            pass
    yield from _cache(part)


def _media(part: Image | Audio | Video | Document) -> Iterator[Feature]:
    kind = type(part).__name__.lower()
    yield Feature(f"{kind}.{SOURCES[type(part.source)]}")
    if isinstance(part, Image) and part.detail not in (None, "auto"):
        yield Feature.IMAGE_DETAIL
    if isinstance(part, Document):
        if part.name is not None:
            yield Feature.DOCUMENT_NAME
        if part.context is not None:
            yield Feature.DOCUMENT_CONTEXT
        if part.cite:
            yield Feature.DOCUMENT_CITE


def _result(part: ToolResult) -> Iterator[Feature]:
    if part.is_error:
        yield Feature.TOOL_RESULT_ERROR
    for inner in part.parts:
        if not isinstance(inner, Text):
            yield Feature.TOOL_RESULT_MEDIA
        yield from _part(inner)


def _cache(
    marked: ChatRequest | Tool | Text | Image | Audio | Video | Document | ToolCall | ToolResult,
) -> Iterator[Feature]:
    if marked.cache is not None:
        yield Feature.CACHE
        if marked.cache.ttl is not None:
            yield Feature.CACHE_TTL
