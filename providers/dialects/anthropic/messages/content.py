"""Parts of the conversation, written as the blocks that the provider accepts."""

import hashlib
import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import orjson

from providers.bridging.fidelity import Feature, lose
from providers.dialects.anthropic.messages.citations import knows, render_citation
from providers.dialects.anthropic.names import FAMILY, NAME
from providers.errors import Unsupported
from providers.neutral.chat import (
    Cache,
    Document,
    Image,
    Native,
    Part,
    Refusal,
    Role,
    Signature,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from providers.neutral.media import Data, FileId, PlainText, Source, Url, as_text
from providers.neutral.web_search import Searched
from providers.wire.members import Json

IMAGES = {
    "image/jpeg": "image/jpeg",
    "image/jpg": "image/jpeg",
    "image/png": "image/png",
    "image/gif": "image/gif",
    "image/webp": "image/webp",
}

TTLS = ("5m", "1h")

THOUGHTS = Feature.THINKING
"""What thoughts that had to be left out are called."""

# https://platform.claude.com/docs/en/agents-and-tools/tool-use: ids match ^[a-zA-Z0-9_-]+$.
ALIEN = re.compile(r"[^a-zA-Z0-9_-]")

# How a call whose arguments are no JSON object is given back to the model:
# https://platform.claude.com/docs/en/agents-and-tools/tool-use/fine-grained-tool-streaming
INVALID_JSON = "INVALID_JSON"


def render_parts(parts: tuple[Part, ...], role: Role, dropped: list[str]) -> list[Json]:
    """The blocks of a turn; what the API would reject as empty is left out."""
    blocks: list[Json] = []
    for part in parts:
        if isinstance(part, Text):
            block = _text(part, role, dropped)
        else:
            block = render_part(part, role, dropped)
        if block is not None:
            blocks.append(block)
    return blocks


def render_part(part: Part, role: Role, dropped: list[str]) -> Json | None:
    """One block, or None where nothing is left to say; raises Unsupported."""
    match part:
        case Refusal():
            return {"type": "text", "text": part.text} if part.text.strip() else None
        case Thinking():
            return _thinking(part, dropped) if role is Role.ASSISTANT else None
        case ToolCall():
            call = {"type": "tool_use", "id": tool_id(part.id), "name": part.name}
            return _marked(call | {"input": arguments(part.arguments)}, part.cache, dropped)
        case ToolResult():
            return _tool_result(part, dropped)
        case Native() | Searched():
            if part.dialect != NAME:
                raise Unsupported(
                    f"a part that only {part.dialect} knows cannot be sent to {NAME}",
                    param="messages",
                )
            return dict(part.value)
        case Image() | Document():
            if role is Role.ASSISTANT:
                raise Unsupported(f"{NAME} takes no media in an assistant's turn", param="messages")
            return _media(part, dropped)
    raise Unsupported(f"{type(part).__name__.lower()} cannot be sent to {NAME}", param="messages")


def _text(part: Text, role: Role, dropped: list[str]) -> Json | None:
    # "text content blocks must contain non-whitespace text" is a 400 of the API.
    if not part.text or part.text.isspace():
        return None
    block: Json = {"type": "text", "text": part.text}
    if part.citations:
        # Since version 2026-10-21 of the API only the assistant's texts may have citations.
        known = [
            render_citation(citation)
            for citation in part.citations
            if role is Role.ASSISTANT and knows(citation)
        ]
        if known:
            block["citations"] = known
        if len(known) < len(part.citations):
            lose(dropped, Feature.CITATIONS)
    return _marked(block, part.cache, dropped) if part.cache else block


def _thinking(part: Thinking, dropped: list[str]) -> Json | None:
    redacted, signature = _ours(part.redacted), _ours(part.signature)
    if redacted is not None:
        return {"type": "redacted_thinking", "data": redacted}
    if signature is not None:
        return {"type": "thinking", "thinking": part.text, "signature": signature}
    # Another provider's thoughts, or unsigned ones, are a 400.
    if THOUGHTS not in dropped:
        dropped.append(THOUGHTS)
    return None


def _ours(signature: Signature | None) -> str | None:
    """The value of a signature that this dialect's provider issued."""
    return signature.value if signature is not None and signature.origin == FAMILY else None


def _tool_result(part: ToolResult, dropped: list[str]) -> Json:
    result: Json = {"type": "tool_result", "tool_use_id": tool_id(part.call_id)}
    content = render_parts(part.parts, Role.TOOL, dropped)
    # Only the result itself may be marked, not the blocks in it.
    inner = [marker for block in content if (marker := block.pop("cache_control", None))]
    if content:
        result["content"] = lone_text(content) or content
    if part.is_error:
        result["is_error"] = True
    if inner and part.cache is None:
        return result | {"cache_control": inner[-1]}
    return _marked(result, part.cache, dropped)


def _media(part: Image | Document, dropped: list[str]) -> Json:
    if isinstance(part, Image):
        return _marked({"type": "image", "source": _image(part.source)}, part.cache, dropped)
    if part.found and isinstance(part.source, PlainText):
        return _marked(_search_result(part, part.source), part.cache, dropped)
    block: Json = {"type": "document", "source": _document(part.source)}
    if part.name:
        block["title"] = part.name
    if part.context:
        block["context"] = part.context
    if part.cite:
        block["citations"] = {"enabled": True}
    return _marked(block, part.cache, dropped)


def _search_result(part: Document, source: PlainText) -> Json:
    return {
        "type": "search_result",
        "source": part.context or "",
        "title": part.name or "",
        "content": _pieces(source.blocks or (source.text,)),
        "citations": {"enabled": part.cite},
    }


def _pieces(texts: tuple[str, ...]) -> list[Json]:
    return [{"type": "text", "text": text} for text in texts if text.strip()]


def _image(source: Source) -> Json:
    match source:
        case Data():
            media_type = IMAGES.get(source.media_type.lower())
            if media_type is None:
                raise Unsupported(
                    f"{NAME} takes JPEG, PNG, GIF and WebP images, not {source.media_type}",
                    param=Feature.IMAGE_DATA.value,
                )
            return {"type": "base64", "media_type": media_type, "data": source.base64}
        case PlainText():
            raise Unsupported("an image cannot be given as text", param="messages")
    return _reference(source, Feature.IMAGE_URL)


def _document(source: Source) -> Json:
    match source:
        case PlainText(blocks=blocks) if blocks:
            return {"type": "content", "content": _pieces(blocks)}
        case PlainText():
            return {"type": "text", "media_type": "text/plain", "data": source.text}
        case Data():
            return _document_data(source)
    return _reference(source, Feature.DOCUMENT_URL)


def _document_data(source: Data) -> Json:
    media_type = source.media_type.lower().partition(";")[0].strip()
    if media_type == "application/pdf":
        return {"type": "base64", "media_type": media_type, "data": source.base64}
    if media_type.startswith("text/") or media_type == "application/json":
        try:
            text = b64decode(source.base64, validate=True).decode()
        except ValueError:
            raise Unsupported(
                "a text document must be UTF-8 in base64", param=Feature.DOCUMENT_DATA.value
            ) from None
        return {"type": "text", "media_type": "text/plain", "data": text}
    raise Unsupported(
        f"{NAME} takes PDF and text documents, not {source.media_type}",
        param=Feature.DOCUMENT_DATA.value,
    )


def _reference(source: Url | FileId, feature: Feature) -> Json:
    if isinstance(source, FileId):
        return {"type": "file", "file_id": source.id}
    if not source.url.startswith(("https://", "http://")):
        scheme = source.url.partition(":")[0]
        raise Unsupported(f"{NAME} cannot fetch {scheme}: addresses", param=feature.value)
    return {"type": "url", "url": source.url}


def _marked(block: Json, cache: Cache | None, dropped: list[str]) -> Json:
    if cache is not None:
        block["cache_control"] = render_cache(cache, dropped)
    return block


def render_cache(cache: Cache, dropped: list[str]) -> Json:
    """The prompt-cache marker; a time to live that the API does not know is left out."""
    marker: Json = {"type": "ephemeral"}
    if cache.ttl in TTLS:
        marker["ttl"] = cache.ttl
    elif cache.ttl is not None:
        lose(dropped, Feature.CACHE_TTL)
    return marker


def lone_text(blocks: list[Json]) -> str | None:
    """The text of a single block without marks."""
    if len(blocks) == 1 and blocks[0]["type"] == "text" and len(blocks[0]) == 2:
        text: str = blocks[0]["text"]
        return text
    return None


def tool_id(value: str) -> str:
    """A call's id in the alphabet that the API accepts, the same for the call and its result."""
    if not ALIEN.search(value) and value:
        return value
    digest = hashlib.sha256(value.encode()).hexdigest()[:12]
    return f"{ALIEN.sub('_', value)[:40]}_{digest}"


def arguments(text: str) -> Json:
    """A call's arguments as an object."""
    try:
        value: Any = orjson.loads(text or "{}")
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {INVALID_JSON: text}


def inline(source: Json, files: Mapping[str, Data]) -> Json:
    """The source of a picture or a document, with the bytes where a URL was."""
    url = source.get("url") if source.get("type") == "url" else None
    if not isinstance(url, str) or url not in files:
        return source
    data = files[url]
    if (plain := as_text(data)) is not None:
        return {"type": "text", "media_type": "text/plain", "data": plain.text}
    return {"type": "base64", "media_type": data.media_type, "data": data.base64}
