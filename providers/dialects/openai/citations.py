"""Citations of pages, which are the same members in all of OpenAI's formats.

https://platform.openai.com/docs/guides/tools-web-search#output-and-citations
"""

import msgspec

from providers.neutral.chat import Citation
from providers.wire.members import Json, string, whole


def parse_url_citation(said: Json) -> Citation:
    """A cited page, of which a provider may leave out what it likes."""
    quote = said.get("content")
    return Citation(
        url=string(said.get("url")) or None,
        title=string(said.get("title")) or None,
        quote=quote if isinstance(quote, str) else None,
        start=whole(said.get("start_index")),
        end=whole(said.get("end_index")),
    )


def placed(citation: Citation, length: int, offset: int = 0) -> Citation:
    """The citation with its place; one that has none is of the whole text, which is `length` long
    and begins at `offset`."""
    start = 0 if citation.start is None else citation.start
    end = length if citation.end is None else citation.end
    return msgspec.structs.replace(citation, start=start + offset, end=end + offset)


def tells(citation: Citation, dialect: str) -> bool:
    """Whether a client of `dialect` learns anything from the citation."""
    own = citation.dialect == dialect and citation.native
    return bool(own or citation.url or citation.title or citation.quote)


def render_url_citation(citation: Citation) -> Json:
    """A citation as the SDK's types demand it: all four members."""
    said: Json = {
        "url": citation.url or "",
        "title": citation.title or "",
        "start_index": citation.start or 0,
        "end_index": citation.end or 0,
    }
    if citation.quote is not None:
        said["content"] = citation.quote
    return said
