"""Where pieces of an answer come from, in Cohere's form.

https://docs.cohere.com/v2/docs/rag-citations
"""

import orjson

from providers.dialects.cohere.chat.content import NAME, TEXTS
from providers.neutral.chat import Citation
from providers.wire.members import Json

TEXT, PLAN, THOUGHT = "TEXT_CONTENT", "PLAN", "THINKING_CONTENT"


def parse_citation(item: Json) -> list[Citation]:
    """One citation for each source; one without any where the provider names none."""
    sources = item.get("sources")
    found = [
        source
        for source in (sources if isinstance(sources, list) else ())
        if isinstance(source, dict)
    ]
    return [_citation(item, source) for source in found] or [_citation(item, None)]


def _citation(item: Json, source: Json | None) -> Citation:
    output = (source or {}).get("tool_output")
    about = (source or {}).get("document") or output
    about = about if isinstance(about, dict) else {}
    id = (source or {}).get("id")
    return Citation(
        url=_text(about, "url"),
        title=_text(about, "title") or (id if isinstance(id, str) else None),
        quote=_text(about, *TEXTS) or (orjson.dumps(output).decode() if output else None),
        start=_index(item, "start"),
        end=_index(item, "end"),
        native=item if source is None else {**item, "sources": [source]},
        dialect=NAME,
    )


def _text(owner: Json, *names: str) -> str | None:
    return next((owner[name] for name in names if isinstance(owner.get(name), str)), None)


def _index(item: Json, name: str) -> int | None:
    value = item.get(name)
    return value if type(value) is int else None


def render_citation(citation: Citation, text: str, index: int, offset: int = 0) -> Json:
    """A citation of `text`, which is the content block `index`; -1 is the tool plan.

    `offset` is where the text begins in that block.
    """
    where: Json = {"type": TEXT, "content_index": index} if index >= 0 else {"type": PLAN}
    start, end = citation.start, citation.end
    if (start is None or end is None) and text and citation.dialect != NAME:
        start, end = 0, len(text)  # others cite a text as a whole
    if start is not None and end is not None:
        where |= {"start": start + offset, "end": end + offset}
        if text:
            where["text"] = text[start:end]
    if citation.dialect == NAME and citation.native:
        return {**citation.native, **where}
    document = {"url": citation.url, "title": citation.title, "text": citation.quote}
    source = {
        "type": "document",
        "id": citation.url or citation.title or "document",
        "document": {name: value for name, value in document.items() if value is not None},
    }
    return {"sources": [source], **where}
