"""Documents that are text, for formats that take no others."""

import msgspec

from providers.bridging.fidelity import Feature
from providers.neutral.chat import ChatRequest, Document, Part, ToolResult
from providers.neutral.media import Data, as_text

Features = frozenset[Feature]


def wants_words(used: set[Feature], carries: Features) -> bool:
    """Whether a request has files for a format that takes text alone."""
    return (
        Feature.DOCUMENT_DATA in used
        and Feature.DOCUMENT_DATA not in carries
        and Feature.DOCUMENT_TEXT in carries
    )


def worded(request: ChatRequest) -> ChatRequest:
    """The request with the words of each file that is text."""
    messages = tuple(
        msgspec.structs.replace(message, parts=tuple(map(_worded, message.parts)))
        for message in request.messages
    )
    return msgspec.structs.replace(request, messages=messages)


def _worded(part: Part) -> Part:
    if isinstance(part, ToolResult):
        return msgspec.structs.replace(part, parts=tuple(map(_worded, part.parts)))
    if isinstance(part, Document) and isinstance(part.source, Data):
        words = as_text(part.source)
        return part if words is None else msgspec.structs.replace(part, source=words)
    return part
