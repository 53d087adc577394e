"""A whole answer of version 1, with the conversation up to it.

https://docs.cohere.com/v1/reference/chat
"""

from collections.abc import Iterable

import msgspec
import orjson

from providers.bridging.dialect import Context
from providers.dialects.cohere.generate.response import finish_name, render_meta
from providers.neutral.chat import ChatResponse, Choice, Citation, Finish, Text, ToolCall
from providers.neutral.prompts import words
from providers.usage import Usage
from providers.wire.members import Json


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of an answer."""

    id: str
    text: str
    calls: list[Json] = []
    citations: list[Json] = []
    documents: list[Json] = []
    finish: Finish | None
    usage: Usage | None


def render_response(response: ChatResponse, context: Context) -> Json:
    """The answer as the SDK expects it; of several choices the first."""
    choice = next(iter(response.choices), Choice())
    text, citations, cited = "", list[Json](), list[Citation]()
    for part in choice.parts:
        if isinstance(part, Text):
            citations += render_citations(part.citations, part.text, len(text))
            cited += part.citations
        text += words(part)
    calls = [render_call(part) for part in choice.parts if isinstance(part, ToolCall)]
    said = Said(
        id=response.id or context.id,
        text=text,
        calls=calls,
        citations=citations,
        documents=documents(cited),
        finish=choice.finish,
        usage=response.usage,
    )
    return answer(said, context)


def answer(said: Said, context: Context) -> Json:
    """A whole answer, which a stream says again at its end."""
    turn: Json = {"role": "CHATBOT", "message": said.text}
    body: Json = {
        "response_id": said.id,
        "generation_id": said.id,
        "text": said.text,
        "finish_reason": finish_name(said.finish),
        "meta": render_meta(said.usage),
    }
    if said.calls:
        turn["tool_calls"] = body["tool_calls"] = said.calls
    if said.citations:
        body["citations"] = said.citations
        body["documents"] = said.documents
    body["chat_history"] = [*context.echo.get("chat_history", ()), turn]
    return body


def render_call(call: ToolCall) -> Json:
    """A call, whose parameters are an object here."""
    return {"name": call.name, "parameters": parameters(call.arguments)}


def parameters(text: str) -> Json:
    """The arguments as an object, whatever the model wrote."""
    try:
        value = orjson.loads(text or "{}")
    except ValueError:
        value = text
    return value if isinstance(value, dict) else {"arguments": value}


def render_citations(citations: Iterable[Citation], text: str, offset: int = 0) -> list[Json]:
    """Citations of `text`, which begins at `offset` in the answer."""
    return [_citation(citation, text, offset) for citation in citations]


def _citation(citation: Citation, text: str, offset: int) -> Json:
    start = citation.start or 0
    end = len(text) if citation.end is None else citation.end
    return {
        "start": start + offset,
        "end": end + offset,
        "text": text[start:end],
        "document_ids": [_name(citation)],
    }


def _name(citation: Citation) -> str:
    return citation.url or citation.title or "document"


def documents(citations: Iterable[Citation]) -> list[Json]:
    """What is cited, each once, in the members of a search result (`url`, `title`, `snippet`)."""
    found: dict[str, Json] = {}
    for each in citations:
        said = {"url": each.url, "title": each.title, "snippet": each.quote}
        one = found.setdefault(_name(each), {"id": _name(each)})
        one |= {name: value for name, value in said.items() if value and name not in one}
    return [*found.values()]
