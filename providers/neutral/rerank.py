"""Reranking: how well each of some documents answers a query.

Billed by searches, or by tokens where models are served by oneself.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from providers.errors import BadAnswer
from providers.neutral.asking import Asking
from providers.usage import Usage
from providers.wire import members
from providers.wire.members import Json

Document = str | Mapping[str, Any]
"""A text, or fields of which some are read."""


class RerankRequest(Asking, frozen=True, kw_only=True):
    """What is to be put into order."""

    HINTS: ClassVar[frozenset[str]] = frozenset(
        {"max_tokens", "max_chunks", "priority", "return_documents", "user"}
    )

    query: str
    documents: tuple[Document, ...]
    top_n: int | None = None
    """How many of the best are named; None: all."""
    fields: tuple[str, ...] = ()
    """Which of the documents' fields are read, in this order; empty: all, or `text` alone."""
    return_documents: bool | None = None
    """The client's dialect sees to that; providers need not know."""
    max_tokens: int | None = None
    """Of a document, that are read."""
    max_chunks: int | None = None
    priority: int | None = None
    user: str | None = None

    def texts(self) -> list[str]:
        """The documents as texts."""
        return [worded(document, self.fields) for document in self.documents]


def worded(document: Document, fields: tuple[str, ...]) -> str:
    """A document as a text: lines of YAML, as Cohere advises for what has fields.

    https://docs.cohere.com/docs/rerank-overview
    """
    if isinstance(document, str):
        return document
    names = fields or tuple(document)
    if names == ("text",):
        return str(document.get("text", ""))
    return "\n".join(f"{name}: {document[name]}" for name in names if name in document)


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """One document, by its place in the request."""

    index: int
    score: float
    """From 0 to 1, the best is highest."""


class RerankAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The documents, the best first."""

    ranked: tuple[Ranked, ...]
    id: str = ""
    usage: Usage | None = None

    def best(self, count: float | None) -> tuple[Ranked, ...]:
        """As many as the client wants; some providers cannot be told, and name all."""
        return self.ranked if count is None else self.ranked[: int(count)]


def how_many(body: Json, name: str) -> int | None:
    """How many a client wants; raises InvalidRequest for none at all."""
    count = members.integer(body, name)
    if count is not None and count < 1:
        raise members.wrong(name, "a positive integer")
    return count


def ranked(result: Json, score: str) -> Ranked:
    """A result that has `index` and, under that name, its score; raises BadAnswer."""
    index, value = result.get("index", 0), result.get(score)
    if type(index) is not int or index < 0 or type(value) not in (int, float):
        raise BadAnswer("the provider's answer has a result without an index or a score")
    return Ranked(index=index, score=float(value or 0))
