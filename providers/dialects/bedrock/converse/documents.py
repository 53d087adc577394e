"""Documents and search results: how they are named, and what is said around their content."""

import re

from providers.dialects.bedrock.converse import fields
from providers.dialects.bedrock.media import EXTENSION, render_media
from providers.neutral.chat import Document
from providers.neutral.media import PlainText
from providers.wire import members
from providers.wire.members import Json

# A name holds letters, digits, single white space, hyphens, parentheses and square brackets.
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html
FORBIDDEN = re.compile(r"[^A-Za-z0-9\s()\[\]-]+")
SPACES = re.compile(r"\s+")
MAX_NAME = 200


class DocumentNames:
    """Names that Bedrock takes: allowed characters, and no name twice in one request."""

    def __init__(self) -> None:
        self.used: set[str] = set()
        """Every name that was given."""
        self._numbers: dict[str, int] = {}
        """The last number behind each name that was wanted again."""
        self.changed = False
        """True once a client's name was altered beyond its file extension."""

    def name(self, wanted: str | None, format_name: str) -> str:
        """The wanted name, as near as Bedrock allows; a numbered one where there is none."""
        stem = wanted or ""
        extension = EXTENSION.search(stem)
        if extension and extension[1].lower() == format_name:
            stem = stem[: extension.start()]
        clean = SPACES.sub(" ", FORBIDDEN.sub(" ", stem)).strip()[:MAX_NAME].strip()
        unique = self._unique(clean or "document")
        self.changed |= bool(wanted) and unique != stem
        return unique

    def _unique(self, name: str) -> str:
        candidate, number = name, self._numbers.get(name, 1)
        while candidate in self.used:
            number += 1
            suffix = f" ({number})"
            candidate = name[: MAX_NAME - len(suffix)] + suffix
        self._numbers[name] = number
        self.used.add(candidate)
        return candidate


def render_document(part: Document, names: DocumentNames) -> Json:
    """A document block."""
    media = render_media("document", part.source)
    name = names.name(part.name, media["format"])
    block: Json = {"format": media["format"], "name": name, "source": media["source"]}
    if part.context:
        block["context"] = part.context
    if part.cite:
        block["citations"] = {"enabled": True}
    return block


def parse_search_result(block: Json, at: str) -> Document:
    """A search result: text in pieces, and where it was found."""
    texts = [
        members.required_text(item, "text", place)
        for item, place in members.objects(block, "content", at)
    ]
    citations = fields.mapping(block, "citations", at)
    return Document(
        source=PlainText(text="\n\n".join(texts), blocks=tuple(texts)),
        name=members.required_text(block, "title", at),
        context=members.required_text(block, "source", at),
        cite=members.boolean(citations, "enabled", f"{at}citations.") or False,
        found=True,
    )


def render_search_result(part: Document, source: PlainText) -> Json:
    """A search result block."""
    return {
        "source": part.context or "",
        "title": part.name or "",
        "content": [{"text": text} for text in source.blocks or (source.text,)],
        "citations": {"enabled": part.cite},
    }
