"""Citations: Converse puts the cited text and its sources into one `citationsContent` block."""

from collections.abc import Iterable
from typing import Any

from providers import members
from providers.chat import Citation, Json, Text
from providers.dialects.bedrock_converse import fields
from providers.dialects.bedrock_converse.names import NAME


def parse_block(block: Json, at: str) -> Text:
    """The text that a `citationsContent` block holds, with its citations."""
    texts = [
        members.text(item, "text", place) or ""
        for item, place in members.objects(block, "content", at)
    ]
    cited = members.objects(block, "citations", at)
    return Text(text="".join(texts), citations=tuple(parse_citation(raw) for raw, _ in cited))


def parse_citation(raw: Json) -> Citation:
    """One citation; members of a wrong type say nothing."""
    location = _object(raw.get("location"))
    web = _object(location.get("web"))
    sources = raw.get("sourceContent")
    quotes = [
        item["text"]
        for item in (sources if isinstance(sources, list) else ())
        if isinstance(item, dict) and isinstance(item.get("text"), str)
    ]
    source = raw.get("source")
    url = web.get("url") or (source if _is_url(source) else None)
    return Citation(
        url=url if isinstance(url, str) else None,
        title=raw["title"] if isinstance(raw.get("title"), str) else None,
        quote="".join(quotes) or None,
        native=raw,
        dialect=NAME,
    )


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://"))


def render_citation(citation: Citation) -> Json:
    """A citation of any provider, for a client."""
    if citation.dialect == NAME:
        return dict(citation.native)
    return fields.optional(
        title=citation.title,
        source=citation.url,
        sourceContent=[{"text": citation.quote}] if citation.quote else None,
        location={"web": {"url": citation.url}} if citation.url else None,
    )


def render_block(text: str, citations: Iterable[Citation]) -> Json:
    """A `citationsContent` block."""
    return {
        "citationsContent": {
            "content": [{"text": text}],
            "citations": [render_citation(citation) for citation in citations],
        }
    }
