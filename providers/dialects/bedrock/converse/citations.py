"""Citations: Converse puts the cited text and its sources into one `citationsContent` block."""

from collections.abc import Iterable

from providers.dialects.bedrock.converse import fields
from providers.dialects.bedrock.names import NAME
from providers.neutral.chat import Citation, Place, Text
from providers.wire import members
from providers.wire.members import Json


def parse_block(block: Json, at: str) -> Text:
    """The text that a `citationsContent` block holds, with its citations."""
    texts = [
        members.text(item, "text", place) or ""
        for item, place in members.objects(block, "content", at)
    ]
    cited = members.objects(block, "citations", at)
    return Text(text="".join(texts), citations=tuple(parse_citation(raw) for raw, _ in cited))


# Location → the unit that it counts, and the name of its index.
PLACES = {
    "documentChar": ("char", "documentIndex"),
    "documentPage": ("page", "documentIndex"),
    "documentChunk": ("block", "documentIndex"),
    "searchResultLocation": ("result", "searchResultIndex"),
}
LOCATIONS = {unit: (name, index) for name, (unit, index) in PLACES.items()}


def parse_citation(raw: Json) -> Citation:
    """One citation; members of a wrong type say nothing."""
    location = members.inner(raw.get("location"))
    place = _place(location)
    web = members.string(members.inner(location.get("web")).get("url"))
    source = members.string(raw.get("source"))
    is_address = source.startswith(("https://", "http://"))
    title = raw["title"] if isinstance(raw.get("title"), str) else None
    if not is_address and (place is None or place.unit != "result"):
        source, title = "", title or source or None
    quotes = [members.string(item.get("text")) for item in members.dicts(raw.get("sourceContent"))]
    return Citation(
        url=web or source or None,
        title=title,
        quote="".join(quotes) or None,
        place=place,
        native=raw,
        dialect=NAME,
    )


def _place(location: Json) -> Place | None:
    for name, (unit, index) in PLACES.items():
        numbers = [members.inner(location.get(name)).get(key) for key in (index, "start", "end")]
        known = [number for number in numbers if type(number) is int]
        if len(known) == len(numbers):
            return Place(unit=unit, index=known[0], start=known[1], end=known[2])
    return None


def knows(citation: Citation) -> bool:
    """Whether Bedrock can be told of a citation: one of its own, or of the prompt."""
    placed = citation.place is not None and citation.place.unit in LOCATIONS
    return citation.dialect == NAME or placed


def render_citation(citation: Citation) -> Json:
    """A citation of any provider."""
    if citation.dialect == NAME:
        return dict(citation.native)
    return fields.optional(
        title=citation.title,
        source=citation.url,
        sourceContent=[{"text": citation.quote}] if citation.quote else None,
        location=_location(citation),
    )


def _location(citation: Citation) -> Json | None:
    place = citation.place
    if place is not None and place.unit in LOCATIONS:
        name, index = LOCATIONS[place.unit]
        return {name: {index: place.index, "start": place.start, "end": place.end}}
    return {"web": {"url": citation.url}} if citation.url else None


def stands_beside(citations: Iterable[Citation]) -> bool:
    """Whether no citation is of the prompt: nobody asked for them, and the text stays plain."""
    return all(each.place is None and each.dialect != NAME for each in citations)


def render_beside(citations: Iterable[Citation]) -> Json:
    """A `citationsContent` block of the text before it."""
    return {"citationsContent": {"citations": list(map(render_citation, citations))}}


def render_block(text: str, citations: Iterable[Citation]) -> Json:
    """A `citationsContent` block."""
    return {
        "citationsContent": {
            "content": [{"text": text}],
            "citations": [render_citation(citation) for citation in citations],
        }
    }
