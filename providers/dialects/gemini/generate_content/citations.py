"""Where an answer comes from: grounding and citations, both ways.

https://ai.google.dev/api/generate-content#GroundingMetadata
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import orjson

from providers.dialects.gemini.names import NAME
from providers.neutral.chat import Citation
from providers.neutral.web_search import Page, Searched
from providers.usage import Units, Usage
from providers.wire.members import Json

CHUNKS = ("web", "retrievedContext", "maps", "image")


class Passage(msgspec.Struct, frozen=True):
    """A text of an answer, by the number of its part."""

    part: int
    text: str


def parse_citations(candidate: Json, texts: Sequence[Passage]) -> Iterator[tuple[int, Citation]]:
    """(part, citation) for everything that a candidate names as a source."""
    if not texts:
        return
    grounding = candidate.get("groundingMetadata")
    if isinstance(grounding, dict):
        yield from _grounded(grounding, texts)
    cited = candidate.get("citationMetadata")
    if isinstance(cited, dict):
        # The Gemini API says citationSources, Vertex AI says citations.
        for item in _dicts(cited.get("citationSources") or cited.get("citations")):
            yield _cited(item, texts)


def _dicts(value: Any) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _grounded(grounding: Json, texts: Sequence[Passage]) -> Iterator[tuple[int, Citation]]:
    chunks = _dicts(grounding.get("groundingChunks"))
    supports = _dicts(grounding.get("groundingSupports"))
    if not supports:
        yield from ((texts[0].part, _unplaced(chunk)) for chunk in chunks)
    for support in supports:
        segment = support.get("segment")
        segment = segment if isinstance(segment, dict) else {}
        passage = _passage(segment.get("partIndex"), texts)
        start, end = _stretch(segment, passage.text)
        indices = support.get("groundingChunkIndices")
        for index in indices if isinstance(indices, list) else ():
            if type(index) is not int or not 0 <= index < len(chunks):
                continue
            url, title = _source(chunks[index])
            native = {"groundingSupport": support, "groundingChunk": chunks[index]}
            yield (
                passage.part,
                Citation(
                    url=url,
                    title=title,
                    quote=_text(segment.get("text")),
                    start=start,
                    end=end,
                    native=native,
                    dialect=NAME,
                ),
            )


def _unplaced(chunk: Json) -> Citation:
    """A source of the answer as a whole."""
    url, title = _source(chunk)
    return Citation(url=url, title=title, native={"groundingChunk": chunk}, dialect=NAME)


def _passage(index: Any, texts: Sequence[Passage]) -> Passage:
    """The text that a segment lies in; protocol buffers leave an index of 0 out."""
    index = index if type(index) is int else 0
    return next((passage for passage in texts if passage.part == index), texts[0])


def _source(chunk: Json) -> tuple[str | None, str | None]:
    sources = [chunk[name] for name in CHUNKS if isinstance(chunk.get(name), dict)]
    found: Json = sources[0] if sources else {}
    return _text(found.get("uri")), _text(found.get("title"))


def parse_searched(candidate: Json) -> Searched | None:
    """The searches of the web that a candidate names, with all that they found."""
    queries = queries_of(candidate)
    if not queries:
        return None
    chunks = _dicts(candidate["groundingMetadata"].get("groundingChunks"))
    found = (_source(chunk) for chunk in chunks if isinstance(chunk.get("web"), dict))
    pages = tuple(Page(url=url, title=title) for url, title in found if url)
    return Searched(queries=queries, pages=pages)


def queries_of(candidate: Any) -> tuple[str, ...]:
    """What was searched for."""
    grounding = candidate.get("groundingMetadata") if isinstance(candidate, dict) else None
    queries = grounding.get("webSearchQueries") if isinstance(grounding, dict) else None
    return tuple(filter(None, map(_text, queries))) if isinstance(queries, list) else ()


def with_searches(usage: Usage | None, searches: int) -> Usage | None:
    """The counts, with the searches, which Google counts by their queries."""
    if usage is None or not searches:
        return usage
    return msgspec.structs.replace(usage, units=Units(searches=searches))


def _cited(item: Json, texts: Sequence[Passage]) -> tuple[int, Citation]:
    passage = texts[0]
    start, end = _stretch(item, passage.text)
    return passage.part, Citation(
        url=_text(item.get("uri")),
        title=_text(item.get("title")),
        start=start,
        end=end,
        native=item,
        dialect=NAME,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _stretch(owner: Json, text: str) -> tuple[int | None, int | None]:
    """(first character, one past the last); Google counts bytes of UTF-8."""
    start, end = owner.get("startIndex", 0), owner.get("endIndex")
    if type(start) is not int or type(end) is not int or start < 0 or end < start:
        return None, None
    if text.isascii():
        return start, end
    data = text.encode("utf-8", "surrogatepass")
    return _characters(data, start), _characters(data, end)


def _characters(data: bytes, end: int) -> int:
    return len(data[:end].decode("utf-8", "ignore"))


def render_grounding(cited: Sequence[tuple[int, str, Citation]]) -> Json:
    """`groundingMetadata` for (number of the part, its text, citation); empty for none."""
    chunks: list[Json] = []
    numbers: dict[bytes, int] = {}
    supports = []
    for part, text, citation in cited:
        chunk = _chunk(citation)
        number = numbers.setdefault(orjson.dumps(chunk), len(chunks))
        if number == len(chunks):
            chunks.append(chunk)
        segment = _segment(part, text, citation)
        supports.append({"segment": segment, "groundingChunkIndices": [number]})
    return {"groundingChunks": chunks, "groundingSupports": supports} if chunks else {}


def _chunk(citation: Citation) -> Json:
    if citation.dialect == NAME and isinstance(citation.native.get("groundingChunk"), dict):
        return dict(citation.native["groundingChunk"])
    named = {"uri": citation.url, "title": citation.title}
    said = {name: value for name, value in named.items() if value is not None}
    if citation.url is not None:
        return {"web": said}
    return {"retrievedContext": {**said, **({"text": citation.quote} if citation.quote else {})}}


def _segment(part: int, text: str, citation: Citation) -> Json:
    """The stretch that is cited; the whole text where the citation names none."""
    placed = citation.start is not None and citation.end is not None
    start, end = (citation.start, citation.end) if placed else (0, len(text))
    return {
        "partIndex": part,
        "startIndex": _bytes(text, start),
        "endIndex": _bytes(text, end),
        "text": text[start:end],
    }


def _bytes(text: str, end: int | None) -> int:
    return len(text[:end].encode("utf-8", "surrogatepass"))
