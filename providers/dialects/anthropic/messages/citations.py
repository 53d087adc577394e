"""Citations, both ways: each says where in a document, a search result or the web words stand.

https://platform.claude.com/docs/en/build-with-claude/citations
"""

from typing import Any

from providers.dialects.anthropic.messages.fields import obj
from providers.dialects.anthropic.names import NAME, UNINDEXED
from providers.neutral.chat import Citation, Place
from providers.wire.members import Json

# Type → (unit, index, start, end).
PLACES = {
    "char_location": ("char", "document_index", "start_char_index", "end_char_index"),
    "page_location": ("page", "document_index", "start_page_number", "end_page_number"),
    "content_block_location": ("block", "document_index", "start_block_index", "end_block_index"),
    "search_result_location": (
        "result",
        "search_result_index",
        "start_block_index",
        "end_block_index",
    ),
}
TYPES = {unit: (kind, *names) for kind, (unit, *names) in PLACES.items()}


def parse_citation(value: Any) -> Citation:
    """A citation; what else it says stays in `native`."""
    raw = obj(value)
    foreign = is_made(raw)
    title = _word(raw, "document_title") or _word(raw, "title")
    return Citation(
        url=_word(raw, "url") or _word(raw, "source"),
        quote=_word(raw, "cited_text"),
        title=title,
        place=_place(raw),
        native={} if foreign else raw,
        dialect="" if foreign else NAME,
    )


def _word(raw: Json, name: str) -> str | None:
    value = raw.get(name)
    return value if isinstance(value, str) and value else None


def _place(raw: Json) -> Place | None:
    kind = raw.get("type")
    unit, *names = PLACES.get(kind, ("",)) if isinstance(kind, str) else ("",)
    found = [raw.get(name) for name in names]
    numbers = [number for number in found if type(number) is int]
    if not unit or len(numbers) < len(names):
        return None
    index, start, end = numbers
    return Place(unit=unit, index=index, start=start, end=end)


def is_made(citation: Any) -> bool:
    """Whether a citation was written here, for another family's provider."""
    return isinstance(citation, dict) and citation.get("encrypted_index") == UNINDEXED


def knows(citation: Citation) -> bool:
    """Whether the provider can be told of a citation: one of its own, or of the prompt."""
    own = citation.dialect == NAME and bool(citation.native)
    return own or (citation.place is not None and citation.place.unit in TYPES)


def render_citation(citation: Citation) -> Json:
    """A citation of any provider; without an index Anthropic's own know it for another's."""
    if citation.dialect == NAME and citation.native:
        return dict(citation.native)
    place = citation.place
    if place is not None and place.unit in TYPES:
        return _placed(citation, place)
    return {
        "type": "web_search_result_location",
        "url": citation.url or "",
        "title": citation.title,
        "cited_text": citation.quote or "",
        "encrypted_index": UNINDEXED,
    }


def _placed(citation: Citation, place: Place) -> Json:
    kind, index, start, end = TYPES[place.unit]
    body = {
        "type": kind,
        "cited_text": citation.quote or "",
        index: place.index,
        start: place.start,
        end: place.end,
    }
    if place.unit == "result":
        return body | {"source": citation.url or "", "title": citation.title}
    return body | {"document_title": citation.title}
