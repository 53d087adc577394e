"""Messages and system prompt for the provider: two roles in turn, no blank text, user first."""

from collections.abc import Iterable
from typing import Any

import orjson

from providers.bridging.fidelity import Feature, lose
from providers.dialects.bedrock.converse import citations
from providers.dialects.bedrock.converse.blocks import render_blob
from providers.dialects.bedrock.converse.documents import (
    DocumentNames,
    render_document,
    render_search_result,
)
from providers.dialects.bedrock.converse.thinking import ours
from providers.dialects.bedrock.converse.tools import Marker, call_id
from providers.dialects.bedrock.media import render_media
from providers.dialects.bedrock.names import NAME
from providers.errors import Unsupported
from providers.models.bedrock import Family
from providers.neutral.chat import (
    Audio,
    ChatRequest,
    Document,
    Image,
    Message,
    Native,
    Part,
    Refusal,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from providers.neutral.media import PlainText
from providers.neutral.turns import GREETING
from providers.neutral.web_search import Searched
from providers.wire.members import Json

SPEAKERS = {Role.USER: "user", Role.TOOL: "user", Role.ASSISTANT: "assistant"}
IN_PLACE = ("toolAddition", "toolRemoval")
"""Blocks that only a system message in mid-conversation may hold."""


class Conversation:
    """Collects `system` and `messages`, turn by turn."""

    def __init__(self, family: Family, marker: Marker, dropped: list[str]) -> None:
        self.system: list[Json] = []
        self.messages: list[Json] = []
        self.names = DocumentNames()
        self._family = family
        self._marker = marker
        self._dropped = dropped

    def add(self, message: Message) -> None:
        """One message; a run of one speaker becomes one turn."""
        speaker = SPEAKERS.get(message.role)
        if speaker is None:
            self._instruct(message)
            return
        content = self._turn(speaker)
        for part in message.parts:
            if type(part) is Text and part.cache is None and not part.citations:
                if not blank(part.text):
                    content.append({"text": part.text})
                continue
            self._part(content, part, speaker)

    def _turn(self, speaker: str) -> list[Json]:
        if not self.messages or self.messages[-1]["role"] != speaker:
            self.messages.append({"role": speaker, "content": []})
        content: list[Json] = self.messages[-1]["content"]
        return content

    def _instruct(self, message: Message) -> None:
        """Instructions go to the front, where every model takes them."""
        natives = [part for part in message.parts if isinstance(part, Native)]
        if any(name in part.value for part in natives for name in IN_PLACE):
            turn: Json = {"role": "system", "content": []}
            self.messages.append(turn)
            target = turn["content"]
        else:
            target = self.system
        for part in message.parts:
            if not isinstance(part, Text | Native):
                kind = type(part).__name__.lower()
                raise Unsupported(f"a system message cannot hold {kind} parts", param="system")
            self._part(target, part, "system")

    def _part(self, content: list[Json], part: Part, speaker: str) -> None:
        block = self._block(part, speaker)
        if block is not None:
            content.append(block)
        cache = getattr(part, "cache", None)
        if isinstance(part, ToolResult):
            # A cache point inside a result has no place in Converse: it stands behind the result.
            inner = (getattr(child, "cache", None) for child in part.parts)
            cache = cache or next(filter(None, inner), None)
        if cache is not None and content and "cachePoint" not in content[-1]:
            content.extend(self._marker.point(cache, "toolResult" in content[-1]))

    def _block(self, part: Part, speaker: str) -> Json | None:
        match part:
            case Text():
                return self._text(part, speaker)
            case Refusal(text=text):
                return None if blank(text) else {"text": text}
            case ToolCall():
                return self._call(part)
            case ToolResult():
                return self._result(part)
            case Thinking():
                return self._thinking(part, speaker)
            case Native(dialect=dialect, value=value) | Searched(dialect=dialect, value=value):
                if dialect != NAME:
                    param = Feature.NATIVE_TOOLS.value
                    raise Unsupported(
                        f"{param}: a part of {dialect} has no place here", param=param
                    )
                return dict(value)
            case Image() | Document() | Video() | Audio():
                return self._media(part, speaker)

    def _text(self, part: Text, speaker: str) -> Json | None:
        # "The text field in the ContentBlock object at … is blank. Add text to the text field."
        if blank(part.text):
            return None
        own = [citation for citation in part.citations if citations.knows(citation)]
        cited = speaker == "assistant" and bool(own)
        # Another provider's citations point into documents as that provider counts them.
        if len(own) < len(part.citations) or (own and not cited):
            self._dropped.append(Feature.CITATIONS.value)
        return citations.render_block(part.text, own) if cited else {"text": part.text}

    def _call(self, part: ToolCall) -> Json:
        return {
            "toolUse": {
                "toolUseId": call_id(part.id),
                "name": part.name,
                "input": self._input(part.arguments),
            }
        }

    def _input(self, arguments: str) -> Json:
        """Models demand an object; what a model wrote otherwise is kept as its only member."""
        try:
            value = orjson.loads(arguments) if arguments.strip() else {}
        except ValueError:
            value = arguments
        if isinstance(value, dict):
            return value
        self._dropped.append("messages.tool_calls.arguments")
        return {"arguments": value}

    def _result(self, part: ToolResult) -> Json:
        content = [
            block for child in part.parts if (block := self._within_result(child)) is not None
        ]
        result: Json = {"toolUseId": call_id(part.call_id), "content": content}
        if part.is_error and self._family.errors:
            result["status"] = "error"
        elif part.is_error:
            self._dropped.append(Feature.TOOL_RESULT_ERROR.value)
        return {"toolResult": result}

    def _within_result(self, part: Part) -> Json | None:
        if isinstance(part, Audio | ToolCall | ToolResult | Thinking):
            param = Feature.TOOL_RESULT_MEDIA.value
            kind = type(part).__name__.lower()
            raise Unsupported(f"{param}: a tool result cannot hold {kind} parts", param=param)
        return self._block(part, "user")

    def _thinking(self, part: Thinking, speaker: str) -> Json | None:
        if speaker != "assistant" or not (self._family.signs and ours(part)):
            self._dropped.append(Feature.THINKING.value)
            return None
        if part.redacted is not None:
            return {"reasoningContent": {"redactedContent": render_blob(part.redacted)}}
        text: Json = {"text": part.text}
        if part.signature is not None:
            text["signature"] = part.signature.value
        return {"reasoningContent": {"reasoningText": text}}

    def _media(self, part: Image | Document | Video | Audio, speaker: str) -> Json | None:
        kind = type(part).__name__.lower()
        if speaker != "user":
            if isinstance(part, Audio) and part.transcript:
                self._dropped.append("messages.audio")
                return {"text": part.transcript}
            raise Unsupported(f"{kind} parts stand only in user messages", param=kind)
        if isinstance(part, Document) and part.found and isinstance(part.source, PlainText):
            return self._search_result(part, part.source)
        if isinstance(part, Document):
            block = render_document(part, self.names)
            if self.names.changed:
                self._dropped.append(Feature.DOCUMENT_NAME.value)
                self.names.changed = False
            return {kind: block}
        return {kind: render_media(kind, part.source)}

    def _search_result(self, part: Document, source: PlainText) -> Json:
        """For models that know no search results, the text that was found."""
        if self._family.signs:
            return {"searchResult": render_search_result(part, source)}
        if part.cite:
            param = Feature.DOCUMENT_CITE.value
            raise Unsupported(f"{param}: only Claude cites search results", param=param)
        lose(self._dropped, Feature.DOCUMENT_NAME)
        lose(self._dropped, Feature.DOCUMENT_CONTEXT)
        return {"text": source.text}


def blank(text: str) -> bool:
    """True for a text that Bedrock refuses."""
    return not text or text.isspace()


def render_messages(
    request: ChatRequest, family: Family, marker: Marker, dropped: list[str]
) -> tuple[list[Json], list[Json]]:
    """(`system`, `messages`) of the request."""
    conversation = Conversation(family, marker, dropped)
    for message in request.messages:
        conversation.add(message)
    messages = merged(turn for turn in conversation.messages if turn["content"])
    system = conversation.system
    if not messages and ":prompt/" not in request.model:  # a stored prompt needs no messages
        messages, system = _instructed(system), []
        lose(dropped, Feature.SYSTEM)
    for turn in messages:
        turn["content"] = _ordered(turn["content"])
    if messages:
        # "A conversation must start with a user message."
        if messages[0]["role"] != "user":
            messages.insert(0, {"role": "user", "content": [{"text": GREETING}]})
        _trim(messages[-1])
    if conversation.names.used:
        _check_documents(messages)
    if request.cache is not None and messages:
        content = messages[-1]["content"]
        if "cachePoint" not in content[-1]:
            content.extend(marker.point(request.cache, "toolResult" in content[-1]))
    return system, messages


def merged(turns: Iterable[Json]) -> list[Json]:
    """Turns of the same speaker join where an empty one between them fell out."""
    joined: list[Json] = []
    for turn in turns:
        if joined and joined[-1]["role"] == turn["role"] != "system":
            content = [*joined[-1]["content"], *turn["content"]]
            joined[-1] = {**joined[-1], "content": content}
        else:
            joined.append(turn)
    return joined


def _ordered(content: list[Json]) -> list[Json]:
    """Tool results come first in a turn, each with the cache point behind it."""
    groups: list[list[Json]] = []
    for block in content:
        if groups and "cachePoint" in block:
            groups[-1].append(block)
        else:
            groups.append([block])
    groups.sort(key=lambda group: "toolResult" not in group[0])
    return [block for group in groups for block in group]


def _instructed(system: list[Json]) -> list[Json]:
    """A conversation of instructions alone: Bedrock wants a turn of the user's."""
    if not system:
        raise Unsupported("Bedrock needs a message that says something", param="messages")
    return [{"role": "user", "content": system}]


def _trim(last: Json) -> None:
    """A last assistant's turn is a prefill, which must not end in white space."""
    block = last["content"][-1]
    if last["role"] == "assistant" and "text" in block:
        last["content"][-1] = {"text": block["text"].rstrip()}


def _check_documents(messages: list[Json]) -> None:
    for turn in messages:
        if _lonely(turn["content"]):
            raise Unsupported(
                "messages: Bedrock demands a text beside a document", param="messages.content"
            )


def _lonely(content: list[dict[str, Any]]) -> bool:
    kinds = {name for block in content for name in block}
    return "document" in kinds and not kinds & {"text", "guardContent"}
